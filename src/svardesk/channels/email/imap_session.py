"""One IMAP session, in the blocking manner of IMAPClient; ``imap.Mailbox`` runs it in a thread of its own.

Everything that a server may say or leave out is dealt with here; errors come out as the classes of ``errors``.
"""

import contextlib
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from svardesk.channels.email.errors import (
    FolderMissing,
    LoginRefused,
    MailServerError,
    ServerGone,
    ServerRefused,
    TokenExpired,
    Untrusted,
)
from svardesk.channels.email.servers import AccessToken, Password, Server, challenge_text, tls_context

CHUNK: Final = 200
"""So many messages are named in one command that changes them: servers limit the length of a line."""
WINDOW: Final = 20_000
"""So wide a range of UIDs is asked for at a time: an answer is one line, and may not grow without bound."""
SENT: Final = "\\Sent"
_SENT_NAMES: Final = frozenset(
    {
        "sent", "sent items", "sent mail", "sent messages", "sendt", "sendte", "sendte elementer", "sendt post",
        "sende element", "skickat", "skickade", "skickade objekt", "skickade meddelanden", "lähetetyt",
        "lähetetyt kohteet", "lähetetyt viestit",
    }
)  # fmt: skip
"""What the folder of sent mail is called where the server does not mark it."""
MOST_LOOKS: Final = 5
"""So often in a row new mail is looked for that was told of and not found."""
_BUSY: Final = re.compile(
    r"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT|OVERQUOTA|THROTTLED)\]|too many|try again|temporar|rate limit|timed? ?out",
    re.IGNORECASE,
)
_SWITCHED_OFF: Final = re.compile(r"authenticated but not connected|imap access is disabled|not enabled", re.IGNORECASE)


@contextlib.contextmanager
def typed_errors() -> Iterator[None]:
    """Turn what IMAPClient, imaplib and sockets raise into our classes."""
    try:
        yield
    except MailServerError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(str(error)) from error
    except (IMAPClientAbortError, ProtocolError) as error:
        raise ServerGone(_words(error)) from error
    except IMAPClientError as error:
        words = _words(error)
        raise (ServerGone if _BUSY.search(words) else ServerRefused)(words) from error
    except (OSError, EOFError, AttributeError) as error:
        # imaplib answers with AttributeError when its socket was shut under it.
        raise ServerGone(_words(error)) from error


def _words(error: BaseException) -> str:
    said = str(error) or type(error).__name__
    return re.sub(r"b'(.*)'", r"\1", said)


def _is_passing(error: LoginError) -> bool:
    """Whether signing in failed for a reason that has nothing to do with who we are.

    The library says ``LoginError`` of everything, a lost connection too.
    """
    return isinstance(error.__context__, IMAPClientAbortError) or bool(_BUSY.search(str(error)))


