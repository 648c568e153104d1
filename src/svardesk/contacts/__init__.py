"""Contacts: people as we know them, their identities (an address in one channel) with a trust level, profile and consent."""
