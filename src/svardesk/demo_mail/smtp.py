"""The way in: SMTP for mail from outside and submission with AUTH, spoken by aiosmtpd."""

import asyncio
import logging
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from svardesk.demo_mail.post import PostOffice
from svardesk.demo_mail.rules import DROP, KEEP_AND_DROP, Rule, Step, verdict

REFUSED_TOKEN: Final = b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'
SIZE: Final = 36 * 1024 * 1024
_MIDDLE: Final = 65536


class Handler:
    """What aiosmtpd asks at each step; answers are lines of SMTP."""

    def __init__(self, office: PostOffice, rules: list[Rule], tokens: Mapping[str, str], *, xoauth2: bool) -> None:
        self.office = office
        self.rules = rules
        self.tokens = tokens
        if xoauth2:
            # aiosmtpd finds the mechanisms of a handler by the names of its methods.
            self.auth_XOAUTH2 = self._xoauth2

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Check a user name and password; the answer of a rule comes first."""
        del session, envelope, mechanism
        said = verdict(self.rules, Step(stage="auth", sender=data.login.decode("utf-8", "replace")))
        if said == DROP:
            hang_up(server)
            return AuthResult(success=False)
        if said is not None:
            return AuthResult(success=False, handled=False, message=said)
        good = self.office.signs_in(data.login.decode("utf-8", "replace"), data.password.decode("utf-8", "replace"))
        return AuthResult(success=good, handled=False, auth_data=data)

    async def _xoauth2(self, server: SMTP, args: list[str]) -> AuthResult:
        response = await self._first_response(server, args)
        user, _, rest = response.removeprefix(b"user=").partition(b"\x01")
        token = rest.removeprefix(b"auth=Bearer ").rstrip(b"\x01")
        if token and self.tokens.get(user.decode("utf-8", "replace").lower()) == token.decode("utf-8", "replace"):
            return AuthResult(success=True, auth_data=LoginPassword(user, b""))
        await server.push(b"334 " + b64encode(REFUSED_TOKEN))
        await self._line(server)
        return AuthResult(success=False, handled=False, message="535 5.7.8 Username and Password not accepted")

    async def _first_response(self, server: SMTP, args: list[str]) -> bytes:
        from base64 import b64decode

        if len(args) > 1:
            return b64decode(args[1])
        await server.push("334 ")
        return b64decode(await self._line(server))

    async def _line(self, server: SMTP) -> bytes:
        reader = cast("asyncio.StreamReader", server._reader)  # noqa: SLF001 — aiosmtpd offers its handlers no other way
        return (await reader.readline()).rstrip(b"\r\n")

    async def handle_MAIL(  # noqa: N802 — the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """``MAIL FROM``."""
        del session
        said = verdict(self.rules, Step(stage="mail", sender=address.strip("<>")))
        if said is not None:
            return self._say(server, said)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """``RCPT TO``: a rule may refuse it; else every address has a mailbox or the catch-all."""
        del session
        said = verdict(self.rules, Step(stage="rcpt", sender=sender_of(envelope), recipient=address))
        if said is not None:
            return self._say(server, said)
        if self.office.account_of(address) is None:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """After the last dot: deliver."""
        del session
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode("utf-8", "surrogateescape")
        said = verdict(
            self.rules,
            Step(
                stage="final",
                sender=sender_of(envelope),
                recipients=tuple(envelope.rcpt_tos),
                content=raw,
            ),
        )
        if said is None or said == KEEP_AND_DROP:
            await self.office.deliver(sender_of(envelope), envelope.rcpt_tos, raw)
        return "250 2.0.0 Delivered" if said is None else self._say(server, said)

    def _say(self, server: SMTP, said: str) -> str:
        if said in (DROP, KEEP_AND_DROP):
            hang_up(server)
            return "421 4.3.2 gone"
        return said


class Server(SMTP):
    """aiosmtpd's server, with rules before and in the middle of a mail's content."""

    rules: list[Rule]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        super().connection_made(transport)
        if verdict(self.rules, Step(stage="connect")) == DROP:
            hang_up(self)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """``DATA``: a rule may refuse it, or hang up while the content comes in."""
        if self.envelope is not None and self.envelope.rcpt_tos:
            sender, recipients = sender_of(self.envelope), tuple(self.envelope.rcpt_tos)
            said = verdict(self.rules, Step(stage="data", sender=sender, recipients=recipients))
            if said == DROP:
                hang_up(self)
                return
            if said is not None:
                await self.push(said)
                return
            if verdict(self.rules, Step(stage="content", sender=sender, recipients=recipients)) == DROP:
                await self.push("354 Go on")
                await cast("asyncio.StreamReader", self._reader).read(_MIDDLE)
                hang_up(self)
                return
        await super().smtp_DATA(arg)


def sender_of(envelope: Envelope) -> str:
    """The envelope's sender; empty for ``<>``, which aiosmtpd keeps as it is."""
    return (envelope.mail_from or "").strip("<>")


def hang_up(server: SMTP) -> None:
    """End a connection without a word."""
    transport = cast("asyncio.Transport | None", server.transport)
    if transport is not None:
        transport.abort()


def factory(
    office: PostOffice,
    rules: list[Rule],
    tokens: Mapping[str, str],
    *,
    submission: bool,
    starttls: ssl.SSLContext | None = None,
    xoauth2: bool = True,
) -> Callable[[], SMTP]:
    """A maker of protocols for ``loop.create_server``. ``submission``: nobody sends without signing in."""
    # It warns at every connection of passwords without TLS; this server listens on the loopback interface only.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    handler = Handler(office, rules, tokens, xoauth2=xoauth2)
    options: dict[str, Any] = {
        "hostname": office.hostname,
        "ident": "ESMTP",
        "enable_SMTPUTF8": True,
        "decode_data": False,
        "data_size_limit": SIZE,
        "authenticator": handler.authenticate,
        "auth_required": submission,
        "auth_require_tls": starttls is not None,
        "tls_context": starttls,
        "require_starttls": starttls is not None,
    }

    def make() -> SMTP:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            server = Server(handler, loop=asyncio.get_running_loop(), **options)
        server.rules = rules
        return server

    return make
