"""Shapes of the contacts room on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

Trust = Literal["none", "claimed", "platform_account", "domain_verified", "signed_token", "phone_number"]
Standard = Literal["nb", "nn"]
TRUST: tuple[str, ...] = ("none", "claimed", "platform_account", "domain_verified", "signed_token", "phone_number")
MergeReason = Literal["agent", "address", "sign_in", "moved"]
FieldType = Literal["text", "number", "date", "boolean", "choice"]
FieldValue = str | float | bool | None
Name = Annotated[str, msgspec.Meta(max_length=200)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Labels = Annotated[dict[Literal["nb", "nn", "da", "sv", "fi", "en"], Label], msgspec.Meta(min_length=1, max_length=6)]
Choices = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=120)]], msgspec.Meta(max_length=100)]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a person; ``trust`` says how sure we are that it is theirs."""

    id: UUID
    kind: str
    address: str
    display: str | None
    trust: Trust
    verified_at: datetime | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person as we know them, all contacts that were merged taken together. ``fields`` are the organisation's own, by key."""

    id: UUID
    name: str | None
    locale: str | None
    timezone: str | None
    written_standard: Standard | None
    attributes: dict[str, Any]
    fields: dict[str, FieldValue]
    identities: list[Identity]
    created_at: datetime
    last_seen_at: datetime | None
    erased_at: datetime | None
    version: int


class PersonRef(msgspec.Struct, frozen=True):
    """A contact in few words; without a name by an address that people know, if there is one."""

    id: UUID
    name: str | None


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person is known by several contacts: ``contact`` became part of ``into_id``.

    ``why``: an agent said so, both proved the same address, an anonymous visitor signed in, or it was before merges could
    be undone. ``agent_name`` is who said so.
    """

    id: UUID
    contact: PersonRef
    into_id: UUID
    why: MergeReason
    agent_id: UUID | None
    agent_name: str | None
    made_at: datetime
    undoable: bool


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be the same person, because they have the same address.

    ``own_trust`` says how sure we are that it is this person's, ``trust`` that it is the other one's.
    """

    contact: PersonRef
    kind: str
    address: str
    own_trust: Trust
    trust: Trust


class Relations(msgspec.Struct, frozen=True):
    """Which contacts are this person, newest merge first, and who else may be."""

    merges: list[Merge]
    suggestions: list[Suggestion]


class MergeWith(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contact that becomes part of the one in the address."""

    contact_id: UUID


class ChangeContact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays. ``version`` is the one on the screen, if it is to be compared.

    A field's value of null empties it; dates are written 2026-11-27.
    """

    name: Name | msgspec.UnsetType | None = msgspec.UNSET
    locale: Literal["nb", "nn", "da", "sv", "fi", "en"] | msgspec.UnsetType | None = msgspec.UNSET
    timezone: Annotated[str, msgspec.Meta(max_length=60)] | msgspec.UnsetType | None = msgspec.UNSET
    written_standard: Standard | msgspec.UnsetType | None = msgspec.UNSET
    fields: Annotated[dict[str, FieldValue], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=dict)
    version: int | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One of the organisation's own fields; ``labels`` by language."""

    id: UUID
    entity: Literal["contact", "conversation"]
    key: str
    type: FieldType
    labels: dict[str, str]
    choices: list[str] | None
    archived: bool = False


class Fields(msgspec.Struct, frozen=True):
    """All fields, by key."""

    items: list[Field]


class MakeField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new field; ``choices`` only for the type choice."""

    key: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    type: FieldType
    labels: Labels
    entity: Literal["contact", "conversation"] = "contact"
    choices: Choices | None = None


class ChangeField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a field; an archived one keeps its values and is shown no more."""

    labels: Labels | msgspec.UnsetType = msgspec.UNSET
    choices: Choices | msgspec.UnsetType = msgspec.UNSET
    archived: bool | msgspec.UnsetType = msgspec.UNSET
