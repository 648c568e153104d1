"""The error table of the Graph API, row by row: what a code means for an answer, for its connection, and for the agent.

Decided by code and subcode, never by Meta's words; facts in the channel notes, section A4.
"""

from typing import Any, Final, Literal

import msgspec

from svardesk.channels.contract import ErrorText

What = Literal[
    "temporary",
    "rate",
    "window",
    "restricted",
    "permission",
    "person",
    "object",
    "too_large",
    "retired_tag",
    "token",
    "private_reply",
    "refused",
]
"""What kind of refusal it is; ``refused`` is one that nobody has described."""
Standing = Literal["same", "paused", "degraded", "disconnected"]
"""What a refusal says of the connection: ``paused`` stops all sending until somebody looks."""
ErrorClass = Literal["window", "policy", "address", "provider", "connection", "content"]


class GraphError(msgspec.Struct, frozen=True, kw_only=True):
    """An error body of the Graph API, without what it says of people. ``code`` 0: the body was none."""

    code: int = 0
    subcode: int = 0
    status: int = 0
    message: str = ""
    trace: str = ""

    @property
    def name(self) -> str:
        """The code as it is kept with a delivery: ``10.2018278``, ``190``, or ``http.503``."""
        if not self.code:
            return f"http.{self.status}"
        return f"{self.code}.{self.subcode}" if self.subcode else str(self.code)


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    what: What
    error_class: ErrorClass
    text_key: str
    standing: Standing = "same"


TEMPORARY: Final = Meaning(what="temporary", error_class="provider", text_key="delivery.meta_temporary")
RATE: Final = Meaning(what="rate", error_class="provider", text_key="delivery.meta_rate")
WINDOW: Final = Meaning(what="window", error_class="window", text_key="delivery.meta_window")
RESTRICTED: Final = Meaning(
    what="restricted", error_class="policy", text_key="delivery.meta_restricted", standing="paused"
)
PERMISSION: Final = Meaning(
    what="permission", error_class="connection", text_key="delivery.meta_permission", standing="degraded"
)
PERSON: Final = Meaning(what="person", error_class="address", text_key="delivery.meta_person")
NOT_THIS_PAGE: Final = Meaning(what="person", error_class="address", text_key="delivery.meta_no_person")
NOT_REACHABLE: Final = Meaning(what="object", error_class="address", text_key="delivery.meta_object")
TOO_LARGE: Final = Meaning(what="too_large", error_class="content", text_key="delivery.meta_too_large")
RETIRED_TAG: Final = Meaning(what="retired_tag", error_class="provider", text_key="delivery.meta_tag")
TOKEN: Final = Meaning(what="token", error_class="connection", text_key="delivery.meta_token", standing="disconnected")
REPLY_USED: Final = Meaning(what="private_reply", error_class="policy", text_key="delivery.meta_reply_used")
REPLY_NOT: Final = Meaning(what="private_reply", error_class="policy", text_key="delivery.meta_reply_impossible")
REPLY_OFF: Final = Meaning(what="private_reply", error_class="policy", text_key="delivery.meta_messages_off")
REFUSED: Final = Meaning(what="refused", error_class="provider", text_key="delivery.meta_refused")

TABLE: Final[dict[tuple[int, int | None], Meaning]] = {
    (1, 99): TEMPORARY,
    (1, None): TEMPORARY,
    (2, 1545133): TEMPORARY,
    (2, None): TEMPORARY,
    (1200, None): TEMPORARY,
    (4, 2018022): RATE,
    (4, None): RATE,
    (17, None): RATE,
    (32, None): RATE,
    (613, None): RATE,
    (80006, None): RATE,
    (10, 2018278): WINDOW,
    (10, 2018065): WINDOW,
    (10, 2534022): WINDOW,
    (10, 1893063): RESTRICTED,
    (368, None): RESTRICTED,
    (10, 2018108): PERSON,
    (200, 1545041): PERSON,
    (551, None): PERSON,
    (10, None): PERMISSION,
    (200, 2018028): PERMISSION,
    (200, None): PERMISSION,
    (230, None): PERMISSION,
    (100, 2018001): NOT_THIS_PAGE,
    (100, 33): NOT_REACHABLE,
    (100, 2018109): TOO_LARGE,
    (190, None): TOKEN,
    (10900, None): REPLY_USED,
    (10903, None): REPLY_NOT,
    (10904, None): REPLY_OFF,
}
"""(code, subcode) → meaning; subcode None: every one that has no row of its own."""

NO_CONSENT: Final = 230
"""Reading a profile without the person's consent: normal, and says nothing of the connection."""


def meaning(error: GraphError, *, tagged: bool = False, profile: bool = False) -> Meaning:
    """What an error means. ``tagged``: the message carried a tag; ``profile``: a person's profile was asked for."""
    if error.code == 0:
        return TEMPORARY if error.status >= 500 or error.status in {0, 408, 429} else REFUSED
    if profile and error.code == NO_CONSENT:
        return NOT_REACHABLE
    found = TABLE.get((error.code, error.subcode)) or TABLE.get((error.code, None))
    if found is not None:
        return found
    if error.code == 100 and not error.subcode and tagged:
        return RETIRED_TAG
    if error.status >= 500:
        return TEMPORARY
    return REFUSED


def read_error(status: int, body: Any) -> GraphError:
    """The error of an answer's decoded body, whatever form that has."""
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return GraphError(status=status)
    return GraphError(
        code=_number(found.get("code")),
        subcode=_number(found.get("error_subcode")),
        status=status,
        message=str(found.get("message") or "")[:300],
        trace=str(found.get("fbtrace_id") or "")[:100],
    )


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def describe(code: str) -> ErrorText:
    """What a delivery's code means to an agent."""
    own = _OWN.get(code)
    if own is not None:
        return own
    head, _, tail = code.partition(".")
    if head == "http":
        found = meaning(GraphError(status=_number(tail)))
    else:
        found = meaning(GraphError(code=_number(head), subcode=_number(tail), status=400), tagged=head == "100")
        if not _number(head):
            found = REFUSED
    return ErrorText(error_class=found.error_class, text_key=found.text_key)


_OWN: Final = {
    "window": ErrorText(error_class="window", text_key="delivery.meta_window"),
    "standby": ErrorText(error_class="policy", text_key="delivery.meta_standby"),
    "restricted": ErrorText(error_class="policy", text_key="delivery.meta_restricted"),
    "disconnected": ErrorText(error_class="connection", text_key="delivery.meta_token"),
    "no_token": ErrorText(error_class="connection", text_key="delivery.meta_token"),
    "no_recipient": ErrorText(error_class="address", text_key="delivery.meta_no_person"),
    "unreachable": ErrorText(error_class="provider", text_key="delivery.meta_temporary"),
    "rate": ErrorText(error_class="provider", text_key="delivery.meta_rate"),
    "too_large": ErrorText(error_class="content", text_key="delivery.meta_too_large"),
    "template": ErrorText(error_class="content", text_key="delivery.meta_template"),
    "empty": ErrorText(error_class="content", text_key="delivery.meta_refused"),
}
"""Codes that we give ourselves, before anybody is asked."""


def standing_of(code: str) -> Standing:
    """What a delivery's code says of its connection."""
    head, _, tail = code.partition(".")
    if not _number(head):
        return "same"
    return meaning(GraphError(code=_number(head), subcode=_number(tail), status=400)).standing
