"""Looking again at who a socket belongs to: after changes of rights, after revocations, and when a session has run out.

A socket lives for hours; what was true when it came in need not be true now. Both functions end it when it is over.
"""

from svardesk.accounts import auth
from svardesk.channels.webchat import visitors as webchat
from svardesk.conversations.inbox import lines
from svardesk.house import House
from svardesk.realtime.frames import frame
from svardesk.realtime.hub import SIGNED_OUT, AgentSocket, Hub, VisitorSocket


async def agent(house: House, hub: Hub, socket: AgentSocket) -> bool:
    """Give a tab the rights of today, or sign it out; returns whether it may stay.

    Conversations that it has open and may no longer see are shut, so that neither typing nor pages reach it.
    """
    caller = await auth.renew(house.db, house.clock, socket.caller)
    if caller is None or not caller.may("conversations.read"):
        socket.push(frame("signed_out"))
        socket.close(SIGNED_OUT, "signed_out")
        return False
    changed = caller.hidden_team_ids != socket.caller.hidden_team_ids or caller.role != socket.caller.role
    socket.become(caller)
    if changed:
        opened = list(socket.open)
        if opened:
            async with house.db.work(caller.account_id) as tx:
                seen = await lines(tx, caller, opened)
            for conversation in opened:
                if conversation not in seen:
                    hub.shut(socket, conversation)
                    socket.push(frame("conversation_gone", id=conversation))
        socket.push(frame("refetch", reason="rights"))
    return True


async def visitor(house: House, hub: Hub, socket: VisitorSocket) -> bool:
    """Bind a visitor's tab to the session as it is now, or tell it that it is over; returns whether it may stay."""
    webchat.forget(socket.visitor.id)
    found = await webchat.by_hash(house.db, socket.visitor, house.clock)
    if found is None:
        socket.push(frame("gone"))
        socket.close(SIGNED_OUT, "session_over")
        return False
    hub.bind(socket, found)
    return True
