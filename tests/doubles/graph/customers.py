"""What people do: write, tap, react, edit, unsend, read, come from an advertisement. Each is told to the apps."""

from typing import Any

from tests.doubles.graph import events
from tests.doubles.graph.core import Core
from tests.doubles.graph.model import PAGE_INBOX, Json, Message, Person, Thread

REACTIONS = {
    "😆": "smile",
    "😠": "angry",
    "😢": "sad",
    "😮": "wow",
    "❤️": "love",
    "❤": "love",
    "👍": "like",
    "👎": "dislike",
}
MOST_EDITS = 5
Attachment = Json | tuple[str, bytes, str] | tuple[str, bytes, str, str]
"""``(kind, bytes, content type[, file name])``, or the finished item as it stands in the webhook."""


class Customers:
    """The people's side of every thread."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.world = core.world

    def writes(
        self,
        psid: str,
        text: str | None = None,
        *,
        attachments: list[Attachment] | None = None,
        quick_reply: str | None = None,
        reply_to: str | None = None,
        referral: Json | None = None,
        mid: str | None = None,
        at: int | None = None,
        tell: bool = True,
    ) -> Message:
        """A person writes. ``at`` puts it into the past; ``tell`` False leaves the apps without the webhook."""
        thread = self._opened(psid, at)
        message = Message(mid or self.world.new_mid(), psid, thread.page_id, "person", at or self.world.ms, text)
        message.quick_reply, message.reply_to = quick_reply, reply_to
        message.attachments = [self._attached(one) for one in attachments or []]
        self.world.keep(message)
        self._hand_to_default(thread)
        if tell:
            self.core.tell(thread, "messages", events.from_person(message, referral))
        self._answer_by_itself(thread)
        return message

    def taps(
        self,
        psid: str,
        payload: str,
        title: str = "",
        *,
        mid: str | None = None,
        referral: Json | None = None,
        with_mid: bool = True,
    ) -> Message:
        """A person taps a button, an ice breaker, the menu or Get Started."""
        thread = self._opened(psid, None)
        message = Message(mid or self.world.new_mid(), psid, thread.page_id, "person", self.world.ms, title or payload)
        message.postback = {"title": title or payload, "payload": payload}
        self.world.keep(message)
        self._hand_to_default(thread)
        item = events.postback(message, referral)
        standby = events.postback(message, referral, standby=True)
        if not with_mid:
            item["postback"].pop("mid")
            standby["postback"].pop("mid")
        self.core.tell(thread, "messaging_postbacks", item, standby)
        self._answer_by_itself(thread)
        return message

    def reacts(self, psid: str, mid: str, emoji: str = "❤️", *, name: str | None = None) -> None:
        """A person puts a reaction on a message."""
        person, message = self.world.person(psid), self.world.message(mid)
        name = name or REACTIONS.get(emoji, "other")
        message.reactions[psid] = {"reaction": name, "emoji": emoji}
        item = events.reaction(person, mid, self.world.ms, "react", name, emoji)
        self.core.tell(self.world.thread(psid), "message_reactions", item)

    def unreacts(self, psid: str, mid: str, *, bare: bool = True) -> None:
        """A person takes a reaction back; ``bare`` leaves out which."""
        person, message = self.world.person(psid), self.world.message(mid)
        was = message.reactions.pop(psid, {})
        name, emoji = (None, None) if bare else (was.get("reaction"), was.get("emoji"))
        item = events.reaction(person, mid, self.world.ms, "unreact", name, emoji)
        self.core.tell(self.world.thread(psid), "message_reactions", item)

    def edits(self, mid: str, text: str) -> Message:
        """A person changes a message; at most five times."""
        message = self.world.message(mid)
        if len(message.earlier) >= MOST_EDITS:
            raise ValueError("A message can be edited five times at most.")
        message.earlier.append(message.text or "")
        message.text = text
        self.core.tell(self.world.thread(message.psid), "message_edits", events.edit(message, self.world.ms))
        return message

    def unsends(self, mid: str) -> Message:
        """A person takes a message back."""
        message = self.world.message(mid)
        message.deleted, message.text, message.attachments = True, None, []
        self.core.tell(self.world.thread(message.psid), "messages", events.unsend(message, self.world.ms))
        return message

    def reads(self, psid: str, watermark: int | None = None) -> int:
        """A person reads the thread up to ``watermark`` (now: up to its last message)."""
        thread, person = self.world.thread(psid), self.world.person(psid)
        last = thread.messages[-1].at if thread.messages else 0
        thread.read = max(thread.read, watermark or max(self.world.ms, last))
        item = events.read(person, watermark or thread.read, max(self.world.ms, last))
        self.core.tell(thread, "message_reads", item)
        return thread.read

    def receives(self, psid: str, watermark: int | None = None, *, mids: list[str] | None = None) -> None:
        """The person's telephone got everything up to ``watermark``."""
        thread, person = self.world.thread(psid), self.world.person(psid)
        thread.delivered = max(thread.delivered, watermark or self.world.ms)
        item = events.delivery(person, watermark or thread.delivered, mids, self.world.ms)
        self.core.tell(thread, "message_deliveries", item)

    def comes_from(
        self,
        psid: str,
        *,
        ref: str | None = None,
        source: str = "SHORTLINK",
        ad_id: str | None = None,
        ad_title: str | None = None,
        post_id: str | None = None,
        referer: str | None = None,
        tell: bool = True,
    ) -> Json:
        """A person opens the thread from a link (``SHORTLINK``), an advertisement (``ADS``) or a post.

        Opening alone does not open the window. ``tell`` False only makes the referral, to go with a first message.
        """
        body: Json = {"source": source, "type": "OPEN_THREAD"}
        if ref is not None:
            body["ref"] = ref
        if ad_id is not None:
            body["ad_id"] = ad_id
            context: Json = {"ad_title": ad_title or "", "photo_url": f"{self.world.base_url}/_media/ad/{ad_id}"}
            if post_id:
                context["post_id"] = post_id
            body["ads_context_data"] = context
        elif post_id:
            body["ads_context_data"] = {"post_id": post_id}
        if referer:
            body["referer_uri"] = referer
        if tell:
            thread = self.world.thread(psid)
            self.core.tell(thread, "messaging_referrals", events.referral(self.world.person(psid), self.world.ms, body))
        return body

    def opts_in(self, psid: str, body: Json) -> None:
        """A person agrees to hear from the page; under a ``user_ref`` this opens the window, and is how to reach them."""
        if "user_ref" in body:
            self.world.state.user_refs[str(body["user_ref"])] = psid
            self._opened(psid, None)
        item = events.optin(self.world.person(psid), self.world.ms, body)
        self.core.tell(self.world.thread(psid), "messaging_optins", item)

    def answered_elsewhere(
        self,
        psid: str,
        text: str,
        *,
        app_id: str | None = PAGE_INBOX,
        at: int | None = None,
        metadata: str | None = None,
        attachments: list[Attachment] | None = None,
        tell: bool = True,
    ) -> Message:
        """Somebody answers for the page elsewhere: in the Page inbox, in another app, or with no app named (None)."""
        thread = self.world.thread(psid)
        message = Message(self.world.new_mid(), psid, thread.page_id, "page", at or self.world.ms, text, app_id=app_id)
        message.metadata = metadata
        message.attachments = [self._attached(one) for one in attachments or []]
        self.world.keep(message)
        if tell:
            self.core.echo(message)
        return message

    # ── shared ──

    def _opened(self, psid: str, at: int | None) -> Thread:
        thread = self.world.thread(psid)
        thread.opened_at = max(thread.opened_at or 0, at or self.world.ms)
        return thread

    def _hand_to_default(self, thread: Thread) -> None:
        page = self.world.page(thread.page_id)
        if page.default_app and self.world.owner(thread) is None:
            thread.owner = page.default_app

    def _answer_by_itself(self, thread: Thread) -> None:
        page = self.world.page(thread.page_id)
        if page.automatic_reply:
            self.answered_elsewhere(thread.psid, page.automatic_reply, app_id=None, at=self.world.ms + 900)

    def _attached(self, one: Any) -> Json:
        if isinstance(one, dict):
            return one
        kind, body, content_type, *name = one
        media = self.world.add_media(kind, content_type, body, *name)
        return {"type": kind, "payload": {"url": self.world.media_url(media)}}

    def picture_of(self, person: Person) -> str:
        """The address of a profile picture."""
        return person.picture or f"{self.world.base_url}/_media/face/{person.psid}"
