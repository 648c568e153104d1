"""The way out: IMAP with IDLE, MOVE and UIDPLUS, spoken by pymap over mailboxes in memory.

pymap is bent in four places: mail that came between two commands ends an IDLE at once (its own waits for the next one),
XOAUTH2 with the challenge of the big providers, and capabilities that tests can take away.
"""

import asyncio
import hmac
import ssl
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Event
from pymap.context import connection_exit
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPConnection, IMAPServer
from pymap.imap.state import ConnectionState
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement, ObjectId
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials
from pysasl.creds.server import ServerCredentials
from pysasl.mechanism import ChallengeResponse, ServerChallenge, ServerMechanism
from pysasl.mechanism.plain import PlainMechanism

from svardesk.demo_mail.post import PostOffice
from svardesk.demo_mail.smtp import REFUSED_TOKEN


class Folder(MailboxData):
    """A folder whose watchers also hear of what came before they began to wait."""

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        """Wait for news only when there is none yet."""
        news = selected.mod_sequence is None or selected.mod_sequence < self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if news else wait_on)

    def renumber(self) -> None:
        """Give the folder another UIDVALIDITY and its mails new UIDs, as a restored or rebuilt mailbox has."""
        self._uid_validity += 1
        mails = [type(one).copy(one, uid=number) for number, one in enumerate(self._messages.values(), start=1)]
        self._messages = {one.uid: one for one in mails}
        self._max_uid = len(mails)

    @property
    def next_uid(self) -> int:
        """What the next mail will be called."""
        return self._max_uid + 1

    def continue_from(self, uid_validity: int, highest: int) -> None:
        """Number mail as the server did that ran here before."""
        self._uid_validity, self._max_uid = uid_validity, highest


class Folders(MailboxSet):
    """The folders of one account."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = Folder(self._content_cache, self._thread_cache)

    async def add_mailbox(self, name: str) -> ObjectId:
        """Create a folder."""
        made = await super().add_mailbox(name)
        self._set[name] = folder = Folder(self._content_cache, self._thread_cache)
        del made
        return folder.mailbox_id


class Settings(Config):
    """pymap's settings; ``without`` are capabilities that this server does not have."""

    without: frozenset[bytes] = frozenset()
    tokens: Mapping[str, str]

    @property
    def login_capability(self) -> Sequence[bytes]:
        """What is offered after signing in."""
        return [one for one in super().login_capability if one not in self.without]

    @property
    def initial_auth(self) -> SASLAuth:
        """Ways to sign in before TLS: none when TLS is offered."""
        return SASLAuth([]) if self._tls_enabled else self.tls_auth

    @property
    def tls_auth(self) -> SASLAuth:
        """Ways to sign in."""
        return SASLAuth([PlainMechanism(), BearerToken(self.tokens)])


class BearerToken(ServerMechanism):
    """XOAUTH2, refusing as the big providers do: a challenge with JSON first, NO after the client's empty answer."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        super().__init__(b"XOAUTH2")
        self._tokens = tokens

    def server_attempt(self, responses: Sequence[ChallengeResponse]) -> tuple[ServerCredentials, bytes | None]:
        """One step of the exchange."""
        if not responses:
            raise ServerChallenge(b"")
        user, _, rest = responses[0].response.removeprefix(b"user=").partition(b"\x01")
        token = rest.removeprefix(b"auth=Bearer ").rstrip(b"\x01").decode("utf-8", "replace")
        name = user.decode("utf-8", "replace").lower()
        if token and self._tokens.get(name) == token:
            return ExternalCredentials(name), None
        if len(responses) == 1:
            raise ServerChallenge(REFUSED_TOKEN)
        raise InvalidAuth


class User(UserMetadata):
    """An account's owner."""

    def compare_secret(self, value: str) -> bool:
        """Compare in UTF-8; the library's own way takes ASCII only."""
        return hmac.compare_digest(value.encode(), (self.password or "").encode())


