"""How a submission ended, and what a server's answer means: for whom it is to be mended, and whether to try again."""

import re
from collections.abc import Sequence
from typing import Final, Literal

import aiosmtplib
import msgspec
from aiosmtplib import SMTPResponse

from svardesk.channels.email.errors import LoginRefused, MailServerError, ServerRefused, TokenExpired, Untrusted

Stage = Literal["connect", "login", "mail", "rcpt", "data", "content", "final"]
ErrorClass = Literal["connection", "provider", "address", "policy", "content"]

_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class RecipientRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The server did not take one address."""

    address: str
    code: int
    said: str
    temporary: bool
    error_class: ErrorClass


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The server took the mail for the recipients that are not in ``refused``. Accepted is not delivered."""

    said: str
    refused: tuple[RecipientRefused, ...] = ()


class Deferred(msgspec.Struct, frozen=True, kw_only=True):
    """The mail surely did not go out; try again later. ``error_class`` ``connection``: not before a person has looked.

    ``code``: ``unreachable``, ``timeout``, ``lost``, ``auth_refused``, ``token_expired``, ``certificate``,
    ``no_starttls``, or the server's own (``4.7.1``, else ``451``).
    """

    stage: Stage
    code: str
    said: str = ""
    error_class: ErrorClass = "provider"
    refused: tuple[RecipientRefused, ...] = ()


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The mail will never go out this way.

    ``code``: ``address``, ``no_recipient``, ``too_large``, ``smtputf8``, ``eight_bit``, or the server's own.
    """

    stage: Stage
    code: str
    said: str = ""
    error_class: ErrorClass = "provider"
    refused: tuple[RecipientRefused, ...] = ()


class Uncertain(msgspec.Struct, frozen=True, kw_only=True):
    """The final dot is sent and no answer came: it may or may not have gone out."""

    said: str = ""


Outcome = Accepted | Deferred | Refused | Uncertain


def all_refused(refused: Sequence[RecipientRefused]) -> Outcome:
    """Nobody was accepted: one temporary refusal is reason enough to try again."""
    first = next((one for one in refused if one.temporary), refused[0])
    kind = Deferred if first.temporary else Refused
    return kind(
        stage="rcpt",
        code=code_of(first.code, first.said),
        said=first.said,
        error_class=first.error_class,
        refused=tuple(refused),
    )


def of_error(error: Exception, stage: Stage) -> Outcome:
    """The outcome of an exception at a stage."""
    match error:
        case MailServerError():
            return _of_login(error, stage)
        case aiosmtplib.SMTPResponseException():
            return of_answer(stage, SMTPResponse(error.code, error.message))
        case TimeoutError():
            return cut_off(stage, "timeout", str(error))
        case _:
            return cut_off(stage, "lost", str(error))


def cut_off(stage: Stage, code: str, said: str) -> Outcome:
    """The outcome of a connection that ended: after the final dot nobody knows."""
    if stage == "final":
        return Uncertain(said=said[:300] or code)
    return Deferred(stage=stage, code="unreachable" if stage == "connect" else code, said=said[:300])


def _of_login(error: MailServerError, stage: Stage) -> Deferred:
    match error:
        case LoginRefused():
            return Deferred(stage="login", code="auth_refused", said=error.said, error_class="connection")
        case TokenExpired():
            return Deferred(stage="login", code="token_expired", said=error.said, error_class="connection")
        case Untrusted():
            return Deferred(stage="connect", code="certificate", said=error.said, error_class="connection")
        case ServerRefused():
            return Deferred(stage="connect", code=error.code, said=error.said, error_class="connection")
        case _:
            return Deferred(stage=stage, code=error.code, said=error.said)


def of_answer(stage: Stage, answer: SMTPResponse) -> Deferred | Refused:
    """The outcome of an answer that is no yes: 5xx is final, everything else is for now."""
    kind = Refused if 500 <= answer.code < 600 else Deferred
    return kind(
        stage=stage,
        code=code_of(answer.code, answer.message),
        said=f"{answer.code} {answer.message}"[:300],
        error_class=class_of(answer, "provider"),
    )


def code_of(code: int, said: str) -> str:
    """The enhanced status code (RFC 3463) where the server gives one of the same class, else the plain one."""
    found = _ENHANCED.search(said)
    return found[0] if found and found[1] == str(code)[0] else str(code)


def class_of(answer: SMTPResponse, default: ErrorClass) -> ErrorClass:
    """Whose matter a refusal is, by its enhanced code; ``default`` where the server gives none."""
    found = _ENHANCED.search(answer.message)
    if answer.code in {530, 534, 535, 538, 454}:
        return "connection"
    if not found:
        return "content" if answer.code == 552 else default
    subject, detail = found[2], found[3]
    by_subject: dict[str, ErrorClass] = {"1": "address", "2": "address", "6": "content", "7": "policy"}
    if subject == "3" and detail == "4":
        return "content"
    if subject == "1" and detail in {"7", "8"}:
        # Bad sender address: our own setting, not the customer's address.
        return "connection"
    return by_subject.get(subject, default)
