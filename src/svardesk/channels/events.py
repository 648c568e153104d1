"""Facts that the channels room announces."""

from uuid import UUID

import msgspec

from svardesk.spine import event


@event("delivery_failed")
class DeliveryFailed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer did not reach the customer and no retry will change that: work for a person. ``state`` says why."""

    stream: UUID
    message_id: UUID
    delivery_id: UUID
    state: str


@event("receipt_due")
class ReceiptDue(msgspec.Struct, frozen=True, kw_only=True):
    """A message was taken whose sender was promised a receipt by e-mail; the conversation began with it."""

    stream: UUID
    message_id: UUID


@event("visitor_session_changed")
class VisitorSessionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A visitor's session was revoked, or belongs to somebody else now: processes that remember it must forget."""

    stream: UUID
    revoked: bool


@event("visitor_page_changed")
class VisitorPageChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The visitor of a conversation is on another page of the shop. ``stream`` is the conversation."""

    stream: UUID
    session_id: UUID


@event("visitor_attributes_changed")
class VisitorAttributesChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's page or a signed token says something else of the visitor. ``stream`` is the conversation."""

    stream: UUID
    session_id: UUID


@event("connection_changed")
class ConnectionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Settings or secrets of a mailbox, page or widget were changed, it was taken out of service, or it fails or works again."""

    stream: UUID
    version: int
