"""Search: beginnings and stems in six languages, the wall, order, pages, safe snippets; contacts best first."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.conversations import search
from svardesk.conversations.errors import BadCursor
from svardesk.conversations.events import MessageReceived
from svardesk.conversations.reactions import index_words
from svardesk.conversations.schemas import Found
from svardesk.spine import Recorded
from tests.conversations.conftest import Desk
from tests.factories import insert, make_account, make_agent, make_contact


async def _say(desk: Desk, body: str, thread: str = "t1", **more) -> UUID:
    got = await desk.receive(body, thread=thread, **more)
    await _index(desk, got.message_id)
    desk.clock.advance(60)
    return got.message_id


async def _index(desk: Desk, *message_ids: UUID) -> None:
    batch = [
        Recorded(1, desk.account.id, uuid4(), 0, "message_received", 1, desk.now,
                 MessageReceived(stream=uuid4(), message_id=one, seq=1))
        for one in message_ids
    ]  # fmt: skip
    async with desk.db.work(desk.account.id) as tx:
        await index_words(tx, batch)
        await index_words(tx, batch)


async def _find(desk: Desk, typed: str, agent=None, **more) -> Found:
    async with desk.db.work(desk.account.id) as tx:
        return await search.search(tx, (agent or desk.kari).caller, typed, **more)


async def _bodies(desk: Desk, typed: str, agent=None) -> list[str]:
    return [one.message.body for one in (await _find(desk, typed, agent, kind="messages")).messages]


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        ("Jeg venter på fakturaen", "faktura"),
        ("Jeg venter på fakturaen", "fakturaer"),
        ("Jeg venter på fakturaen", "FAKT"),
        ("Bredbåndet er nede i Ålesund", "bredbånd"),
        ("Bredbåndet er nede i Ålesund", "ålesund bredbånd"),
        ("Eg har ikkje fått rekninga", "rekning"),
        ("Jeg mangler leveringen", "leveringer"),
        ("Vi har fået regningerne", "regning"),
        ("Beställningarna kom aldrig", "beställning"),
        ("Laskut ovat väärin", "lasku"),
        ("En ole saanut laskuani", "laskut"),
        ("My invoices are wrong", "invoice"),
        ("The parties agreed", "party"),
        ("Er det en kafé i Søgne?", "kafe"),
        ("Ordre nr. 2026-11234 mangler", "11234"),
        ("Skriv til kari.hansen@example.no", "kari.hansen@example.no"),
        ("Skriv til kari.hansen@example.no", "kari.han"),
        ("Nett-TV virker ikke", "nett-tv"),
        ("Nett-TV virker ikke", "tv"),
        ("Problem med faktura", "problem med en faktura"),
        ("Det er om å gjøre", "om"),
    ],
)
async def test_found(desk: Desk, body: str, typed: str):
    await _say(desk, body)
    await _say(desk, "Noe helt annet", "t2")
    assert await _bodies(desk, typed) == [body]


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        ("Får du tak i ham?", "far"),
        ("Langt borte", "lang vei"),
        ("Jeg venter på fakturaen", "aktura"),
        ("Hei", "å"),
        ("Hei", "' | hei & !x:* \\ (("),
        ("Hei", "%"),
        ("Hei", "   "),
        ("Hei", "\x00"),
    ],
)
async def test_not_found(desk: Desk, body: str, typed: str):
    await _say(desk, body)
    assert await _bodies(desk, typed) == []


async def test_newest_first_and_pages(desk: Desk):
    bodies = [f"Ruteren nummer {n} blinker" for n in range(45)]
    for body in bodies:
        await _say(desk, body)
    seen: list[str] = []
    cursor = None
    sizes = []
    while True:
        found = await _find(desk, "ruter", kind="messages", cursor=cursor)
        seen += [one.message.body for one in found.messages]
        sizes.append(len(found.messages))
        cursor = found.next_cursor
        if cursor is None:
            break
    assert seen == bodies[::-1]
    assert sizes == [20, 20, 5]


async def test_answers_and_notes_are_found_system_lines_are_not(desk: Desk):
    got = await desk.receive("Hei")
    answer = await desk.post(desk.kari, got.conversation_id, "Teknikeren kommer i morgen")
    note = await desk.post(desk.kari, got.conversation_id, "Tekniker bestilt", kind="note")
    await _index(desk, answer.message.id, note.message.id)
    assert set(await _bodies(desk, "tekniker")) == {"Teknikeren kommer i morgen", "Tekniker bestilt"}


async def test_wall_of_closed_team(desk: Desk):
    await _say(desk, "Klage på montøren", "open")
    await _say(desk, "Klage på sjefen", "secret", team_id=desk.inner)
    assert await _bodies(desk, "klage") == ["Klage på montøren"]
    assert await _bodies(desk, "klage", desk.olav) == ["Klage på montøren"]
    assert len(await _bodies(desk, "klage", desk.per)) == 2
    assert len(await _bodies(desk, "klage", desk.siv)) == 2


async def test_the_function_itself_knows_the_agent(desk: Desk):
    """A forged caller without hidden teams gets nothing more: the database looks the agent up."""
    await _say(desk, "Klage på sjefen", "secret", team_id=desk.inner)
    forged = msgspec.structs.replace(desk.kari.caller, hidden_team_ids=())
    async with desk.db.work(desk.account.id) as tx:
        assert (await search.search(tx, forged, "klage")).messages == []
        unknown = msgspec.structs.replace(desk.kari.caller, agent_id=uuid4())
        assert (await search.search(tx, unknown, "klage")).messages == []


async def test_wall_between_organisations(desk: Desk):
    await _say(desk, "Hemmelig faktura")
    stranger = await make_agent(desk.db, await make_account(desk.db, "Nabo AS"), "owner")
    async with desk.db.work(stranger.account_id) as tx:
        found = await search.search(tx, stranger.caller, "faktura hemmelig")
        assert (found.messages, found.contacts) == ([], [])
        assert (await search.search(tx, desk.kari.caller, "faktura")).messages == []
        assert (await search.search(tx, stranger.caller, "Ola Hansen")).contacts == []
    async with desk.db.directory() as tx:
        assert (
            await tx.all("SELECT * FROM search_messages(%(a)s, 'faktura', 'infinity', %(a)s, 10)", a=desk.kari.id) == []
        )
        assert await tx.all("SELECT * FROM search_contacts(%(a)s, 'ola', 10)", a=desk.kari.id) == []
        for inner in ("search_by_words(%(a)s, %(a)s, '{}', 'x', 'infinity', %(a)s, 1)", "search_make_indexes()"):
            with pytest.raises(Exception, match="permission denied"):
                async with tx.savepoint():
                    await tx.all(f"SELECT * FROM {inner}", a=desk.account.id)


async def test_erased_and_archived_are_not_found(desk: Desk):
    message_id = await _say(desk, "Faktura en")
    archived = await desk.receive("Faktura to", thread="t2")
    await _index(desk, archived.message_id)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("UPDATE messages SET deleted_at = now(), body = '' WHERE id = %(id)s", id=message_id)
        await tx.run("UPDATE conversations SET archived_at = now() WHERE id = %(id)s", id=archived.conversation_id)
    assert await _bodies(desk, "faktura") == []


async def test_strange_cursor(desk: Desk):
    with pytest.raises(BadCursor):
        await _find(desk, "faktura", cursor="tull")


async def test_snippet_marks_what_was_found(desk: Desk):
    long = "Hei der. " * 40 + "Så kom <b>fakturaen</b> & fakturagebyret på Fakturaer! " + "Hilsen meg. " * 40
    await _say(desk, long)
    (hit,) = (await _find(desk, "faktura")).messages
    assert "&lt;b&gt;<mark>fakturaen</mark>&lt;/b&gt; &amp; <mark>fakturagebyret</mark>" in hit.snippet_html
    assert "<mark>Fakturaer</mark>" in hit.snippet_html
    assert hit.snippet_html.startswith("…") and hit.snippet_html.endswith("…")
    assert len(hit.snippet_html) < 400
    assert hit.conversation.contact.name == "Ola Hansen"


@given(
    st.text(max_size=600), st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), max_size=4)
)
def test_snippets_are_safe(body: str, words: list[str]):
    shown = search.snippet(body, [word.lower() for word in words])
    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare and ">" not in bare and '"' not in bare and "'" not in bare
    assert shown.count("<mark>") == shown.count("</mark>")
    assert len(bare) <= (search.LENGTH + search.BEFORE + 2) * 6


async def test_contacts_by_name_exact_marks_first(desk: Desk):
    for name in ("Åse Berg", "Ase Berg", "Bjørn Sæther", "Hans Åsen", "Kåse Per"):
        await make_contact(desk.db, desk.account, name)
    assert await _names(desk, "åse") == ["Åse Berg", "Hans Åsen", "Kåse Per", "Ase Berg"]
    assert (await _names(desk, "ase"))[0] == "Ase Berg"
    assert set(await _names(desk, "ase")) == {"Ase Berg", "Åse Berg", "Hans Åsen", "Kåse Per"}
    assert await _names(desk, "bjorn saether") == ["Bjørn Sæther"]
    assert await _names(desk, "sæth bjø") == ["Bjørn Sæther"]
    assert await _names(desk, "Ola Hansen") == ["Ola Hansen"]
    assert (await _names(desk, "Hansne"))[0] == "Ola Hansen"
    assert await _names(desk, "bj") == ["Bjørn Sæther"]
    assert await _names(desk, "xyzzy") == []
    assert await _names(desk, "100%_\\") == []


async def test_contacts_by_address(desk: Desk):
    kari = await make_contact(desk.db, desk.account, "Kari Lie")
    for kind, address in (("email", "kari.lie@example.no"), ("phone", "+4791234567")):
        await insert(
            desk.db, "identities", desk.account.id, contact_id=kari, kind=kind, address=address, created_at=desk.now
        )
    for typed in ("kari.lie@example.no", "example.no", "KARI.LIE", "912 34 567", "+47 91 23 45 67", "4567"):
        assert await _names(desk, typed) == ["Kari Lie"], typed
    (found,) = (await _find(desk, "kari.lie", kind="contacts")).contacts
    assert {one.address for one in found.identities} == {"kari.lie@example.no", "+4791234567"}


async def test_merged_and_archived_contacts_are_not_found(desk: Desk):
    one = await make_contact(desk.db, desk.account, "Dobbel Gjenganger")
    await make_contact(desk.db, desk.account, "Dobbel Gjenganger", merged_into_id=one)
    await make_contact(desk.db, desk.account, "Dobbel Gjenganger", archived_at=desk.now - timedelta(days=1))
    assert await _names(desk, "gjenganger") == ["Dobbel Gjenganger"]


async def test_an_observer_without_contacts_gets_messages_only(desk: Desk):
    await _say(desk, "Ola Hansen har ringt")
    blind = msgspec.structs.replace(desk.kari.caller, permissions=frozenset({"conversations.read"}))
    async with desk.db.work(desk.account.id) as tx:
        found = await search.search(tx, blind, "hansen")
    assert len(found.messages) == 1 and found.contacts == []


async def _names(desk: Desk, typed: str) -> list[str | None]:
    return [one.name for one in (await _find(desk, typed, kind="contacts")).contacts]
