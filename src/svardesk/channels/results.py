"""What became of an attempt to send, or of looking whether it went out."""

from typing import Literal

import msgspec


class NotReached(msgspec.Struct, frozen=True, kw_only=True):
    """An address that did not get one of our messages. ``code`` is the provider's, ``said`` its words."""

    address: str
    code: str = ""
    said: str = ""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The provider has it. ``state`` may already be further. ``refused``: whom it does not reach all the same."""

    external_id: str | None = None
    refused: tuple[NotReached, ...] = ()
    state: Literal["sent", "delivered"] = "sent"


class NotSent(msgspec.Struct, frozen=True, kw_only=True):
    """Reconciled: the provider surely does not have it; it may be sent (again)."""


class Temporary(msgspec.Struct, frozen=True, kw_only=True):
    """Refused or unreachable before anything went out; worth another try."""

    code: str
    error_class: str = "provider"
    reason: str = ""
    retry_after: float | None = None


class Permanent(msgspec.Struct, frozen=True, kw_only=True):
    """It will never go this way; a person must see it. ``refused``: by whose addresses."""

    code: str
    error_class: str = "provider"
    reason: str = ""
    refused: tuple[NotReached, ...] = ()


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """The channel does not let us write now."""

    by: Literal["window", "policy"]
    code: str
    reason: str = ""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """It may or may not have gone out (a timeout): look before sending again."""

    reason: str = ""


SendResult = Sent | Temporary | Permanent | Blocked | Unknown
ReconcileResult = Sent | NotSent | Permanent | Unknown