class DemoLogin(Login):
    """Signs in the post office's accounts."""

    def __init__(self, config: Settings, office: PostOffice) -> None:
        super().__init__(config)
        for account in office.accounts.values():
            name = account.address.lower()
            self.users_dict[name] = User(config, name, password=account.password)
            config.set_cache[name] = (Folders(), FilterSet())

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        """A password is compared here; a token was checked by its mechanism."""
        user = self.users_dict.get((credentials.authcid or credentials.authzid).lower())
        if user is None or not (isinstance(credentials, ExternalCredentials) or credentials.verify(user)):
            raise InvalidAuth
        return Identity(user.name, self, None, frozenset())

    async def authorize(self, authenticated: Any, authzid: str) -> Identity:
        """Nobody acts for others."""
        del authzid
        return authenticated


class Imap(IMAPServer):
    """pymap's server with our connection state."""

    def __init__(self, login: DemoLogin, config: Settings) -> None:
        super().__init__(login, config)
        self._sessions: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, to its end."""
        self._sessions.add(writer)
        try:
            connection = IMAPConnection(self.commands, self._config, reader, writer, SocketInfo.get(writer, None))
            async with AsyncExitStack() as stack:
                connection_exit.set(stack)
                stack.enter_context(closing(connection))
                await connection.run(ConnectionState(self._login, self._config))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._sessions.discard(writer)

    @property
    def open_sessions(self) -> int:
        """How many clients are connected."""
        return len(self._sessions)

    def hang_up(self) -> None:
        """End all sessions without a word, as a server does that loses its power."""
        for writer in list(self._sessions):
            writer.transport.abort()


class Mailboxes:
    """The shelf: every account's folders, in memory and, with ``folder``, as files that survive a restart."""

    def __init__(
        self,
        office: PostOffice,
        tokens: Mapping[str, str],
        *,
        without: Sequence[str] = (),
        starttls: ssl.SSLContext | None = None,
        folder: Path | None = None,
    ) -> None:
        config = Settings(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host="127.0.0.1",
            port=0,
            tls_enabled=starttls is not None,
            ssl_context=starttls,
            reject_dnsbl=False,
        )
        config.without = frozenset(one.encode() for one in without)
        config.tokens = tokens
        self._config: Final = config
        self._office: Final = office
        self._folder: Final = folder
        self._one_at_a_time: Final = asyncio.Lock()
        self.imap: Final = Imap(DemoLogin(config, office), config)

    async def inbox(self, address: str) -> Folder:
        """The INBOX of an account."""
        return await self.named(address, "INBOX")

    async def named(self, address: str, name: str) -> Folder:
        """A folder of an account; raises KeyError when there is none."""
        folders, _ = self._config.set_cache[address.lower()]
        found = await folders.get_mailbox(name)
        if not isinstance(found, Folder):
            raise TypeError(name)
        return found

    async def names(self, address: str) -> list[str]:
        """The names of an account's folders."""
        folders, _ = self._config.set_cache[address.lower()]
        return [one.name for one in (await folders.list_mailboxes()).list()]

    async def put(self, address: str, raw: bytes) -> int:
        """Store a mail in an account's INBOX and return its UID."""
        async with self._one_at_a_time:
            if self._folder is not None:
                # On the disk first: a reader may be told of it at once, and its UID must never be another mail's.
                inbox = await self.inbox(address)
                place = self._folder / address.lower()
                place.mkdir(parents=True, exist_ok=True)
                _write(place / "uidvalidity", str(inbox.uid_validity).encode())
                _write(place / f"{inbox.next_uid:010d}.eml", raw)
            return await self._append(address, raw)

    async def load(self) -> None:
        """Take in what a server that ran here before has left in the folder."""
        if self._folder is None:
            return
        for address in self._office.accounts:
            place = self._folder / address
            if not (place / "uidvalidity").is_file():
                continue
            validity = int((place / "uidvalidity").read_text("utf-8"))
            inbox = await self.inbox(address)
            for file in sorted(place.glob("*.eml")):
                inbox.continue_from(validity, int(file.stem) - 1)
                await self._append(address, file.read_bytes())

    async def _append(self, address: str, raw: bytes) -> int:
        inbox = await self.inbox(address)
        message = await inbox.append(AppendMessage(raw, datetime.now(UTC), frozenset()), recent=True)
        return message.uid

    async def mails(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """All mails of a folder, oldest first."""
        whole = FetchRequirement.CONTENT
        return [bytes(await one.load_content(whole)) async for one in (await self.named(address, folder)).messages()]


def _write(file: Path, content: bytes) -> None:
    """A file is there whole or not at all, also when this process is killed."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(file)
