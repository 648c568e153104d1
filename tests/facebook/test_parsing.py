"""What Meta says of a page's feed, item by item."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from svardesk.channels.contract import InboundEvent, ParseFailed, Raw
from svardesk.channels.facebook.config import FacebookConfig
from svardesk.channels.facebook.parsing import NOTHING_SAID, Gone, Hidden, PostNews, Told, Unknown, parse
from svardesk.channels.facebook.tags import only_tags

PAGE = "1001"
AT = 1_795_424_400
CONFIG = FacebookConfig(page_id=PAGE)
OLA = {"id": "8001", "name": "Ola  Hansen"}
US = {"id": PAGE, "name": "Fjordnett"}


def body(*values: Any, page: str = PAGE, field: str = "feed", time: int = AT * 1000) -> Raw:
    changes = [{"field": field, "value": one} for one in values]
    written = json.dumps({"object": "page", "entry": [{"id": page, "time": time, "changes": changes}]})
    return Raw(body=written.encode(), received_at=datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


def comment(**more: Any) -> dict[str, Any]:
    return {
        "item": "comment", "verb": "add", "from": OLA, "post_id": f"{PAGE}_1", "comment_id": "1_2", "parent_id": f"{PAGE}_1",
        "created_time": AT, "message": "Når åpner dere? 👋", **more,
    }  # fmt: skip


def one(*values: Any, **more: Any) -> InboundEvent:
    [event] = parse(body(*values, **more), CONFIG)
    return event


def test_a_comment() -> None:
    event = one(comment(post={"promotion_status": "active", "permalink_url": "https://www.facebook.com/p/1"}))
    assert (event.type, event.external_thread_key, event.external_id) == ("public_comment", f"{PAGE}_1", "1_2")
    assert (event.content.text, event.visibility, event.automated) == ("Når åpner dere? 👋", "public", False)
    assert (event.sender.external_id, event.sender.display, event.sender.trust) == (
        "8001",
        "Ola Hansen",
        "platform_account",
    )
    assert event.occurred_at == datetime.fromtimestamp(AT, UTC)
    assert event.idempotency_key == f"comment:1_2:add:{AT}"
    assert event.own == Told(post_id=f"{PAGE}_1", comment_id="1_2", ad=True, post_link="https://www.facebook.com/p/1")


def test_an_answer_to_a_comment_says_below_which() -> None:
    event = one(comment(comment_id="1_3", parent_id="1_2"))
    assert (event.own.parent_id, event.content.reply_to_external_id) == ("1_2", "1_2")
    assert one(comment(parent_id="1")).own.parent_id is None


def test_an_author_that_is_left_out_is_somebody_of_this_comment_only() -> None:
    for left_out in ({"from": None}, {"from": {}}, {"from": {"id": None}}):
        event = one(comment(**left_out))
        assert (event.sender.external_id, event.sender.trust, event.sender.display) == ("comment:1_2", "none", None)


def test_pictures_and_nothing_at_all() -> None:
    event = one({**comment(), "message": None, "photo": "https://x.fbcdn.net/1.png"})
    assert ([file.ref for file in event.content.attachments], event.content.text) == (["https://x.fbcdn.net/1.png"], "")
    event = one({**comment(), "message": None})
    assert (event.content.text, event.silent) == (NOTHING_SAID, False)
    assert one({**comment(), "message": None, "photo": "javascript:alert(1)"}).content.attachments == ()


def test_edits_removals_and_hiding() -> None:
    edited = one(comment(verb="edited", message="Når stenger dere?"))
    assert (edited.type, edited.about and edited.about.external_ids, edited.edit) == ("message_edited", ("1_2",), 0)
    other = one(comment(verb="edited", message="Når da?"))
    assert other.idempotency_key != edited.idempotency_key
    gone = one(comment(verb="remove"))
    assert (gone.type, gone.own) == ("comment_removed", Gone(post_id=f"{PAGE}_1", comment_id="1_2"))
    for verb, hidden in (("hide", True), ("unhide", False)):
        assert one(comment(verb=verb)).own == Hidden(post_id=f"{PAGE}_1", comment_id="1_2", hidden=hidden)


def test_own_comments_are_no_comments_of_customers() -> None:
    event = one(comment(**{"from": US}))
    assert (event.type, event.sender.kind, event.elsewhere is not None) == ("sent_elsewhere", "page", True)
    assert parse(body(comment(**{"from": US, "verb": "edited"})), CONFIG) == []


@pytest.mark.parametrize("item", ["status", "post", "photo", "video", "share"])
def test_visitors_posts_are_threads_and_the_pages_own_are_noted(item: str) -> None:
    value = {"item": item, "verb": "add", "from": OLA, "post_id": f"{PAGE}_5", "created_time": AT, "message": "Hei"}
    event = one(value)
    assert (event.type, event.external_thread_key, event.external_id, event.own.is_post) == (
        "public_comment", f"{PAGE}_5", f"{PAGE}_5", True,
    )  # fmt: skip
    event = one({**value, "from": US})
    assert (event.type, event.own) == ("connection_event", PostNews(post_id=f"{PAGE}_5", what="added", text="Hei"))
    event = one({**value, "from": US, "verb": "edited", "message": "Hallo"})
    assert event.own == PostNews(post_id=f"{PAGE}_5", what="edited", text="Hallo")
    assert one({**value, "verb": "remove"}).own == Gone(post_id=f"{PAGE}_5", comment_id=f"{PAGE}_5", is_post=True)


def test_recommendations_with_and_without_words() -> None:
    value = {"item": "rating", "verb": "add", "reviewer_id": "8001", "reviewer_name": "Ola", "created_time": AT,
             "open_graph_story_id": "77", "recommendation_type": "NEGATIVE", "review_text": "Tregt."}  # fmt: skip
    event = one(value)
    assert (event.external_thread_key, event.content.text, event.own.recommends) == (f"{PAGE}_77", "Tregt.", False)
    event = one({**value, "review_text": ""}, field="ratings")
    assert (event.content.text, event.silent) == ("👎", False)
    event = one({**value, "review_text": "", "recommendation_type": "POSITIVE"})
    assert (event.content.text, event.silent) == ("👍", None)


def test_reactions_are_left_out_and_what_nobody_knows_is_counted() -> None:
    assert parse(body({"item": "reaction", "verb": "add", "post_id": f"{PAGE}_1"}), CONFIG) == []
    assert one({"item": "hologram", "verb": "add"}).own == Unknown(("hologram", "add"))
    assert one({"x": 1}, field="mention").own == Unknown(("mention",))


def test_times_that_are_none_and_keys_that_stay() -> None:
    for strange in (None, "i går", 7, 1e30, True):
        event = one(comment(created_time=strange))
        assert event.occurred_at == datetime.fromtimestamp(AT, UTC)


def test_the_same_told_twice_is_one_and_order_is_by_time() -> None:
    later = comment(comment_id="1_9", created_time=AT + 5)
    events = parse(body(later, comment(), comment()), CONFIG)
    assert [event.external_id for event in events] == ["1_2", "1_9"]


def test_half_an_emoji_is_no_loss() -> None:
    raw = body(comment(message="HALF"))
    broken = Raw(body=raw.body.replace(b"HALF", rb"Hei \ud83d"), received_at=raw.received_at)
    [event] = parse(broken, CONFIG)
    assert event.content.text.startswith("Hei ")


def test_another_page_is_refused() -> None:
    with pytest.raises(ParseFailed) as caught:
        parse(body(comment(), page="2002"), CONFIG)
    assert caught.value.code == "other_page"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kari Nordmann", True),
        ("Kari Nordmann 😂😂", True),
        ("Ola Hansen, Kari B. Lie", True),
        ("Ida og Per Moe ❤️", True),
        ("Jean-Luc O'Neil", True),
        ("@Mikko Mäkinen @Åsa Öberg", True),
        ("Kari", False),
        ("Hei Kari Nordmann", False),
        ("Kari Nordmann?", False),
        ("Når Åpner Dere", False),
        ("KARI NORDMANN SE HER", False),
        ("Kari Nordmann se her da", False),
        ("Fiber Er Dårlig", False),
        ("", False),
        ("👍", False),
    ],
)
def test_what_only_tags_friends(text: str, expected: bool) -> None:
    assert only_tags(text) is expected


def test_where_meta_says_which_words_are_names() -> None:
    tags = [{"id": "1", "name": "kari n", "offset": 0, "length": 6, "type": "user"}]
    assert only_tags("kari n 😂", tags)
    assert not only_tags("kari n se her", tags)
    assert one(comment(message="Kari Nordmann Ola Hansen")).own.proposed == "tag"
