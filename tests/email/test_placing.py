"""Where a mail belongs: in the order of trust, whatever order it comes in, and nobody gets into what is another's."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svardesk.channels import ingress
from svardesk.channels.email.config import key_of
from svardesk.channels.email.keeping import MOST_AN_HOUR
from svardesk.channels.email.tokens import message_id, reply_address, reply_token
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.email.mailbox import KARI, RING, US, Box, at, letter, make_box, passed
from tests.factories import make_account

PER = "Per <per@fremmed.example>"
LONE = [["Hei"]]


@pytest.fixture
async def box(fresh_db: Database, clock: FixedClock) -> Box:
    return await make_box(fresh_db, clock)


def about(thing: str, **more: str) -> bytes:
    """Kari's first mail about something, with its own id."""
    return letter(thing, Message_ID=f"<{thing}@example.no>", Subject=thing, **more)


async def token(box: Box, number: int) -> str:
    """The reply address of a conversation."""
    return reply_address(await box.conversation(number), key_of(await box.connection()), US)


# ------------------------------------------------------------------------------------------------ the order of trust


async def test_the_surest_sign_decides(box: Box) -> None:
    await box.arrive(*(about(thing) for thing in ("A", "B", "C", "D", "E")))
    purged = await box.answer(4)
    async with box.db.work(box.account.id) as tx:
        # As after retention: rows of that mail are gone, its id can still prove itself.
        await tx.run("DELETE FROM mail_ids WHERE conversation_id = %(id)s", id=await box.conversation(4))
    signs: dict[str, dict[str, str]] = {
        "token": {"To": await token(box, 1)},
        "answered": {"In_Reply_To": "<B@example.no>"},
        "last of references": {"References": "<A@example.no> <unknown@example.no> <C@example.no>"},
        "our own id": {"References": purged.outgoing.message_id},
        "number": {"Subject": "Re: [#5] E"},
    }
    for number, first in enumerate(signs, start=1):
        # Each sign stands above all that come after it.
        below: dict[str, str] = {}
        for sign in reversed(list(signs)[number - 1 :]):
            below |= signs[sign]
        await box.arrive(letter(f"by {first}", Message_ID=f"<reply.{number}@example.no>", **below))
    found = await box.threads()
    assert found == [
        ["A", "by token"],
        ["B", "by answered"],
        ["C", "by last of references"],
        ["D", "by our own id"],
        ["E", "by number"],
    ]
    assert not any(stranger for _, _, stranger in await box.said())


