"""Facts that the contacts room announces. ``stream`` is the contact's id."""

from uuid import UUID

import msgspec

from svardesk.spine import event


@event("contact_created")
class ContactCreated(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom we did not know turned up."""

    stream: UUID
    identity_id: UUID


@event("contact_changed")
class ContactChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The profile, its fields or its identities changed; ``agent_id`` is who did it (None: the person or the house)."""

    stream: UUID
    version: int
    agent_id: UUID | None = None


@event("identity_trusted")
class IdentityTrusted(msgspec.Struct, frozen=True, kw_only=True):
    """An identity is believed more than before: ``trust`` is the new level."""

    stream: UUID
    identity_id: UUID
    trust: str
