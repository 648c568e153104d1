"""Submission: one mail, one session, one outcome. Nothing is tried twice here.

What matters is when it went wrong. Until the final dot is sent the server cannot have taken the mail, and it may be sent
again; between the dot and the server's answer nobody knows (``Uncertain``), and whoever sends again without looking may
send twice.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, cast

import aiosmtplib
import msgspec
from aiosmtplib import SMTP, SMTPResponse

from svardesk.channels.email.errors import (
    LoginRefused,
    MailServerError,
    ServerGone,
    ServerRefused,
    TokenExpired,
    Untrusted,
)
from svardesk.channels.email.outcomes import (
    Accepted,
    Outcome,
    RecipientRefused,
    Refused,
    Stage,
    all_refused,
    class_of,
    code_of,
    cut_off,
    of_answer,
    of_error,
)
from svardesk.channels.email.servers import AccessToken, Password, Server, check_secure, tls_context

_CONTROL: Final = re.compile(r"[\x00-\x20\x7f<>]")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT: Final = re.compile(rb"(?m)^\.")
_CHUNK: Final = 65536


class SmtpSettings(Server, frozen=True, kw_only=True):
    """How mail is submitted. ``hello``: what we call ourselves in EHLO. Limits are in seconds."""

    hello: str = "svardesk.invalid"
    connect_seconds: float = 15.0
    command_seconds: float = 25.0
    total_seconds: float = 28.0


class _End(Exception):
    """Carries an outcome up; no error by itself."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Progress:
    """How far a session has come; read when time runs out."""

    stage: Stage = "connect"


async def send(
    settings: SmtpSettings,
    envelope_from: str,
    recipients: Sequence[str],
    message: bytes,
    *,
    envelope_id: str = "",
    main: Collection[str] = (),
    before_final: Callable[[], Awaitable[None]] | None = None,
) -> Outcome:
    """Submit one mail. Never raises for what a server does; raises ``Insecure`` for settings that give secrets away.

    ``message`` is sent as it is, except that line ends become CRLF. ``envelope_from`` may be empty (bounces go nowhere).
    ``envelope_id``: what bounces shall name, where the server can do that. ``main``: whom it is really for, in lower case;
    when the server takes it for none of them, it goes to nobody: copies alone would look like a mail that went out.
    ``before_final`` is awaited right before the
    final dot: until it has returned, the mail has surely not gone out. What it raises ends the session and is raised.
    """
    check_secure(settings)
    progress = _Progress()
    bad = [one for one in (*recipients, *([envelope_from] if envelope_from else [])) if not is_sendable(one)]
    if bad:
        return Refused(stage="mail", code="address", said=f"no address: {bad[0]!r}"[:300], error_class="address")
    if not recipients:
        return Refused(stage="rcpt", code="no_recipient", error_class="address")
    client = _client(settings)
    try:
        async with asyncio.timeout(settings.total_seconds):
            await _open(client, settings, progress)
            return await _transfer(
                client, progress, envelope_from, list(recipients), message, envelope_id, main, before_final
            )
    except _End as end:
        return end.outcome
    except (MailServerError, aiosmtplib.SMTPException, OSError) as error:
        return of_error(error, progress.stage)
    finally:
        await _leave(client)


async def probe(settings: SmtpSettings) -> None:
    """Connect, sign in, leave. Raises ``ServerGone``, ``Untrusted``, ``LoginRefused``, ``TokenExpired``, ``ServerRefused``."""
    check_secure(settings)
    client = _client(settings)
    try:
        async with asyncio.timeout(settings.total_seconds):
            await _open(client, settings, _Progress())
    except (aiosmtplib.SMTPException, OSError) as error:
        raise ServerGone(str(error)) from error
    finally:
        await _leave(client)


def is_sendable(address: str) -> bool:
    """Whether an address can stand in an SMTP command: one ``@``, no spaces, brackets or control characters.

    Quoted local parts are refused with them: nobody has one, and they are what injections are made of.
    """
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and "@" not in local and '"' not in local and not _CONTROL.search(address)


# ------------------------------------------------------------------------------------------------ before the mail


def _client(settings: SmtpSettings) -> SMTP:
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=settings.hello,
        timeout=settings.command_seconds,
        use_tls=settings.encryption == "ssl",
        start_tls=False,
        tls_context=tls_context(settings) if settings.encryption != "none" else None,
    )


async def _open(client: SMTP, settings: SmtpSettings, progress: _Progress) -> None:
    try:
        await client.connect(timeout=settings.connect_seconds)
        await client.ehlo()
        if settings.encryption == "starttls":
            if not client.supports_extension("starttls"):
                raise ServerRefused("STARTTLS is not offered", "no_starttls")
            await client.starttls()
            await client.ehlo()
    except aiosmtplib.SMTPConnectResponseError as error:
        raise ServerGone(f"{error.code} {error.message}", "greeting") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        if _is_certificate(error):
            raise Untrusted(str(error)) from error
        raise ServerGone(str(error), "unreachable") from error
    progress.stage = "login"
    await _sign_in(client, settings)


def _is_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


async def _sign_in(client: SMTP, settings: SmtpSettings) -> None:
    credentials = settings.credentials
    if credentials is None:
        return
    if not client.supports_extension("auth"):
        raise LoginRefused("AUTH is not offered")
    try:
        match credentials:
            case Password(username, password):
                if "plain" in client.server_auth_methods:
                    await client.auth_plain(username.encode(), password.encode())
                else:
                    await client.auth_login(username.encode(), password.encode())
            case AccessToken(username, token):
                await client.auth_xoauth2(username.encode(), token.encode())
    except aiosmtplib.SMTPAuthenticationError as error:
        said = f"{error.code} {error.message}"
        if 400 <= error.code < 500:
            raise ServerGone(said, code_of(error.code, error.message)) from error
        refusal = TokenExpired if isinstance(credentials, AccessToken) else LoginRefused
        raise refusal(said) from error


