"""Agents decide: who takes care, what state a conversation is in. Every decision leaves a line in the thread."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import BadSnooze, UnknownAssignee, VersionConflict
from svardesk.conversations.events import ConversationChanged
from svardesk.conversations.schemas import ChangeConversation, ConversationRow, SystemDetails
from svardesk.conversations.seeing import hold_for, who
from svardesk.conversations.store import actor_of, answers, beside, row_of, rows, sql
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

LONGEST_SNOOZE = timedelta(days=366)
WAKE_BATCH = 200


async def change(
    tx: Tx, caller: Caller, now: datetime, conversation_id: UUID, what: ChangeConversation
) -> ConversationRow:
    """Assign, snooze, close or reopen, all that is asked for at once; what already is so leaves no trace.

    Raises ``NoConversation``, ``VersionConflict`` (when a version is given), ``UnknownAssignee``, ``BadSnooze``.
    """
    held = await hold_for(tx, caller, conversation_id)
    if what.version is not None and what.version != held["version"]:
        raise VersionConflict(None, None, version=held["version"])
    state = _state_of(held)
    lines: list[SystemDetails] = []
    if what.assignee_id is not msgspec.UNSET and what.assignee_id != held["assignee_id"]:
        if what.assignee_id is not None and not await tx.maybe(
            sql.can_answer, account_id=tx.account, id=what.assignee_id
        ):
            raise UnknownAssignee(None, None, assignee_id=what.assignee_id)
        state["assignee_id"] = what.assignee_id
        kind = "assigned" if what.assignee_id else "unassigned"
        lines.append(SystemDetails(type=kind, by=caller.agent_id, agent_id=what.assignee_id or held["assignee_id"]))
    if what.team_id is not msgspec.UNSET and what.team_id != held["team_id"]:
        if what.team_id is not None and not await tx.maybe(sql.living_team, account_id=tx.account, id=what.team_id):
            raise UnknownAssignee(None, None, team_id=what.team_id)
        state["team_id"] = what.team_id
        kind = "team_assigned" if what.team_id else "team_removed"
        lines.append(SystemDetails(type=kind, by=caller.agent_id, team_id=what.team_id or held["team_id"]))
    line = _decide_status(state, what, now, caller.agent_id)
    if line is not None:
        lines.append(line)
    if lines:
        await _write(tx, held, state, lines, now, by=caller.agent_id)
    found = await tx.maybe(sql.row_for, account_id=tx.account, id=conversation_id, **who(caller))
    # Moving a conversation to a closed team may take it out of one's own sight: the answer still shows what was done.
    return row_of(found) if found is not None else (await rows(tx, [conversation_id]))[conversation_id]


def _decide_status(state: Row, what: ChangeConversation, now: datetime, by: UUID | None) -> SystemDetails | None:
    """Move ``state`` to the status asked for; returns the line about it, or None when nothing changes."""
    until = what.snoozed_until
    if isinstance(until, datetime):
        if until.tzinfo is None or not now < until <= now + LONGEST_SNOOZE:
            raise BadSnooze
        if state["status"] == "snoozed" and state["snoozed_until"] == until:
            return None
        state.update(status="snoozed", snoozed_until=until, closed_at=None)
        return SystemDetails(type="snoozed", by=by, until=until)
    wanted = what.status
    if wanted is msgspec.UNSET:
        if until is None and state["status"] == "snoozed":
            wanted = "open"
        else:
            return None
    before = state["status"]
    if wanted == before:
        return None
    state.update(status=wanted, snoozed_until=None, closed_at=now if wanted == "closed" else None)
    if wanted != "open":
        # We wait for them, or nobody waits any more: the customer's clock stops.
        state["waiting_since"] = None
        return SystemDetails(type=wanted, by=by)
    return SystemDetails(type="reopened" if before == "closed" else "opened", by=by)


def _state_of(held: Row) -> Row:
    return {
        key: held[key] for key in ("status", "snoozed_until", "assignee_id", "team_id", "waiting_since", "closed_at")
    }


async def _write(
    tx: Tx,
    held: Row,
    state: dict[str, Any],
    lines: list[SystemDetails],
    now: datetime,
    *,
    by: UUID | None,
    activity: bool = False,
) -> None:
    message_ids = [uuid7() for _ in lines]
    for place, (message_id, line) in enumerate(zip(message_ids, lines, strict=True), start=1):
        await tx.run(
            sql.add_line,
            account_id=tx.account,
            id=message_id,
            conversation_id=held["id"],
            seq=held["last_seq"] + place,
            details=encode(line).decode(),
            now=now,
        )
    version = await tx.value(
        sql.change,
        account_id=tx.account,
        id=held["id"],
        last_seq=held["last_seq"] + len(lines),
        activity_at=now if activity else None,
        **state,
    )
    kinds = {"assigned": "assignee", "unassigned": "assignee", "team_assigned": "team", "team_removed": "team"}
    for message_id, line in zip(message_ids, lines, strict=True):
        await record(
            tx,
            ConversationChanged(
                stream=held["id"],
                what=(kinds.get(line.type, "status"),),
                version=version,
                agent_id=by,
                message_id=message_id,
            ),
        )


async def unanswered(tx: Tx, now: datetime, conversation_id: UUID) -> bool:
    """An answer did not arrive: the conversation is open work again, and the customer has waited since they wrote.

    Returns False when it is open already. Idempotent.
    """
    held = await tx.maybe(sql.hold_unanswered, account_id=tx.account, id=conversation_id)
    if held is None or held["status"] == "open":
        return False
    state = _state_of(held) | {"status": "open", "snoozed_until": None, "closed_at": None}
    await _write(tx, held, state, [SystemDetails(type="reopened")], now, by=None, activity=True)
    return True


async def taken_back(tx: Tx, now: datetime, conversation_id: UUID, message_id: UUID, by: UUID) -> None:
    """An answer was taken back before it went out: its customer waits again, and has since they wrote.

    Its files are free for another answer of whoever took it back.
    """
    await tx.run(answers.release_files, account_id=tx.account, message_id=message_id, actor=actor_of(by), now=now)
    version = await tx.value(answers.wait_again, account_id=tx.account, id=conversation_id)
    if version is not None:
        await record(tx, ConversationChanged(stream=conversation_id, what=("status",), version=version, agent_id=by))


async def answered(tx: Tx, now: datetime, message_ids: Sequence[UUID]) -> None:
    """Answers went out: the clocks of their customers stop, where they did not when the answer was written (``send_at``)."""
    for row in await tx.all(answers.answered, account_id=tx.account, message_ids=list(message_ids), now=now):
        await record(tx, ConversationChanged(stream=row["id"], what=("status",), version=row["version"]))


async def put_away(tx: Tx, now: datetime, conversation_id: UUID) -> None:
    """A conversation that only a machine has begun is closed from the start: nobody asked anything."""
    version = await tx.value(sql.put_away, account_id=tx.account, id=conversation_id, now=now)
    if version is not None:
        await record(tx, ConversationChanged(stream=conversation_id, what=("status",), version=version))


async def wake_snoozed(db: Database, clock: Clock) -> int:
    """Open the conversations whose snooze is over, in all organisations; returns how many. A sweep.

    Two workers share the work: what one holds, the other skips; what an agent holds waits for the next look.
    """
    now = clock.now()
    async with db.system() as tx:
        due = await tx.all(sql.to_wake, now=now, limit=WAKE_BATCH)
    by_account: dict[UUID, list[UUID]] = {}
    for row in due:
        by_account.setdefault(row["account_id"], []).append(row["conversation_id"])
    woken = 0
    for account_id, ids in by_account.items():
        async with db.work(account_id) as tx:
            for held in await tx.all(sql.hold_to_wake, account_id=account_id, ids=ids, now=now):
                state = _state_of(held) | {"status": "open", "snoozed_until": None}
                await _write(tx, held, state, [SystemDetails(type="woken")], now, by=None, activity=True)
                woken += 1
    return woken


async def owner_changed(tx: Tx, now: datetime, conversation_id: UUID, name: str | None) -> None:
    """Another program owns the thread at its channel now (None: we do): a line says so, and every screen looks again."""
    held = await tx.maybe(sql.hold_unanswered, account_id=tx.account, id=conversation_id)
    if held is None:
        return
    line = uuid7()
    details = encode(SystemDetails(type="owner_changed", name=name)).decode()
    await tx.run(
        sql.add_line,
        account_id=tx.account,
        id=line,
        conversation_id=conversation_id,
        seq=held["last_seq"] + 1,
        details=details,
        now=now,
    )
    version = await tx.value(beside.line_longer, account_id=tx.account, id=conversation_id, seq=held["last_seq"] + 1)
    await record(
        tx,
        ConversationChanged(stream=conversation_id, what=("owner",), version=version, agent_id=None, message_id=line),
    )