class Session:
    """A signed-in connection with one folder selected."""

    def __init__(self, server: Server, *, connect_seconds: float, read_seconds: float) -> None:
        self._server: Final = server
        # The library says `float | None`; it takes a pair as well, so that connecting may be given less than reading.
        self._timeouts: Final[Any] = SocketTimeout(connect_seconds, read_seconds)
        self._client: IMAPClient | None = None
        self._waker, self._woken = socket.socketpair()
        self._woken.settimeout(0)

    # ---------------------------------------------------------------------------------------- coming and going

    def open(self) -> None:
        """Connect, encrypt, sign in. Raises ``ServerGone``, ``Untrusted``, ``LoginRefused``, ``TokenExpired``."""
        server = self._server
        context = tls_context(server) if server.encryption != "none" else None
        with typed_errors():
            client = IMAPClient(
                server.host,
                server.port,
                ssl=server.encryption == "ssl",
                ssl_context=context,
                timeout=self._timeouts,
            )
            self._client = client
            client.normalise_times = False
            _keep_alive(client.socket())
            if server.encryption == "starttls":
                if not client.has_capability("STARTTLS"):
                    raise ServerRefused("STARTTLS is not offered", "mail_no_starttls")
                client.starttls(context)
            self._sign_in(client)

    def _sign_in(self, client: IMAPClient) -> None:
        match self._server.credentials:
            case Password(username, password):
                self._with_password(client, username, password)
            case AccessToken() as token:
                self._with_token(client, token)
            case None:
                raise LoginRefused("no credentials")

    def _with_password(self, client: IMAPClient, username: str, password: str) -> None:
        try:
            if client.has_capability("AUTH=PLAIN"):
                # UTF-8 by its definition; LOGIN takes ASCII only, and passwords here have å in them.
                client.sasl_login("PLAIN", lambda _: f"\x00{username}\x00{password}".encode())
            else:
                client.login(username, password)
        except UnicodeEncodeError:
            raise LoginRefused("this server takes no letters beyond a to z in a password") from None
        except LoginError as error:
            words = _words(error)
            raise (ServerGone if _is_passing(error) else LoginRefused)(words) from None

    def _with_token(self, client: IMAPClient, token: AccessToken) -> None:
        challenges: list[bytes] = []

        def answer(challenge: bytes) -> bytes:
            challenges.append(challenge)
            # The second challenge is the refusal, in JSON; an empty line asks for the verdict.
            return token.response() if len(challenges) == 1 else b""

        try:
            client.sasl_login("XOAUTH2", answer)
        except LoginError as error:
            words = _words(error)
            told = " ".join(filter(None, [words, *(challenge_text(one) for one in challenges[1:])]))
            if _SWITCHED_OFF.search(told):
                raise LoginRefused(told, "mail_imap_off") from None
            raise (ServerGone if _is_passing(error) else TokenExpired)(told) from None

    def close(self) -> None:
        """Say goodbye where somebody listens, and hang up. The session is over; it cannot be opened again."""
        client, self._client = self._client, None
        self._waker.close()
        self._woken.close()
        if client is None:
            return
        with contextlib.suppress(Exception):
            client.logout()
        with contextlib.suppress(Exception):
            client.shutdown()

    def cut(self) -> None:
        """Hang up without a word, from any thread: whoever reads from the connection stops reading."""
        client = self._client
        if client is not None:
            with contextlib.suppress(Exception):
                client.socket().shutdown(socket.SHUT_RDWR)

    @property
    def client(self) -> IMAPClient:
        """The connection; raises ``ServerGone`` when there is none."""
        if self._client is None:
            raise ServerGone("not connected")
        return self._client

    def offers(self, capability: str) -> bool:
        """Whether the server has a capability."""
        return self.client.has_capability(capability)

    # ---------------------------------------------------------------------------------------- reading

    def select(self, folder: str) -> dict[bytes, Any]:
        """Select a folder and return what the server tells of it; raises ``FolderMissing``."""
        with typed_errors():
            try:
                return self.client.select_folder(folder)
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                if _BUSY.search(str(error)) or self.client.folder_exists(folder):
                    raise
                raise FolderMissing(_words(error)) from error

    def noop(self) -> None:
        """Let the server tell what is new."""
        with typed_errors():
            self.client.noop()

    def uids_after(self, last: int, expected_next: int | None) -> list[int]:
        """UIDs above ``last``, ascending. ``expected_next``: UIDNEXT as told at selection, or None.

        Asked for in windows, the last of them open at its end; ``n:*`` always names the newest mail, even below n.

        A server may find nothing and tell of a mail beside that answer, because it came meanwhile. It will not tell of
        it again, in no IDLE either: so what was told of is looked for.
        """
        for _ in range(MOST_LOOKS):
            found: set[int] = set()
            with typed_errors():
                self._told_of_mail()
                low = last + 1
                while expected_next is not None and low + WINDOW < expected_next:
                    found.update(self.client.search(f"UID {low}:{low + WINDOW - 1}"))
                    low += WINDOW
                found.update(self.client.search(f"UID {low}:*"))
                told = self._told_of_mail()
            new = sorted(uid for uid in found if uid > last)
            if new or not told:
                return new
        return []

    def _told_of_mail(self) -> bool:
        """Whether the server has said EXISTS since this was asked last."""
        imap: Any = self.client._imap  # noqa: SLF001 — the library keeps what nobody asked for, and has no door to it
        return bool(imap.untagged_responses.pop("EXISTS", None))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The sizes of mails in bytes, as the server counts them; mails that are gone are left out."""
        with typed_errors():
            told: dict[int, dict[bytes, Any]] = self.client.fetch(list(uids), ["RFC822.SIZE"])
        return {uid: told[uid][b"RFC822.SIZE"] for uid in uids if b"RFC822.SIZE" in told.get(uid, {})}

    def bodies(self, uids: Sequence[int], *, only_headers: bool = False) -> dict[int, dict[bytes, Any]]:
        """Mails with ``BODY[]`` (or ``BODY[HEADER]``), ``INTERNALDATE`` and ``FLAGS``, without marking them as seen."""
        what = "BODY.PEEK[HEADER]" if only_headers else "BODY.PEEK[]"
        with typed_errors():
            return self.client.fetch(list(uids), [what, "INTERNALDATE", "FLAGS"])

    def find(self, message_id: str) -> list[int]:
        """UIDs in the selected folder with that Message-ID."""
        criteria: Any = ["HEADER", "Message-ID", message_id]
        with typed_errors():
            return sorted(self.client.search(criteria))

    # ---------------------------------------------------------------------------------------- waiting

    def wait(self, seconds: float) -> bool:
        """IDLE until the server tells of mail or ``wake`` is called, at most ``seconds``; returns whether it told.

        IMAPClient's own ``idle_check`` reads without blocking and loses a line that comes in two pieces. Here nothing is
        read while IDLE lasts: whatever arrives ends it, and is read as the answer to DONE.
        """
        end = time.monotonic() + seconds
        with typed_errors():
            while (left := end - time.monotonic()) > 0:
                heard, woken = self._idle_once(self.client, left)
                if heard or woken:
                    return heard
        return False

    def wake(self) -> None:
        """End a ``wait`` from another thread."""
        with contextlib.suppress(OSError):
            self._waker.send(b"!")

    def _idle_once(self, client: IMAPClient, seconds: float) -> tuple[bool, bool]:
        imap: Any = client._imap  # noqa: SLF001 — the library has no other door to what it reads
        tag = imap._command("IDLE")  # noqa: SLF001
        heard = False
        while (line := imap._get_response()) is not None:  # noqa: SLF001 — None is the server's "+"
            if imap.tagged_commands[tag]:
                del imap.tagged_commands[tag]
                raise ServerRefused(line.decode("utf-8", "replace"))
            heard = heard or _is_news(line)
        woken = False
        if not heard and not self._has_unread(client, imap):
            woken = self._sleep(client, seconds)
        imap.send(b"DONE\r\n")
        while True:
            line = imap._get_response()  # noqa: SLF001
            if imap.tagged_commands[tag]:
                del imap.tagged_commands[tag]
                return heard, woken
            heard = heard or _is_news(line or b"")

    def _has_unread(self, client: IMAPClient, imap: Any) -> bool:
        """Whether something was read from the socket already, and waits in a buffer that ``poll`` does not see."""
        sock = client.socket()
        sock.settimeout(0)
        try:
            return bool(imap.file.peek(1))
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        finally:
            sock.settimeout(self._timeouts.read)

    def _sleep(self, client: IMAPClient, seconds: float) -> bool:
        poller = select.poll()
        poller.register(client.socket().fileno(), select.POLLIN)
        poller.register(self._woken.fileno(), select.POLLIN)
        ready = {number for number, _ in poller.poll(seconds * 1000)}
        if self._woken.fileno() not in ready:
            return False
        self._woken.recv(64)
        return True

    # ---------------------------------------------------------------------------------------- changing

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark mails as seen."""
        with typed_errors():
            for part in _parts(uids):
                self.client.add_flags(part, ["\\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails to a folder, which is created when it is missing; mails that are gone already are no error."""
        with typed_errors():
            target = self.resolve(folder)
            for part in _parts(uids):
                try:
                    self._move(part, target)
                except IMAPClientAbortError:
                    raise
                except IMAPClientError:
                    if self.client.folder_exists(target):
                        raise
                    self._create(target)
                    self._move(part, target)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        if self.client.has_capability("MOVE"):
            self.client.move(uids, folder)
            return
        self.client.copy(uids, folder)
        self.client.add_flags(uids, ["\\Deleted"], silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge(uids)
        # Without UIDPLUS they stay marked: a plain EXPUNGE would remove what other people marked, too.

    def _create(self, folder: str) -> None:
        try:
            self.client.create_folder(folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if not self.client.folder_exists(folder):
                raise
        with contextlib.suppress(IMAPClientError):
            self.client.subscribe_folder(folder)

    def append(self, folder: str, raw: bytes, flags: Sequence[str], at: datetime | None) -> None:
        """Put a mail into a folder, which is created when it is missing."""
        with typed_errors():
            target = self.resolve(folder)
            if not self.client.folder_exists(target):
                self._create(target)
            self.client.append(target, raw, flags, at)

    def resolve(self, folder: str) -> str:
        r"""A folder as this server writes it: its own separator instead of ``/``, its prefix for personal folders.

        ``\Sent`` and the like are found by what the server says of its folders, else by their usual names; raises
        ``FolderMissing``.
        """
        if folder.upper() == "INBOX":
            return "INBOX"
        if folder.startswith("\\"):
            return self._special(folder)
        prefix, separator = self._personal()
        name = folder.replace("/", separator) if separator else folder
        return name if not prefix or name.startswith(prefix) else prefix + name

    def _special(self, flag: str) -> str:
        with typed_errors():
            found = self.client.find_special_folder(flag.encode())
            if found is None and flag == SENT:
                names = [one for _, _, one in self.client.list_folders()]
                found = next((one for one in names if re.split(r"[/.]", one)[-1].casefold() in _SENT_NAMES), None)
        if found is None:
            raise FolderMissing(f"no folder is marked as {flag}")
        return found

    def _personal(self) -> tuple[str, str]:
        if self.client.has_capability("NAMESPACE"):
            personal = self.client.namespace().personal
            if personal:
                prefix, separator = personal[0]
                return prefix, separator or ""
        told = self.client.list_folders("", "")
        return "", (told[0][1] or b"").decode("ascii", "replace") if told else "/"


def _keep_alive(sock: socket.socket) -> None:
    """A connection that died without a word is noticed within two minutes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _is_news(line: bytes) -> bool:
    """EXISTS and RECENT are hints only: whoever hears them looks."""
    return line.startswith(b"* ") and line.rstrip().upper().endswith((b" EXISTS", b" RECENT"))


def _parts(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), CHUNK):
        yield uids[start : start + CHUNK]


def aware(at: object, fallback: datetime) -> datetime:
    """INTERNALDATE as an aware instant."""
    if not isinstance(at, datetime):
        return fallback
    return at if at.tzinfo else at.replace(tzinfo=UTC)
