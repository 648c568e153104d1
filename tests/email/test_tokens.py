"""Reply addresses and Message-IDs: read back by us, and by nobody made but us."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.email.tokens import (
    LONGEST_LOCAL_PART,
    message_id,
    read_message_id,
    read_reply_token,
    reply_address,
    reply_token,
)

KEY = b"k" * 32
OTHER = b"o" * 32
CONVERSATION = UUID("019a8d3f-0000-7000-8000-0123456789ab")
MESSAGE = UUID("019a8d3f-0000-7000-8000-ba9876543210")

keys = st.binary(min_size=16, max_size=64)
mailboxes = st.builds(
    "{}@{}".format,
    st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=60),
    st.sampled_from(["fjordnett.example", "in.example.no"]),
)


def test_the_form_of_both() -> None:
    """They are in mails that customers have for years: a change of form must not pass unseen."""
    token = reply_token(CONVERSATION, KEY)
    assert token == "agni2pyaabyabaaaaerukz4jvousqb2nbas2ibskje"
    assert len(token) == 42
    assert token.isascii() and token == token.lower() and token.isalnum()
    assert reply_address(CONVERSATION, KEY, "svar@in.example") == f"svar+{token}@in.example"
    made = message_id(CONVERSATION, MESSAGE, KEY, "fjordnett.example")
    assert made == "<c.agni2pyaabyabaaaaerukz4jvm.agni2pyaabyabaaaxkmhmvbsca.npdtiy3iywsyxlyl@fjordnett.example>"
    assert [len(part) for part in made.split("@")[0].split(".")] == [2, 26, 26, 16]


@given(st.uuids(), keys, mailboxes)
def test_a_reply_address_leads_back(conversation: UUID, key: bytes, mailbox: str) -> None:
    address = reply_address(conversation, key, mailbox)
    assert read_reply_token(address, key) == conversation
    assert read_reply_token(address.upper(), key) == conversation
    assert read_reply_token(f" <{address}> ", key) == conversation
    assert read_reply_token(address, OTHER, key) == conversation
    assert read_reply_token(f"noe+annet+{address.split('+', 1)[1]}", key) == conversation
    assert len(address.rpartition("@")[0].encode()) <= LONGEST_LOCAL_PART
    assert read_reply_token(address.rpartition("@")[0], key) == conversation


@given(st.uuids(), keys, st.integers(0, 41), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_letter_of_a_token_can_be_changed(conversation: UUID, key: bytes, place: int, letter: str) -> None:
    token = reply_token(conversation, key)
    changed = token[:place] + letter + token[place + 1 :]
    expected = conversation if changed == token else None
    assert read_reply_token(f"svar+{changed}@in.example", key) == expected


def test_a_token_is_written_in_one_way_only() -> None:
    """The last letter has bits that stand for nothing."""
    token = reply_token(CONVERSATION, KEY)
    read = [
        read_reply_token(f"svar+{token[:-1]}{letter}@in.example", KEY) for letter in "abcdefghijklmnopqrstuvwxyz234567"
    ]
    assert read.count(CONVERSATION) == 1 and read.count(None) == 31


@given(st.uuids(), keys, keys)
def test_another_key_reads_nothing(conversation: UUID, key: bytes, other: bytes) -> None:
    if key == other:
        return
    assert read_reply_token(reply_address(conversation, key, "svar@in.example"), other) is None
    assert read_message_id(message_id(conversation, conversation, key, "x.example"), other) is None


@given(st.text())
def test_no_address_raises(text: str) -> None:
    assert read_reply_token(text, KEY) is None
    assert read_message_id(text, KEY) is None


@given(st.binary(min_size=26, max_size=26))
def test_made_up_tokens_are_nothing(raw: bytes) -> None:
    from base64 import b32encode

    assert read_reply_token(f"svar+{b32encode(raw).decode().rstrip('=').lower()}@in.example", KEY) is None


@given(st.uuids(), st.uuids(), keys)
def test_a_message_id_leads_back(conversation: UUID, message: UUID, key: bytes) -> None:
    made = message_id(conversation, message, key, "fjordnett.example")
    assert made == message_id(conversation, message, key, "fjordnett.example")
    assert len(made) < 250
    for seen in (
        made,
        made.upper(),
        made.strip("<>"),
        f"  {made}\r\n",
        made.replace("fjordnett.example", "relay.example"),
    ):
        assert read_message_id(seen, key) == (conversation, message)
    assert read_message_id(message_id(message, conversation, key, "x.example"), key) == (message, conversation)


def test_parts_of_two_message_ids_make_no_third() -> None:
    first = message_id(CONVERSATION, MESSAGE, KEY, "x.example").split("@")[0].split(".")
    second = message_id(uuid4(), MESSAGE, KEY, "x.example").split("@")[0].split(".")
    mixed = ".".join([first[0], second[1], first[2], first[3]]) + "@x.example>"
    assert read_message_id(mixed, KEY) is None


def test_a_token_of_one_purpose_is_none_of_another() -> None:
    mac = message_id(CONVERSATION, MESSAGE, KEY, "x.example").split("@")[0].rpartition(".")[2]
    token = reply_token(CONVERSATION, KEY)
    assert not token.endswith(mac)


def test_a_long_mailbox_gives_way() -> None:
    long = "kundeservice.og.fakturaspoersmaal@fjordnett.example"
    assert reply_address(CONVERSATION, KEY, long).startswith("svar+")
    assert reply_address(CONVERSATION, KEY, "kundeservice+x@fjordnett.example").startswith("kundeservice+")
