"""A mailbox that is read: one IMAP folder, followed by a cursor.

    mailbox = Mailbox(ImapSettings(host="imap.example", port=993, credentials=Password("kundeservice@…", "…")))
    folder = await mailbox.connect()
    while True:
        batch = await mailbox.fetch_after(cursor, 200)
        …store batch.mails and batch.cursor in one transaction…
        await mailbox.settle([mail.uid for mail in batch.mails])
        if not batch.more:
            await mailbox.idle(540)

The library (IMAPClient) blocks, so each mailbox has a thread, and one command at a time. What takes longer than its
limit, or is cancelled, hangs up: the connection could not be trusted to be in step afterwards.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, TypeVar

import msgspec

from svardesk.channels.email.errors import ServerGone, ServerRefused
from svardesk.channels.email.imap_session import Session, aware
from svardesk.channels.email.servers import Server, check_secure

LARGEST: Final = 35 * 1024 * 1024
"""Of a longer mail (in bytes) only the headers are fetched."""
BATCH_BYTES: Final = 16 * 1024 * 1024
IDLE_SECONDS: Final = 540.0
"""Nine minutes: RFC 2177 allows 29, but routers forget a silent connection sooner."""
POLL_SECONDS: Final = 60.0
_LOOK_AHEAD: Final = 1000
_T = TypeVar("_T")


class ImapSettings(Server, frozen=True, kw_only=True):
    """How a mailbox is read.

    ``after``: what becomes of a mail that we have stored: it stays, is marked as seen, or goes to ``move_to`` (``/``
    between levels, whatever the server's own separator). Limits are in seconds.
    """

    folder: str = "INBOX"
    after: Literal["leave", "seen", "move"] = "leave"
    move_to: str = "Svardesk"
    connect_seconds: float = 20.0
    read_seconds: float = 60.0
    command_seconds: float = 300.0
    poll_seconds: float = POLL_SECONDS


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a folder has been read: everything up to ``last_uid`` of its numbering ``uidvalidity``."""

    uidvalidity: int
    last_uid: int


class FolderState(msgspec.Struct, frozen=True, kw_only=True):
    """A folder at its selection. ``uidnext`` None: the server does not say."""

    name: str
    uidvalidity: int
    uidnext: int | None
    exists: int
    read_only: bool

    def now(self) -> Cursor:
        """The cursor that leaves out everything that lies there already."""
        return Cursor(uidvalidity=self.uidvalidity, last_uid=(self.uidnext or 1) - 1)

    def beginning(self) -> Cursor:
        """The cursor before the first mail."""
        return Cursor(uidvalidity=self.uidvalidity, last_uid=0)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail as the server holds it. ``received_at`` is its INTERNALDATE, aware.

    ``size`` is what the server counts, in bytes. ``problem``: ``too_large`` (``raw`` is headers only) or ``unreadable``
    (the server does not hand it out; ``raw`` is what it gave, perhaps nothing).
    """

    uid: int
    raw: bytes
    received_at: datetime
    flags: tuple[str, ...] = ()
    size: int = 0
    problem: Literal["too_large", "unreadable"] | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What ``fetch_after`` found. Store ``cursor`` with the mails.

    ``waiting`` mails are known to lie behind it. ``renumbered``: the folder's numbering is another one than the
    cursor's, so these mails start from the beginning, and many of them are known already by Message-ID and hash.
    """

    mails: tuple[Mail, ...]
    cursor: Cursor
    waiting: int
    renumbered: bool = False

    @property
    def more(self) -> bool:
        """Whether there is more to fetch at once."""
        return self.waiting > 0


class Mailbox:
    """One folder of one mailbox. All methods raise the errors of ``errors``; after ``ServerGone`` connect again."""

    def __init__(self, settings: ImapSettings) -> None:
        check_secure(settings)
        self.settings: Final = settings
        self.folder: FolderState | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._session: Session | None = None
        self._ahead: list[tuple[int, int]] = []
        self._ahead_of = 0
        self._more_behind = False

    # ---------------------------------------------------------------------------------------- coming and going

    async def connect(self) -> FolderState:
        """Connect, sign in and select the folder; an open connection is closed first.

        Raises ``LoginRefused``, ``TokenExpired``, ``FolderMissing``, ``Untrusted``, ``ServerRefused``, ``ServerGone``.
        """
        await self.close()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"imap-{self.settings.host}")
        self._session = Session(
            self.settings, connect_seconds=self.settings.connect_seconds, read_seconds=self.settings.read_seconds
        )
        try:
            await self._run(self._session.open, seconds=self.settings.connect_seconds + self.settings.read_seconds)
            self.folder = await self._select()
        except BaseException:
            await self.close()
            raise
        return self.folder

    async def _select(self) -> FolderState:
        session = self._held()
        name = await self._run(session.resolve, self.settings.folder)
        told = await self._run(session.select, name)
        if not isinstance(told.get(b"UIDVALIDITY"), int):
            raise ServerRefused("the folder has no UIDVALIDITY: its mails cannot be told apart", "mail_no_uids")
        return FolderState(
            name=name,
            uidvalidity=told[b"UIDVALIDITY"],
            uidnext=told.get(b"UIDNEXT"),
            exists=told.get(b"EXISTS", 0),
            read_only=b"READ-ONLY" in told,
        )

    async def close(self) -> None:
        """Sign out and end the thread. Never raises; may be called twice."""
        session, self._session = self._session, None
        thread, self._thread = self._thread, None
        self.folder = None
        self._ahead.clear()
        if session is None or thread is None:
            return
        session.wake()
        goodbye = asyncio.get_running_loop().run_in_executor(thread, session.close)
        done, _ = await asyncio.wait({goodbye}, timeout=2)
        if not done:
            session.cut()
            await asyncio.wait({goodbye}, timeout=self.settings.read_seconds)
        thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # ---------------------------------------------------------------------------------------- reading

    async def fetch_after(self, cursor: Cursor | None, limit: int = 200) -> Batch:
        """The mails after ``cursor`` (None: from the beginning), oldest first: ``limit`` of them or 16 MB, at least one.

        Mails are not marked as seen. Those that vanished meanwhile are left out; the cursor moves past them.
        """
        folder = self._folder()
        renumbered = cursor is not None and cursor.uidvalidity != folder.uidvalidity
        last = 0 if cursor is None or renumbered else cursor.last_uid
        if not self._ahead or self._ahead_of != last:
            await self._look_ahead(last)
        chosen: list[tuple[int, int]] = []
        total = 0
        for uid, size in self._ahead[:limit]:
            cost = min(size, 65536) if size > LARGEST else size
            if chosen and total + cost > BATCH_BYTES:
                break
            chosen.append((uid, size))
            total += cost
        mails = await self._fetch(chosen)
        del self._ahead[: len(chosen)]
        self._ahead_of = chosen[-1][0] if chosen else last
        waiting = len(self._ahead) + self._more_behind
        position = Cursor(uidvalidity=folder.uidvalidity, last_uid=self._ahead_of)
        return Batch(mails=tuple(mails), cursor=position, waiting=waiting, renumbered=renumbered)

    async def _look_ahead(self, last: int) -> None:
        """Learn UIDs and sizes of what comes next, so that batches can be cut by their size."""
        session, folder = self._held(), self._folder()
        await self._run(session.noop)
        uids = await self._run(session.uids_after, last, folder.uidnext)
        near = uids[:_LOOK_AHEAD]
        sizes = await self._run(session.sizes, near) if near else {}
        # A server that does not tell a size may still hand out the mail.
        self._ahead = [(uid, sizes.get(uid, 0)) for uid in near]
        self._ahead_of = last
        self._more_behind = len(uids) - len(near)

    async def _fetch(self, chosen: Sequence[tuple[int, int]]) -> list[Mail]:
        session = self._held()
        whole = [uid for uid, size in chosen if size <= LARGEST]
        found: dict[int, dict[bytes, Any]] = {}
        if whole:
            try:
                found = await self._run(session.bodies, whole)
            except ServerRefused:
                # One of them cannot be had; which one is seen below.
                found = {}
        mails: list[Mail] = []
        for uid, size in chosen:
            if size > LARGEST:
                mail = await self._one(uid, size, only_headers=True)
            elif b"BODY[]" in found.get(uid, {}):
                mail = _mail(uid, size, found[uid], b"BODY[]")
            else:
                mail = await self._one(uid, size, only_headers=False)
            if mail is not None:
                mails.append(mail)
        return mails

    async def _one(self, uid: int, size: int, *, only_headers: bool) -> Mail | None:
        session = self._held()
        key = b"BODY[HEADER]" if only_headers else b"BODY[]"
        try:
            told = (await self._run(lambda: session.bodies([uid], only_headers=only_headers))).get(uid)
        except ServerRefused:
            if not only_headers:
                mail = await self._one(uid, size, only_headers=True)
                return None if mail is None else msgspec.structs.replace(mail, problem="unreadable")
            return Mail(uid=uid, raw=b"", received_at=datetime.now(UTC), size=size, problem="unreadable")
        if told is None:
            return None
        return _mail(uid, size, told, key, problem="too_large" if only_headers else None)

    async def find(self, message_id: str, folder: str) -> bool:
        """Whether a mail with that Message-ID lies in ``folder`` (say, among the sent ones).

        The mailbox's own folder is selected again afterwards. Raises ``FolderMissing``.
        """
        session = self._held()
        name = await self._run(session.resolve, folder)
        try:
            await self._run(session.select, name)
            return bool(await self._run(session.find, message_id))
        finally:
            self._ahead.clear()
            self.folder = await self._select()

    # ---------------------------------------------------------------------------------------- waiting

    async def idle(self, seconds: float = IDLE_SECONDS) -> bool:
        """Wait until the server tells of new mail, or ``seconds`` are over; returns whether it told.

        A hint only: look with ``fetch_after`` either way. At most nine minutes a call. Where the server has no IDLE,
        returns after ``poll_seconds`` at the latest. May be cancelled; the connection stays good.
        """
        session = self._held()
        self._folder()
        if not await self._run(session.offers, "IDLE"):
            await asyncio.sleep(min(seconds, self.settings.poll_seconds))
            return False
        return await self._run(
            session.wait, min(seconds, IDLE_SECONDS), seconds=min(seconds, IDLE_SECONDS) + 60, wake=True
        )

    # ---------------------------------------------------------------------------------------- afterwards

    async def settle(self, uids: Sequence[int], folder: str | None = None) -> None:
        """After the mails are stored: leave them, mark them as seen, or move them, by setting.

        ``folder``: where to, instead of ``settings.move_to``. UIDs that are gone already are no error, so this can be
        said twice.
        """
        session = self._held()
        here = self._folder().name
        if not uids or self.settings.after == "leave":
            return
        if self.settings.after == "seen":
            await self._run(session.mark_seen, uids)
            return
        target = await self._run(session.resolve, folder or self.settings.move_to)
        if target != here:
            # Within its own folder a mail would come back under a new number, for ever.
            await self._run(session.move, uids, target)

    async def between(self, after: int, until: int) -> list[int]:
        """UIDs of what lies in the folder above ``after``, up to ``until``."""
        uids = await self._run(self._held().uids_after, after, self._folder().uidnext)
        return [one for one in uids if one <= until]

    async def append(self, folder: str, raw: bytes, *, flags: Sequence[str] = ("\\Seen",)) -> None:
        """Put a mail into a folder (a copy of what was sent), creating it when it is missing."""
        await self._run(self._held().append, folder, raw, flags, None)

    # ---------------------------------------------------------------------------------------- the thread

    def _held(self) -> Session:
        if self._session is None or self._thread is None:
            raise ServerGone("not connected")
        return self._session

    def _folder(self) -> FolderState:
        if self.folder is None:
            raise ServerGone("no folder is selected")
        return self.folder

    async def _run(
        self, work: Callable[..., _T], *arguments: Any, seconds: float | None = None, wake: bool = False
    ) -> _T:
        """Do blocking work in the mailbox's thread; on timeout or cancellation hang up, or with ``wake`` wake it."""
        session, thread = self._session, self._thread
        if session is None or thread is None:
            raise ServerGone("not connected")
        future = asyncio.get_running_loop().run_in_executor(thread, work, *arguments)
        try:
            done, _ = await asyncio.wait({future}, timeout=seconds or self.settings.command_seconds)
        except asyncio.CancelledError:
            if wake:
                session.wake()
                done, _ = await asyncio.wait({future}, timeout=5)
                if done:
                    future.exception()
                    raise
            session.cut()
            future.add_done_callback(_heard)
            raise
        if not done:
            session.cut()
            future.add_done_callback(_heard)
            raise ServerGone("the server took too long")
        return future.result()


def _heard(future: "asyncio.Future[Any]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not future.cancelled():
        future.exception()


def _mail(
    uid: int,
    size: int,
    told: dict[bytes, Any],
    key: bytes,
    problem: Literal["too_large", "unreadable"] | None = None,
) -> Mail:
    raw = told.get(key)
    return Mail(
        uid=uid,
        raw=raw if isinstance(raw, bytes) else b"",
        received_at=aware(told.get(b"INTERNALDATE"), datetime.now(UTC)),
        flags=tuple(one.decode("ascii", "replace") for one in told.get(b"FLAGS", ())),
        size=size or (len(raw) if isinstance(raw, bytes) else 0),
        problem=problem if isinstance(raw, bytes) else "unreadable",
    )