@pytest.mark.parametrize("where", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
async def test_a_token_is_found_wherever_servers_put_it_and_in_any_case(box: Box, where: str) -> None:
    await box.arrive(letter("Hei"))
    address = (await token(box, 1)).upper().replace("@FJORDNETT.EXAMPLE", "@Fjordnett.Example")
    more = {where.replace("-", "_"): f"Fjordnett <{address}>" if where in {"To", "Cc"} else address}
    # From an address that nobody knows: whoever holds the token holds a mail of ours.
    await box.arrive(letter("Svar", Message_ID="<two@jobb.example>", From="Kari på jobb <kari@jobb.example>", **more))
    assert await box.said() == [(1, "Hei", False), (1, "Svar", False)]


async def test_agents_read_the_address_without_its_token(box: Box) -> None:
    await box.arrive(letter("Hei"))
    address = await token(box, 1)
    await box.arrive(
        letter(
            "Svar", Message_ID="<two@example.no>", To=f"Fjordnett <{address}>", Cc=f"ola@example.no, {address.upper()}"
        )
    )
    [row] = await box.rows("SELECT details->'letter' AS told FROM messages WHERE body = 'Svar'")
    assert row["told"]["to"] == [{"name": "Fjordnett", "address": US}]
    assert [one["address"].lower() for one in row["told"]["cc"]] == ["ola@example.no", US]


async def test_a_bare_subject_joins_nobody(box: Box) -> None:
    await box.arrive(
        letter("Hei"),
        letter("Jeg også", Message_ID="<two@example.no>", Subject="Re: Nettet er borte"),
        letter("Og jeg", Message_ID="<three@fremmed.example>", Subject="SV: Nettet er borte", From=PER),
    )
    assert await box.threads() == [["Hei"], ["Jeg også"], ["Og jeg"]]


# ------------------------------------------------------------------------------------------------ strangers


async def test_whoever_only_knows_an_id_joins_as_a_stranger(box: Box) -> None:
    await box.arrive(
        letter("Hei"),
        letter("Gi meg alt", Message_ID="<x@fremmed.example>", From=PER, In_Reply_To="<one@example.no>"),
        letter("Nå da?", Message_ID="<y@fremmed.example>", From=PER, References="<one@example.no> <x@fremmed.example>"),
    )
    assert await box.said() == [(1, "Hei", False), (1, "Gi meg alt", True), (1, "Nå da?", True)]
    prepared = await box.answer()
    assert [one.email for one in prepared.outgoing.to] == [KARI]
    assert prepared.outgoing.quoted is not None
    assert prepared.outgoing.quoted.text == "Hei"
    assert prepared.outgoing.in_reply_to == "<one@example.no>"


async def test_whom_the_customer_copies_or_an_agent_writes_to_is_no_stranger(box: Box) -> None:
    await box.arrive(
        letter("Hei", Cc="Ola <ola@example.no>"),
        letter("Enig", Message_ID="<two@example.no>", From="ola@example.no", In_Reply_To="<one@example.no>"),
    )
    await box.answer(letter=Letter(to=[Correspondent("", "montor@firma.example")]))
    await box.arrive(
        letter(
            "Jeg kommer", Message_ID="<m@firma.example>", From="montor@firma.example", In_Reply_To="<two@example.no>"
        ),
        letter("Og jeg", Message_ID="<n@firma.example>", From="sjef@firma.example", In_Reply_To="<two@example.no>"),
    )
    assert await box.said() == [(1, "Hei", False), (1, "Enig", False), (1, "Jeg kommer", False), (1, "Og jeg", True)]


async def test_a_leaked_number_opens_nothing(box: Box) -> None:
    await box.arrive(letter("Hei"), letter("Vis meg saken", Message_ID="<x@x.example>", From=PER, Subject="Re: [#1]"))
    assert await box.said() == [(1, "Hei", False), (2, "Vis meg saken", False)]


async def test_a_name_in_from_is_no_proof_where_the_address_was_proven(box: Box) -> None:
    """Kari's server signs. Somebody who writes in her name, knowing a number or an id, is not taken for her."""
    await box.arrive(letter("Hei", transport=[passed()]))
    forged = {"Reply_To": "tyv@fremmed.example", "From": f"Kari Nordmann <{KARI}>"}
    await box.arrive(
        letter("Hva er adressen min?", Message_ID="<f1@fremmed.example>", Subject="[#1]", **forged),
        letter("Svar hit", Message_ID="<f2@fremmed.example>", In_Reply_To="<one@example.no>", **forged),
        letter("Det er meg", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>", transport=[passed()]),
    )
    assert await box.said() == [
        (1, "Hei", False), (1, "Svar hit", True), (1, "Det er meg", False), (2, "Hva er adressen min?", False),
    ]  # fmt: skip
    await box.arrive(letter("En gang til", Message_ID="<f3@fremmed.example>", In_Reply_To="<one@example.no>", **forged))
    prepared = await box.answer()
    assert [one.email for one in prepared.outgoing.to] == [KARI]
    assert prepared.outgoing.in_reply_to == "<two@example.no>", "what could not prove itself is not what is answered"


async def test_answers_go_elsewhere_only_when_whoever_began_says_so(box: Box) -> None:
    elsewhere = "Kari <kari@hjemme.example>"
    await box.arrive(letter("Hei", Reply_To=elsewhere))
    assert [one.email for one in (await box.answer()).outgoing.to] == ["kari@hjemme.example"]
    # Who got our answer takes part, and may be named again; an address that nobody knows may not.
    await box.arrive(letter("Mer", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>", Reply_To=elsewhere))
    assert [one.email for one in (await box.answer()).outgoing.to] == ["kari@hjemme.example"]
    await box.arrive(
        letter("Nei", Message_ID="<three@x.example>", In_Reply_To="<one@example.no>", Reply_To="tyv@fremmed.example")
    )
    assert [one.email for one in (await box.answer()).outgoing.to] == [KARI]
    await box.arrive(
        letter(
            "Jo", Message_ID="<four@example.no>", In_Reply_To="<one@example.no>", Reply_To="ny@hjemme.example",
            transport=[passed()],
        )
    )  # fmt: skip
    assert [one.email for one in (await box.answer()).outgoing.to] == ["ny@hjemme.example"], "this one is proven"


async def test_where_answers_go_stands_beside_the_mail(box: Box) -> None:
    """Agents see who is answered before they answer: a borrowed From and a Reply-To of one's own is how words are stolen."""
    answers = {"Reply_To": "Tyv <tyv@fremmed.example>"}
    own = {"Reply_To": f"{US}, Kari <{KARI}>"}
    await box.arrive(
        letter("Hva er koden min?", **answers),
        letter("Takk", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>", Reply_To="annen@fremmed.example"),
        letter("Annet", Message_ID="<three@example.no>", Subject="Annet", **own),
        letter("Feil", Message_ID="<four@example.no>", Subject="Feil", Reply_To='"a b"@example.no'),
    )
    rows = await box.rows("SELECT body, details->'letter'->'reply_to' AS told FROM messages ORDER BY created_at, id")
    told = {row["body"]: row["told"] for row in rows}
    there = [{"name": "Tyv", "address": "tyv@fremmed.example"}]
    assert told == {"Hva er koden min?": there, "Takk": None, "Annet": None, "Feil": None}
    async with box.db.work(box.account.id) as tx:
        await tx.run("UPDATE messages SET deleted_at = %(now)s WHERE body = 'Takk'", now=box.clock.now())
    for number, to in (1, "tyv@fremmed.example"), (2, KARI), (3, KARI):
        assert [one.email for one in (await box.answer(number)).outgoing.to] == [to]


async def test_borrowing_an_id_draws_no_replies_away(box: Box) -> None:
    await box.arrive(letter("Hei"), letter("Jeg har samme nummer", From=PER, Subject="Annet"))
    await box.arrive(letter("Svar", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>"))
    assert await box.threads() == [["Hei", "Svar"], ["Jeg har samme nummer"]]


# ------------------------------------------------------------------------------------------------ tokens of others


async def test_a_token_that_is_not_ours_opens_nothing(box: Box, clock: FixedClock) -> None:
    await box.arrive(letter("Hei"))
    sales = await make_box(box.db, clock, box.account, address="salg@fjordnett.example")
    theirs = await make_box(box.db, clock)
    await theirs.arrive(letter("Hos naboen"))
    mine, neighbours = await box.conversation(), await theirs.conversation()
    keys = {
        "of another mailbox": (mine, key_of(await sales.connection())),
        "of another organisation": (mine, key_of(await theirs.connection())),
        "for another organisation": (neighbours, key_of(await theirs.connection())),
        "made up": (mine, b"x" * 32),
        "for what is not there": (uuid7(), key_of(await box.connection())),
    }
    addresses = {name: reply_address(*made, US) for name, made in keys.items()}
    good = reply_token(mine, key_of(await box.connection()))
    addresses["with another last letter"] = (
        f"kundeservice+{good[:-1]}{'a' if good[-1] != 'a' else 'b'}@fjordnett.example"
    )
    addresses["cut short"] = f"kundeservice+{good[:-1]}@fjordnett.example"
    for number, (name, address) in enumerate(addresses.items()):
        await box.arrive(letter(name, Message_ID=f"<t{number}@x.example>", To=address, From=PER))
    assert await box.threads() == [["Hei"], *([name] for name in addresses)]
    assert await theirs.threads() == [["Hos naboen"]]


async def test_a_message_id_that_is_not_ours_proves_nothing(box: Box, clock: FixedClock) -> None:
    await box.arrive(letter("Hei"))
    theirs = await make_box(box.db, clock)
    await theirs.arrive(letter("Hos naboen", Message_ID="<nabo@example.no>"))
    mine = await box.conversation()
    made = {
        "by another key": message_id(mine, uuid7(), key_of(await theirs.connection()), "fjordnett.example"),
        "of the neighbour": message_id(
            await theirs.conversation(), uuid7(), key_of(await theirs.connection()), "fjordnett.example"
        ),
        "a customer's at the neighbour's": "<nabo@example.no>",
    }
    for number, (name, one) in enumerate(made.items()):
        await box.arrive(letter(name, Message_ID=f"<m{number}@x.example>", In_Reply_To=one))
    assert await box.threads() == [["Hei"], *([name] for name in made)]
    assert await theirs.threads() == [["Hos naboen"]]


async def test_what_was_put_away_is_not_continued(box: Box) -> None:
    await box.arrive(letter("Hei"))
    prepared, address = await box.answer(), await token(box, 1)
    async with box.db.work(box.account.id) as tx:
        await tx.run("UPDATE conversations SET archived_at = %(now)s", now=box.clock.now())
    await box.arrive(
        letter("by token", Message_ID="<a@example.no>", To=address),
        letter("by id", Message_ID="<b@example.no>", In_Reply_To="<one@example.no>"),
        letter("by ours", Message_ID="<c@example.no>", In_Reply_To=prepared.outgoing.message_id),
        letter("by number", Message_ID="<d@example.no>", Subject="[#1]"),
    )
    assert await box.threads() == [["Hei"], ["by token"], ["by id"], ["by ours"], ["by number"]]


# ------------------------------------------------------------------------------------------------ once, and never lost


async def test_the_same_mail_by_two_routes_is_one(box: Box) -> None:
    one = letter(
        "Hei", transport=["Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0100", "Delivered-To: a@b.example"]
    )
    other = letter("Hei", transport=["Received: from list by b; Mon, 23 Nov 2026 09:07:00 +0100", "X-Spam: no"])
    await box.arrive(one, other, one.replace(b"\r\n", b"\n"), other)
    assert await box.threads() == LONE


async def test_what_a_database_does_not_take_costs_no_mail(box: Box) -> None:
    """A zero byte in whatever field: the mail stands in the inbox all the same."""
    whole = letter(
        "Hei", Cc="Ola <ola@example.no>", Reply_To="Kari <kari@hjemme.example>", Delivered_To=US,
        References="<a@example.no>", Content_ID="<c@example.no>",
    )  # fmt: skip
    lines = whole.split(b"\r\n")
    for number, line in enumerate(lines):
        put = line[: len(line) * 2 // 3] + b"\x00" + line[len(line) * 2 // 3 :]
        raw = b"\r\n".join([*lines[:number], put, *lines[number + 1 :]]).replace(b"Hei", b"nr. %d" % number)
        await box.arrive(raw)
    assert await box.aside() == []
    assert sum(map(len, await box.threads())) == len(lines)


async def test_a_subject_turns_nothing_round_in_the_list(box: Box) -> None:
    """A direction mark would show what stands after it backwards, in the list and in the head of the conversation."""
    await box.arrive(letter("Hei", Subject="Faktura \u202efdp.exe\u2066\u0007"))
    [row] = await box.rows(
        "SELECT c.subject, m.details->'letter'->>'subject' AS told FROM conversations c JOIN messages m ON true"
    )
    assert row == {"subject": "Faktura fdp.exe", "told": "Faktura fdp.exe"}


async def test_our_own_mail_that_a_machine_sends_back_is_known_by_its_mark(box: Box, clock: FixedClock) -> None:
    """Forwarding programs put their own name and id on what they send; what we wrote on it stays."""
    back = {"From": PER, "Subject": "Nettet er borte", "Message_ID": "<loop@fremmed.example>"}
    await box.arrive(letter("Vi ser på det.", X_Svardesk_Loop=str(box.account.id), **back))
    [row] = await box.rows("SELECT automated FROM messages")
    assert row["automated"], "it starts no clock and gets no receipt"
    # Somebody else's Svardesk, where a person has written, is a customer like others.
    theirs = await make_box(box.db, clock)
    await theirs.arrive(letter("Vi ser på det.", X_Svardesk_Loop=str(box.account.id), **back))
    assert [row["automated"] for row in await theirs.rows("SELECT automated FROM messages")] == [False]


async def test_a_mail_to_two_of_our_mailboxes_stands_once_in_its_conversation(box: Box, clock: FixedClock) -> None:
    sales = await make_box(box.db, clock, box.account, address="salg@fjordnett.example")
    both = {"To": f"{US}, salg@fjordnett.example"}
    await box.arrive(letter("Hei"))
    answer = letter("Svar", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>", **both)
    await box.arrive(answer)
    await sales.arrive(answer)
    assert await box.threads() == [["Hei", "Svar"]]
    # Another mail under the same id is another mail; one that begins something is seen by both.
    await sales.arrive(letter("Annet svar", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>", **both))
    first = letter("Ny sak", Message_ID="<three@example.no>", **both)
    await box.arrive(first)
    await sales.arrive(first)
    assert await box.threads() == [["Hei", "Svar", "Annet svar"], ["Ny sak"], ["Ny sak"]]


async def test_the_same_id_with_another_text_is_not_lost(box: Box) -> None:
    await box.arrive(letter("Hei"), letter("Hei igjen"), letter("Hei", Subject="Et annet emne"))
    assert sorted(text for thread in await box.threads() for text in thread) == ["Hei", "Hei", "Hei igjen"]


async def test_our_own_answer_that_comes_by_becomes_no_message(box: Box, clock: FixedClock) -> None:
    await box.arrive(letter("Hei"))
    prepared = await box.answer()
    own = letter("Vi ser på det.", From=US, To=KARI, Message_ID=prepared.outgoing.message_id)
    sales = await make_box(box.db, clock, box.account, address="salg@fjordnett.example")
    await box.arrive(own)
    await sales.arrive(own)
    assert await box.threads() == LONE
    # A program that answers under the id of what it answers is not us.
    await box.arrive(letter("Takk!", To=US, Message_ID=prepared.outgoing.message_id))
    assert sorted(text for thread in await box.threads() for text in thread) == ["Hei", "Takk!"]


async def test_a_program_in_a_circle_is_set_aside_and_what_had_waited_is_not(box: Box) -> None:
    old = [letter(f"gammel {n}", Message_ID=f"<o{n}@x.example>", Date=at(6)) for n in range(MOST_AN_HOUR + 5)]
    await box.store(*old)
    await box.sweep()
    assert await box.aside() == []
    fresh = [letter(f"fersk {n}", Message_ID=f"<f{n}@x.example>", Date=at(8, 59)) for n in range(MOST_AN_HOUR + 3)]
    await box.store(*fresh)
    await box.sweep()
    aside = await box.aside()
    assert len(aside) == 3
    assert aside[0].startswith("TooManyMails: too_many_mails")
    await box.arrive(letter("Fra en annen", Message_ID="<per@x.example>", From=PER, Date=at(8, 59)))
    box.clock.advance(hours=2)
    await box.arrive(letter("Senere", Message_ID="<later@x.example>", Date=at(10, 59)))
    assert len(await box.aside()) == 3
    texts = [text for thread in await box.threads() for text in thread]
    assert len(texts) == 2 * MOST_AN_HOUR + 7


# ------------------------------------------------------------------------------------------------ any order


@pytest.fixture(scope="module")
def runner(clone: Callable[[], str]) -> Iterator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as loop:
        db = Database(clone(), pool_min=2, pool_max=8, name="placing")
        loop.run(db.open())
        yield loop, db
        loop.run(db.close())


def thread(parents: list[int]) -> list[bytes]:
    """A thread of mails: each answers an earlier one and names all that are above it, as mail programs do."""
    chains: list[list[int]] = []
    mails: list[bytes] = []
    for number, parent in enumerate(parents):
        chain = [*chains[parent], parent] if number else []
        chains.append(chain)
        more: dict[str, Any] = {}
        if chain:
            more = {
                "In_Reply_To": f"<m{chain[-1]}@example.no>",
                "References": " ".join(f"<m{one}@example.no>" for one in chain),
            }
        mails.append(letter(f"m{number}", Message_ID=f"<m{number}@example.no>", **more))
    return mails


SHAPES = st.integers(2, 6).flatmap(
    lambda count: st.tuples(
        st.tuples(*(st.integers(0, max(0, number - 1)) for number in range(count))).map(list),
        st.permutations(range(count)),
        st.lists(st.integers(0, count - 1), max_size=4),
        st.integers(1, 3),
    )
)


@given(SHAPES)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))  # pyright: ignore[reportArgumentType]
def test_a_thread_is_one_conversation_in_whatever_order_it_comes(
    runner: tuple[asyncio.Runner, Database], shape: tuple[list[int], list[int], list[int], int]
) -> None:
    parents, order, again, workers = shape
    loop, db = runner

    async def play() -> None:
        box = await make_box(db, FixedClock())
        mails = thread(parents)
        routes = itertools.count()
        sent = [mails[number] for number in order]
        sent += [f"Received: by route{next(routes)}\r\n".encode() + mails[number] for number in again]
        await box.store(*sent)
        # Several workers at once, each with what it got hold of.
        await asyncio.gather(*(ingress.sweep(db, box.clock, RING) for _ in range(workers)))
        await box.sweep()
        assert await box.aside() == []
        found = await box.threads()
        # The first mail alone names nothing. Whatever names it, or is named, is with it.
        assert sorted(text for one in found for text in one) == sorted(f"m{number}" for number in range(len(parents)))
        assert len(found) == 1, found

    loop.run(play())


async def test_answers_of_two_people_to_what_we_never_saw_stay_apart(box: Box) -> None:
    """A newsletter that another system sent."""
    news = {"References": "<news.7@butikk.example>"}
    await box.arrive(
        letter("Stopp disse brevene", Message_ID="<a@example.no>", **news),
        letter("Fint tilbud", Message_ID="<b@fremmed.example>", From=PER, **news),
        letter("Hallo?", Message_ID="<c@example.no>", **news),
    )
    assert await box.said() == [(1, "Stopp disse brevene", False), (1, "Hallo?", False), (2, "Fint tilbud", False)]


async def test_two_workers_place_two_mails_of_one_thread_together(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has claimed one of them, and neither has committed when the other looks."""
    monkeypatch.setattr(ingress, "BATCH", 1)
    for turn in range(8):
        first = letter("Hei", Message_ID=f"<a{turn}@example.no>")
        second = letter("Svar", Message_ID=f"<b{turn}@example.no>", In_Reply_To=f"<a{turn}@example.no>")
        await box.store(second, first)
        await asyncio.gather(*(ingress.sweep(box.db, box.clock, RING) for _ in range(2)))
    await box.sweep()
    assert sorted(map(sorted, await box.threads())) == [["Hei", "Svar"]] * 8


async def test_nothing_crosses_the_wall_between_organisations(fresh_db: Database, clock: FixedClock) -> None:
    """The same mail to two organisations, and every sign of the one used at the other."""
    one, other = [await make_box(fresh_db, clock, await make_account(fresh_db)) for _ in range(2)]
    await one.arrive(letter("Hei"))
    await other.arrive(letter("Hei"))
    assert await one.threads() == await other.threads() == LONE
    prepared = await one.answer()
    signs: list[dict[str, str]] = [
        {"To": await token(one, 1)},
        {"In_Reply_To": prepared.outgoing.message_id},
        {"Subject": "[#1]", "From": PER},
    ]
    for number, sign in enumerate(signs):
        await other.arrive(letter(f"tegn {number}", Message_ID=f"<w{number}@x.example>", **sign))
    assert await one.threads() == LONE
    assert len(await other.threads()) == 1 + len(signs)
    accounts: set[UUID] = {one.account.id, other.account.id}
    assert len(accounts) == 2
