"""Ids: UUIDv7, drawn on the server."""

from uuid import UUID

import uuid_utils.compat

uuid7 = uuid_utils.compat.uuid7
"""A new time-ordered UUID (RFC 9562 version 7). PostgreSQL 15 has no generator of its own."""

NIL = UUID(int=0)
