"""Facts that the privacy room announces. ``stream`` is the contact's id."""

from uuid import UUID

import msgspec

from svardesk.spine import event


@event("privacy_requested")
class PrivacyRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for an export or an erasure of a contact. ``kind``: export or erase."""

    stream: UUID
    request_id: UUID
    kind: str


@event("contact_exported")
class ContactExported(msgspec.Struct, frozen=True, kw_only=True):
    """The file with everything held about a contact can be fetched."""

    stream: UUID
    request_id: UUID


@event("contact_erased")
class ContactErased(msgspec.Struct, frozen=True, kw_only=True):
    """A person was erased: ``contact_ids`` are blank, ``conversation_ids`` closed and blank, identities gone."""

    stream: UUID
    request_id: UUID
    contact_ids: tuple[UUID, ...]
    conversation_ids: tuple[UUID, ...]


@event("privacy_request_failed")
class PrivacyRequestFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A request was tried often enough and is now a matter for people."""

    stream: UUID
    request_id: UUID
    kind: str