# ------------------------------------------------------------------------------------------------ the mail


async def _transfer(
    client: SMTP,
    progress: _Progress,
    envelope_from: str,
    recipients: list[str],
    message: bytes,
    envelope_id: str,
    main: Collection[str],
    before_final: Callable[[], Awaitable[None]] | None,
) -> Outcome:
    content = _LINE_END.sub(b"\r\n", message)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    progress.stage = "mail"
    options = _mail_options(client, envelope_from, recipients, content, envelope_id)
    answer = await _say(client, f"MAIL FROM:<{envelope_from}>", options)
    if answer.code != 250:
        return of_answer("mail", answer)
    progress.stage = "rcpt"
    refused = await _name_recipients(client, recipients)
    wanted = {one.lower() for one in main} or {one.lower() for one in recipients}
    lost = [one for one in refused if one.address.lower() in wanted]
    if wanted <= {one.address.lower() for one in lost}:
        return all_refused(lost)
    progress.stage = "data"
    answer = await _say(client, "DATA", [])
    if answer.code != 354:
        return msgspec.structs.replace(of_answer("data", answer), refused=tuple(refused))
    progress.stage = "content"
    await _pour(client, _LEADING_DOT.sub(b"..", content))
    protocol = client.protocol
    if protocol is None or not client.is_connected:
        return cut_off("content", "lost", "")
    if before_final is not None:
        await before_final()
        if not client.is_connected:
            return cut_off("content", "lost", "")
    progress.stage = "final"
    answer = await protocol.execute_command(b".", timeout=client.timeout)
    if 200 <= answer.code < 300:
        return Accepted(said=answer.message[:300], refused=tuple(refused))
    return msgspec.structs.replace(of_answer("final", answer), refused=tuple(refused))


def _mail_options(
    client: SMTP, envelope_from: str, recipients: Sequence[str], content: bytes, envelope_id: str
) -> list[str]:
    """ESMTP parameters of ``MAIL``; ends the session when the server cannot take such a mail at all."""
    options: list[str] = []
    if client.supports_extension("size"):
        limit = client.esmtp_extensions.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(content):
            said = f"the mail has {len(content)} bytes, the server takes {limit}"
            raise _End(Refused(stage="mail", code="too_large", said=said, error_class="content"))
        options.append(f"SIZE={len(content)}")
    head = content.split(b"\r\n\r\n", 1)[0]
    international = not all(one.isascii() for one in (envelope_from, *recipients)) or not head.isascii()
    if international:
        if not client.supports_extension("smtputf8"):
            raise _End(Refused(stage="mail", code="smtputf8", error_class="address"))
        options.append("SMTPUTF8")
    if not content.isascii():
        if not client.supports_extension("8bitmime"):
            raise _End(Refused(stage="mail", code="eight_bit", error_class="content"))
        options.append("BODY=8BITMIME")
    if client.supports_extension("dsn"):
        options.append("RET=HDRS")
        if envelope_id:
            options.append("ENVID=" + _xtext(envelope_id))
    return options


async def _name_recipients(client: SMTP, recipients: Sequence[str]) -> list[RecipientRefused]:
    notify = ["NOTIFY=FAILURE,DELAY"] if client.supports_extension("dsn") else []
    refused: list[RecipientRefused] = []
    for address in recipients:
        answer = await _say(client, f"RCPT TO:<{address}>", notify)
        if answer.code not in {250, 251}:
            refused.append(
                RecipientRefused(
                    address=address,
                    code=answer.code,
                    said=answer.message[:300],
                    temporary=answer.code < 500,
                    error_class=class_of(answer, "address"),
                )
            )
    return refused


async def _say(client: SMTP, command: str, options: Sequence[str]) -> SMTPResponse:
    return await client.execute_command(command.encode(), *(one.encode("ascii") for one in options))


async def _pour(client: SMTP, content: bytes) -> None:
    """Send the content, and come back when all of it has left our buffer: a dot behind it is then the last thing sent."""
    transport, protocol = client.transport, client.protocol
    if transport is None or protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    transport = cast("asyncio.WriteTransport", transport)
    # Not 0: asyncio's TLS would then pause for ever. Under TLS some 64 kB may stay behind unseen, on the safe side.
    transport.set_write_buffer_limits(high=1, low=0)
    for start in range(0, len(content), _CHUNK):
        if transport.is_closing():
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        transport.write(content[start : start + _CHUNK])
        await asyncio.wait_for(protocol._drain_helper(), client.timeout)  # noqa: SLF001 — its mixin is asyncio's own
    # A server that has just hung up is noticed before the dot, not after it.
    await asyncio.sleep(0)


async def _leave(client: SMTP) -> None:
    """QUIT where that is quick; nobody waits for a goodbye."""
    try:
        if client.is_connected:
            async with asyncio.timeout(1):
                await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        pass
    finally:
        client.close()


def _xtext(value: str) -> str:
    """RFC 3461's way to write any characters into a parameter."""
    return "".join(
        chr(byte) if 33 <= byte <= 126 and chr(byte) not in "+=" else f"+{byte:02X}" for byte in value.encode()
    )
