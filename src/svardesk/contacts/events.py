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


@event("contacts_merged")
class ContactsMerged(msgspec.Struct, frozen=True, kw_only=True):
    """Two contacts are one person from now on, known as ``stream``.

    ``from_id`` was the other person, ``contact_ids`` are all contacts that they were known by. ``why``: agent (``agent_id``
    said so), address (both proved the same one) or sign_in (an anonymous visitor proved who they are).
    """

    stream: UUID
    merge_id: UUID
    from_id: UUID
    contact_ids: tuple[UUID, ...]
    why: str
    agent_id: UUID | None = None


@event("contacts_parted")
class ContactsParted(msgspec.Struct, frozen=True, kw_only=True):
    """A merge was undone: ``contact_ids`` are the person ``from_id`` again, ``stream`` is who the others are."""

    stream: UUID
    merge_id: UUID
    from_id: UUID
    contact_ids: tuple[UUID, ...]
    agent_id: UUID | None = None


@event("merge_suggested")
class MergeSuggested(msgspec.Struct, frozen=True, kw_only=True):
    """An address turned up that ``other_id`` has too, and nobody has proved enough: agents are asked."""

    stream: UUID
    other_id: UUID
    identity_id: UUID


@event("contacts_told_apart")
class ContactsToldApart(msgspec.Struct, frozen=True, kw_only=True):
    """An agent said that two contacts are two persons (``apart``), or took that back."""

    stream: UUID
    other_id: UUID
    apart: bool
    agent_id: UUID | None = None
