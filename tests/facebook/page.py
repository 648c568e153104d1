"""What tests of the Facebook page do again and again, with the stand-in for Meta."""

from typing import Any

import httpx

from svardesk import wiring
from svardesk.channels.facebook import posts
from svardesk.kit.ids import uuid7
from svardesk.spine.events import Recorded, decode
from tests.messenger.world import Desk


async def react(desk: Desk) -> None:
    """Run what the house does on what has happened, until nothing happens any more."""
    while True:
        async with desk.db.system() as tx:
            rows = await tx.all(b"DELETE FROM event_outbox RETURNING id, account_id, stream, type, version, payload")
        if not rows:
            return
        for row in sorted(rows, key=lambda one: one["id"]):
            event = decode(row["type"], row["version"], row["payload"])
            told = Recorded(
                0, row["account_id"], row["stream"], 0, row["type"], row["version"], desk.clock.now(), event
            )
            async with desk.db.work(row["account_id"]) as tx:
                for reaction in wiring.reactions().get(type(event), ()):
                    await reaction.run(tx, [told])


async def work(desk: Desk) -> None:
    """Everything that a worker would do now."""
    await desk.take()
    await react(desk)
    await desk.send()
    await desk.take()
    await react(desk)


async def threads(desk: Desk, channel: str = "facebook") -> list[dict[str, Any]]:
    """The conversations of a channel, as the inbox shows them, the first begun first."""
    answer = await desk.client.get("/api/v1/conversations", params={"channel": channel, "limit": 100})
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["items"], key=lambda one: one["number"])


async def said(desk: Desk, conversation_id: str) -> list[dict[str, Any]]:
    """What people and we said in a conversation."""
    answer = await desk.client.get(f"/api/v1/conversations/{conversation_id}/messages", params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["messages"] if one["kind"] != "system"]


async def one(desk: Desk, conversation_id: str, text: str) -> dict[str, Any]:
    """The message with this text."""
    return next(each for each in await said(desk, conversation_id) if each["body"] == text)


async def answer(
    desk: Desk, conversation_id: str, body: str, reply_to: str | None = None, **more: Any
) -> httpx.Response:
    """An agent answers; what follows is up to ``work``."""
    given = {"client_id": str(uuid7()), "kind": "answer", "body": body, "confirm": True, "reply_to": reply_to, **more}
    return await desk.client.post(f"/api/v1/conversations/{conversation_id}/messages", json=given)


async def privately(desk: Desk, message_id: str, body: str, client_id: str | None = None) -> httpx.Response:
    """An agent replies to a comment in private."""
    given = {"client_id": client_id or str(uuid7()), "body": body}
    return await desk.client.post(f"/api/v1/comments/{message_id}/private-reply", json=given)


async def do(desk: Desk, message_id: str, **what: Any) -> httpx.Response:
    """An agent does something about a comment."""
    return await desk.client.patch(f"/api/v1/comments/{message_id}", json=what)


async def look(desk: Desk) -> int:
    """Ask the page about posts."""
    return await posts.sweep(desk.db, desk.clock, desk.house.keyring)


async def rows(desk: Desk, query: str, **values: Any) -> list[dict[str, Any]]:
    """Rows of the desk's own account."""
    async with desk.db.work(desk.account.id) as tx:
        return await tx.all(query.encode(), **values)


def name_of(message: dict[str, Any]) -> str | None:
    """Who wrote a message."""
    return message["author"]["name"]
