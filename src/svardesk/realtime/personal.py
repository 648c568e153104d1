"""The realtime room holds nothing about persons for longer than a lease."""

NO_PERSONAL = {"conversation_presence": "leases of agents; unlogged and gone after seconds"}
