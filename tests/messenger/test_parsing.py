"""Every row of table A2 of the channel notes, and whatever else comes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.contract import Control, InboundEvent, ParseFailed, Raw, Watermark
from svardesk.channels.messenger.parsing import (
    Restriction,
    Roles,
    TemplateNews,
    Unknown,
    metadata,
    parse,
    read_metadata,
)
from svardesk.channels.meta.config import PageConfig
from svardesk.conversations.schemas import Elsewhere
from svardesk.kit.ids import uuid7

PAGE, PERSON, APP, INBOX = "1001", "700000000000001", "555", "263902037430900"
CONFIG = PageConfig(page_id=PAGE, app_id=APP)
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MS = 1_795_424_400_000


def raw(*entries: dict[str, Any]) -> Raw:
    return Raw(body=json.dumps({"object": "page", "entry": list(entries)}).encode(), received_at=AT)


def entry(*items: Any, array: str = "messaging", page: str = PAGE, time: Any = MS) -> dict[str, Any]:
    return {"id": page, "time": time, array: list(items)}


def item(at: int = MS, sender: str = PERSON, recipient: str = PAGE, **body: Any) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **body}


def one(value: dict[str, Any], array: str = "messaging", config: PageConfig = CONFIG) -> InboundEvent:
    [event] = parse(raw(entry(value, array=array)), config)
    return event


def test_text() -> None:
    event = one(item(message={"mid": "m_1", "text": "Hei, når kommer pakken? 👋"}))
    assert (event.type, event.idempotency_key, event.external_id) == ("message", "m:m_1", "m_1")
    assert (event.external_thread_key, event.sender.external_id, event.sender.trust) == (
        PERSON,
        PERSON,
        "platform_account",
    )
    assert event.content.text == "Hei, når kommer pakken? 👋"
    assert event.occurred_at == AT
    assert event.standby is False


def test_quick_reply_tapped() -> None:
    event = one(item(message={"mid": "m", "text": "Ja, takk", "quick_reply": {"payload": "YES"}}))
    assert (event.content.text, event.content.quick_reply_payload) == ("Ja, takk", "YES")


def test_reply_to_a_message() -> None:
    assert (
        one(item(message={"mid": "m", "text": "Den", "reply_to": {"mid": "m_0"}})).content.reply_to_external_id == "m_0"
    )


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file"])
def test_attachments_are_files_to_be_fetched(kind: str) -> None:
    url = "https://cdn.fbsbx.com/v/kvittering.pdf?x=1"
    event = one(item(message={"mid": "m", "attachments": [{"type": kind, "payload": {"url": url}}]}))
    [file] = event.content.attachments
    assert (file.ref, file.storable, event.content.text) == (url, True, "")
    assert (file.name == "kvittering.pdf") is (kind == "file")


def test_attachments_that_may_not_be_kept_stand_as_addresses() -> None:
    config = PageConfig(page_id=PAGE, app_id=APP, keep_media=False)
    said = {"mid": "m", "attachments": [{"type": "image", "payload": {"url": "https://x.fbcdn.net/1"}}]}
    event = one(item(message=said), config=config)
    assert (event.content.text, event.content.attachments) == ("https://x.fbcdn.net/1", ())


def test_sticker_once_and_the_thumb_as_an_emoji() -> None:
    sticker = {"type": "sticker", "payload": {"url": "https://x.fbcdn.net/s.png", "sticker_id": 77}}
    copy = {"type": "image", "payload": {"url": "https://x.fbcdn.net/copy.png", "sticker_id": 77}}
    [file] = one(item(message={"mid": "m", "attachments": [sticker, copy]})).content.attachments
    assert file.ref == "https://x.fbcdn.net/s.png"
    thumb = {"type": "sticker", "payload": {"url": "https://x", "sticker_id": 369239263222822}}
    event = one(item(message={"mid": "m", "attachments": [thumb]}))
    assert (event.content.text, event.content.attachments) == ("👍", ())


def test_shared_links_reels_templates_and_places_are_said_in_words() -> None:
    said = [
        {"type": "fallback", "title": "Tilbud", "url": "https://butikk.example/tilbud", "payload": None},
        {"type": "fallback"},
        {"type": "ig_reel", "payload": {"url": "https://instagram.example/r", "title": "Slik gjør du"}},
        {"type": "reel", "payload": {"url": "https://facebook.example/r"}},
        {"type": "template", "payload": {"generic": {"elements": [{"title": "Ski"}]}}},
        {"type": "location", "title": "Butikken", "payload": {"coordinates": {"lat": 60.39, "long": 5.32}}},
        {"type": "hologram", "payload": {}},
    ]
    text = one(item(message={"mid": "m", "attachments": said})).content.text
    assert text.split("\n") == [
        "Tilbud https://butikk.example/tilbud", "[fallback]", "Slik gjør du https://instagram.example/r",
        "https://facebook.example/r", "Ski", "📍 Butikken https://www.openstreetmap.org/?mlat=60.39&mlon=5.32", "[hologram]",
    ]  # fmt: skip


def test_a_message_that_shows_nothing_says_so() -> None:
    assert "Messenger" in one(item(message={"mid": "m"})).content.text


def test_referral_in_the_first_message() -> None:
    ad = {"ad_title": "Vårsalg", "post_id": "9", "photo_url": "https://x"}
    referral = {"source": "ADS", "type": "OPEN_THREAD", "ad_id": 6045, "ads_context_data": ad}
    event = one(item(message={"mid": "m", "text": "Hei", "referral": referral}))
    assert event.referral == {
        "source": "ADS", "type": "OPEN_THREAD", "ad_id": "6045", "ad_title": "Vårsalg", "post_id": "9",
    }  # fmt: skip


def test_our_own_echo_settles_the_delivery() -> None:
    delivery = uuid7()
    said = {"mid": "m_9", "is_echo": True, "app_id": int(APP), "metadata": metadata(delivery, 1), "text": "Svar"}
    event = one(item(sender=PAGE, recipient=PERSON, message=said))
    assert (event.type, event.idempotency_key, event.external_thread_key) == ("receipt_sent", "m:m_9", PERSON)
    assert event.about == Watermark(external_ids=("m_9",), piece=(delivery, 1))
    assert event.sender.kind == "page"


@pytest.mark.parametrize(
    ("app", "by"),
    [(None, Elsewhere(None, "Meta Business Suite")), (int(INBOX), Elsewhere(INBOX, "Meta Business Suite")),
     (123, Elsewhere("123", None)), (int(APP), Elsewhere(APP, None))],
)  # fmt: skip
def test_echo_of_another_program(app: int | None, by: Elsewhere) -> None:
    said: dict[str, Any] = {"mid": "m", "is_echo": True, "text": "Vi er tilbake mandag"}
    event = one(item(sender=PAGE, recipient=PERSON, message=said | ({} if app is None else {"app_id": app})))
    assert (event.type, event.elsewhere, event.external_id) == ("sent_elsewhere", by, "m")
    assert event.external_thread_key == PERSON


def test_metadata_in_another_apps_echo_is_not_believed() -> None:
    said = {"mid": "m", "is_echo": True, "app_id": 123, "metadata": metadata(uuid7(), 0), "text": "x"}
    assert one(item(sender=PAGE, recipient=PERSON, message=said)).type == "sent_elsewhere"


@pytest.mark.parametrize(
    "found", [None, 7, "", "svardesk", "svardesk:x:0", "svardesk:::", "other:a:0", "svardesk:a:-1"]
)
def test_metadata_that_is_not_ours(found: object) -> None:
    assert read_metadata(found) is None


def test_postback() -> None:
    event = one(
        item(postback={"mid": "m_p", "title": "Kom i gang", "payload": "GET_STARTED", "referral": {"ref": "vår"}})
    )
    assert (event.type, event.idempotency_key, event.content.text) == ("postback", "p:m_p", "Kom i gang")
    assert (event.content.quick_reply_payload, event.referral) == ("GET_STARTED", {"ref": "vår"})


def test_postback_without_mid_and_in_standby_without_payload() -> None:
    assert one(item(postback={"title": "A", "payload": "P"})).idempotency_key == f"p:{PERSON}:P:{MS}"
    event = one(item(postback={"mid": "m", "title": "A"}), array="standby")
    assert (event.content.quick_reply_payload, event.standby) == (None, True)


def test_delivery_with_and_without_mids() -> None:
    for found in ({"watermark": MS}, {"watermark": MS, "mids": ["m_1"]}):
        event = one(item(delivery=found))
        assert (event.type, event.idempotency_key) == ("receipt_delivered", f"d:{PERSON}:{MS}")
        assert event.about == Watermark(up_to=AT)


def test_read() -> None:
    event = one(item(read={"watermark": MS}))
    assert (event.type, event.idempotency_key, event.about) == ("receipt_read", f"r:{PERSON}:{MS}", Watermark(up_to=AT))


def test_reaction_and_taking_it_back() -> None:
    event = one(item(reaction={"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤"}))
    assert (event.type, event.emoji, event.about) == ("reaction", "❤", Watermark(external_ids=("m_1",)))
    assert event.idempotency_key == f"re:m_1:{PERSON}:react:{MS}"
    assert one(item(reaction={"mid": "m_1", "action": "react", "reaction": "angry"})).emoji == "😠"
    assert one(item(reaction={"mid": "m_1", "action": "react", "reaction": "other"})).emoji
    assert one(item(reaction={"mid": "m_1", "action": "unreact"})).emoji is None


def test_edit() -> None:
    event = one(item(message_edit={"mid": "m_1", "text": "Rettet", "num_edit": 2}))
    assert (event.type, event.idempotency_key, event.edit) == ("message_edited", "e:m_1:2", 2)
    assert (event.content.text, event.about) == ("Rettet", Watermark(external_ids=("m_1",)))


def test_deletion() -> None:
    event = one(item(message={"mid": "m_1", "is_deleted": True}))
    assert (event.type, event.idempotency_key, event.about) == (
        "message_deleted",
        "x:m_1",
        Watermark(external_ids=("m_1",)),
    )


def test_referral_in_an_existing_thread_opens_no_window() -> None:
    event = one(item(referral={"ref": "sommer", "source": "SHORTLINK", "type": "OPEN_THREAD"}))
    assert (event.type, event.opens) == ("referral", False)
    assert event.referral == {"source": "SHORTLINK", "type": "OPEN_THREAD", "ref": "sommer"}


@pytest.mark.parametrize(
    ("found", "control"),
    [
        ({"pass_thread_control": {"previous_owner_app_id": int(APP), "new_owner_app_id": 99}}, Control(owner="99", standby=True)),
        ({"pass_thread_control": {"previous_owner_app_id": 99, "new_owner_app_id": int(APP)}}, Control()),
        ({"pass_thread_control": {"previous_owner_app_id": int(APP), "new_owner_app_id": None}}, Control()),
        ({"take_thread_control": {"previous_owner_app_id": int(APP)}}, Control(owner=INBOX, name="Meta Business Suite", standby=True)),
        ({"take_thread_control": {"previous_owner_app_id": 99}}, Control()),
        ({"request_thread_control": {"requested_owner_app_id": 99}}, None),
    ],
)  # fmt: skip
def test_thread_control(found: dict[str, Any], control: Control | None) -> None:
    event = one(item(**found))
    assert (event.type, event.control, event.external_thread_key) == ("thread_control", control, PERSON)


def test_app_roles() -> None:
    event = one({"recipient": {"id": PAGE}, "timestamp": MS, "app_roles": {APP: ["primary_receiver"]}})
    assert (event.type, event.own) == ("connection_event", Roles(("primary_receiver",)))


def test_standby_is_told_apart() -> None:
    assert one(item(message={"mid": "m", "text": "Hei"}), array="standby").standby is True


def test_optin_by_reference() -> None:
    event = one(
        {
            "sender": {"user_ref": "r"},
            "recipient": {"id": PAGE},
            "timestamp": MS,
            "optin": {"ref": "kasse", "user_ref": "r"},
        }
    )
    assert (event.type, event.external_thread_key, event.own) == ("optin", None, {"ref": "kasse"})
    assert one(item(optin={"type": "one_time_notif_req", "payload": "P"})).external_thread_key == PERSON


def test_policy_enforcement_and_business_integrity() -> None:
    event = one(
        {"recipient": {"id": PAGE}, "timestamp": MS, "policy_enforcement": {"action": "block", "reason": "spam"}}
    )
    assert (event.type, event.own) == ("connection_event", Restriction("block", "spam", True))
    again = one({"recipient": {"id": PAGE}, "timestamp": MS, "policy_enforcement": {"action": "unblock"}})
    assert again.own == Restriction("unblock", "", False)
    value = {"status": "active", "feature": "messaging", "violation_type": "spam"}
    told = one({"field": "business_integrity", "value": value}, array="changes")
    assert told.own == Restriction("active", "messaging spam", True)


def test_template_status() -> None:
    value = {"message_template_name": "forsinket", "message_template_language": "nb", "event": "APPROVED"}
    event = one({"field": "message_template_status_update", "value": value}, array="changes")
    assert (event.type, event.own) == ("template_status", TemplateNews("forsinket", "nb", "approved"))


@pytest.mark.parametrize("field", [[], {}, None, 7, "what"])
def test_changes_of_fields_that_are_none_are_unknown(field: object) -> None:
    assert isinstance(one({"field": field, "value": {}}, array="changes").own, Unknown)


def test_the_pages_own_changes_are_left_to_the_page() -> None:
    assert parse(raw(entry({"field": "feed", "value": {}}, array="changes")), CONFIG) == []


@pytest.mark.parametrize(
    "value", [{"new_thing": {"a": 1}}, {}, 7, "x", None, [], {"message": "text"}, {"message": {"mid": "m"}}]
)
def test_unknown_items_are_kept_and_stop_nothing(value: Any) -> None:
    good = item(message={"mid": "m_2", "text": "Hei"})
    events = parse(raw(entry(value, good, {"delivery": {}})), CONFIG)
    assert len(events) == 3
    assert [event.external_id for event in events if event.type == "message"] == ["m_2"]
    unknown = [event for event in events if isinstance(event.own, Unknown)]
    assert len(unknown) == 2
    assert all(event.idempotency_key.startswith("u:") for event in unknown)


def test_all_arrays_of_all_entries_sorted_by_time() -> None:
    first = entry(item(MS + 2000, message={"mid": "c", "text": "c"}), item(MS, message={"mid": "a", "text": "a"}))
    second = entry(item(MS + 1000, message={"mid": "b", "text": "b"}), array="standby")
    both = {**first, "standby": second["standby"]}
    assert [one.external_id for one in parse(raw(both, entry(item(MS + 9, read={"watermark": MS}))), CONFIG)] == [
        "a", None, "b", "c",
    ]  # fmt: skip


def test_times_that_are_none_fall_back() -> None:
    later = MS + 60_000
    for time in (None, "x", -1, 10**30, True):
        event = parse(raw(entry(item(message={"mid": "m", "text": "x"}) | {"timestamp": time}, time=later)), CONFIG)[0]
        assert event.occurred_at.timestamp() * 1000 == later
        assert event.occurred_at.tzinfo is UTC
    event = parse(raw(entry(item(message={"mid": "m", "text": "x"}) | {"timestamp": 0}, time=None)), CONFIG)[0]
    assert event.occurred_at == AT


def test_half_an_emoji_and_nul_lose_no_message() -> None:
    body = json.dumps(
        {"object": "page", "entry": [entry(item(message={"mid": "m", "text": "Hei \ud83d\x00"}))]}
    ).encode()
    [event] = parse(Raw(body=body, received_at=AT), CONFIG)
    assert event.content.text == "Hei ?"


def test_another_pages_entries_are_refused_or_left_out() -> None:
    strange = entry(item(message={"mid": "m", "text": "x"}), page="2002")
    with pytest.raises(ParseFailed, match="another page"):
        parse(raw(strange), CONFIG)
    assert len(parse(raw(strange, entry(item(message={"mid": "n", "text": "y"}))), CONFIG)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"entry":[]}', b'{"entry":[1]}', b"[" * 100_000])
def test_what_is_nothing_of_metas(body: bytes) -> None:
    with pytest.raises(ParseFailed):
        parse(Raw(body=body, received_at=AT), CONFIG)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
NAMES = st.sampled_from(
    ["id", "mid", "text", "attachments", "payload", "url", "type", "referral", "ref", "reply_to", "is_echo", "app_id", "metadata",
     "watermark", "action", "emoji", "num_edit", "new_owner_app_id", "previous_owner_app_id", "quick_reply", "sticker_id", "title",
     "ads_context_data", "coordinates", "lat", "long", "value", "field", "is_deleted"]
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
ITEMS = st.dictionaries(
    st.sampled_from(
        [
            "sender",
            "recipient",
            "timestamp",
            "message",
            "postback",
            "delivery",
            "read",
            "reaction",
            "message_edit",
            "referral",
            "optin",
            "pass_thread_control",
            "take_thread_control",
            "request_thread_control",
            "app_roles",
            "policy_enforcement",
            "field",
            "value",
            "what",
        ]
    ),
    VALUES,
    max_size=5,
)
ANY_ENTRY = st.fixed_dictionaries(
    {"id": st.just(PAGE)},
    optional={
        "time": LEAVES,
        "messaging": st.lists(ITEMS, max_size=3),
        "standby": VALUES,
        "changes": st.lists(ITEMS, max_size=2),
    },
)


@given(st.lists(ANY_ENTRY, min_size=1, max_size=3))
def test_whatever_comes_is_read(entries: list[dict[str, Any]]) -> None:
    for event in parse(raw(*entries), CONFIG):
        assert 0 < len(event.idempotency_key) <= 500
        assert event.occurred_at.tzinfo is not None
        assert event.sender.external_id
        assert "\x00" not in event.content.text + event.idempotency_key
        event.idempotency_key.encode()
        event.content.text.encode()


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with pytest.raises(ParseFailed):
        parse(Raw(body=body, received_at=AT), CONFIG)
