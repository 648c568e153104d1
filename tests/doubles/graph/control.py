"""The control calls: ``POST /_control/<verb>`` with JSON does what the methods of ``GraphDouble`` do.

Pages, apps, posts and comments are named by their ids; without one the first app and page are meant.
"""

import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from tests.doubles.graph.model import FIELDS, Comment, Json, Page, Person
from tests.doubles.graph.view import view

if TYPE_CHECKING:
    from tests.doubles.graph.server import GraphDouble

Verb = Callable[["GraphDouble", Json], Awaitable[Any]]
VERBS: dict[str, Verb] = {}
PLAIN = ("writes", "taps", "reacts", "unreacts", "edits", "unsends", "reads", "receives", "comes_from", "opts_in")
"""Verbs whose JSON is the arguments of the method of the same name."""


class Refused(Exception):
    """A control call that cannot be carried out; its sentence goes back."""


async def run(double: "GraphDouble", name: str, body: Json) -> Any:
    """Carry out one control call."""
    verb = VERBS.get(name)
    if verb is None:
        raise Refused(f"There is no control call {name}; there are: {', '.join(sorted(VERBS))}.")
    try:
        result = await verb(double, body)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise Refused(f"{name}: {type(error).__name__}: {error}") from error
    double.core.changed()
    return msgspec.to_builtins(result)


def ask(double: "GraphDouble", name: str, query: dict[str, str]) -> Any:
    """Read something: state, sent, actions, calls, refused, misuse, deliveries, alerts, view."""
    core, psid = double.core, query.get("psid")
    if name == "view":
        return view(double, query)
    if name == "state":
        state = double.world.state
        known = {part: list(getattr(state, part).values()) for part in ("apps", "pages", "people", "tokens", "posts")}
        return msgspec.to_builtins(
            known
            | {
                "now": double.world.ms,
                "comments": list(state.comments.values()),
                "templates": list(state.templates.values()),
            }
        )
    if name == "sent":
        return msgspec.to_builtins([one for one in core.sent if psid in {None, one.psid}])
    if name == "actions":
        return msgspec.to_builtins([one for one in core.actions if psid in {None, one.psid}])
    if name == "deliveries":
        rows = core.outbox.deliveries[-int(query.get("last", "200")) :]
        return [
            {"app_id": one.app_id, "body": one.body.decode(), "statuses": one.statuses, "updates": one.updates}
            for one in rows
        ]
    if name == "alerts":
        return [alert | {"app_id": app.id} for app in double.world.state.apps.values() for alert in app.alerts]
    found = {"calls": list(core.calls), "refused": core.refused, "misuse": core.misuse, "thread": None}
    if name == "thread" and psid:
        return msgspec.to_builtins(double.world.thread(psid))
    if name not in found:
        raise Refused(f"There is nothing called {name} to read.")
    return msgspec.to_builtins(found[name])


def verb(call: Verb) -> Verb:
    """Put a function into the table under its own name."""
    VERBS[getattr(call, "__name__", "").rstrip("_")] = call
    return call


def _plain(name: str) -> Verb:
    async def call(double: "GraphDouble", body: Json) -> Any:
        given = dict(body)
        if "attachments" in given:
            given["attachments"] = [_attachment(one) for one in given["attachments"]]
        return await getattr(double, name)(**given)

    return call


def _attachment(one: Json) -> Any:
    """``{kind, content_type, base64[, name]}`` is a file; everything else goes as it is."""
    if "base64" not in one:
        return one
    body = base64.b64decode(one["base64"])
    return (one["kind"], body, one["content_type"], one.get("name", ""))


for _name in PLAIN:
    VERBS[_name] = _plain(_name)
VERBS["answered_elsewhere"] = _plain("answered_elsewhere")


def _page(double: "GraphDouble", body: Json) -> Page:
    return double.world.page(body["page"]) if body.get("page") else double.page


def _comment(double: "GraphDouble", body: Json) -> Comment:
    return double.world.comment(body["comment"])


def _person(double: "GraphDouble", body: Json) -> Person | None:
    return double.world.commenter(body["psid"]) if body.get("psid") else None


# ── making and setting ──


@verb
async def person(double: "GraphDouble", body: Json) -> Any:
    """``name``, ``page``, ``ends``, ``psid``, ``profile``, ``locale``."""
    more = {name: body[name] for name in ("psid", "ends", "profile", "locale") if name in body}
    return double.person(_page(double, body), body.get("name", "Åse Ødegård"), **more)


@verb
async def page(double: "GraphDouble", body: Json) -> Any:
    """A new page with a token: ``name``."""
    made, token = double.pages(body["name"])
    return {"page": made, "token": token.token}


@verb
async def app(double: "GraphDouble", body: Json) -> Any:
    """A new app: ``name``."""
    return double.world.add_app(body["name"])


@verb
async def token(double: "GraphDouble", body: Json) -> Any:
    """A new page token: ``page``, ``app``, ``scopes``."""
    of = double.world.app(body["app"]) if body.get("app") else double.app
    more = {"scopes": body["scopes"]} if "scopes" in body else {}
    return double.world.add_token(of, _page(double, body), **more)


@verb
async def set_page(double: "GraphDouble", body: Json) -> Any:
    """Change a page: ``features``, ``restricted``, ``messages_off``, ``default_app``, ``automatic_reply`` …"""
    target = _page(double, body)
    for name, value in body.items():
        if name != "page":
            setattr(target, name, set(value) if name == "features" else value)
    return target


@verb
async def set_person(double: "GraphDouble", body: Json) -> Any:
    """Change a person: ``reachable``, ``profile``, ``first_name``, ``locale`` …"""
    target = double.world.person(body["psid"])
    for name, value in body.items():
        if name != "psid":
            setattr(target, name, value)
    return target


@verb
async def set_app(double: "GraphDouble", body: Json) -> Any:
    """Change an app: ``secret``, ``live``, ``requires_proof``, ``data_deletion_url``, ``deauthorise_url`` …"""
    target = double.world.app(body["app"]) if body.get("app") else double.app
    for name, value in body.items():
        if name != "app":
            setattr(target, name, value)
    return target


@verb
async def options(double: "GraphDouble", body: Json) -> Any:
    """``echoes``, ``deliveries``, ``delivery_mids``, ``feed_from``, ``hang``, ``templates_approved``; ``style`` of JSON,
    ``batch_max``, ``faster``; every limit by its name."""
    core = double.core
    for name, value in body.items():
        if name == "faster":
            core.outbox.pace = core.outbox.pace.faster(float(value))
        else:
            target = next((one for one in (core.options, core.outbox, core.limits) if hasattr(one, name)), None)
            if target is None:
                raise Refused(f"There is no option {name}.")
            setattr(target, name, value)
    return core.options


@verb
async def connect(double: "GraphDouble", body: Json) -> Any:
    """``url``, ``fields``, ``page``: a webhook address without verification."""
    double.connect(body["url"], fields=body.get("fields", FIELDS), page=_page(double, body))


@verb
async def verify(double: "GraphDouble", body: Json) -> Any:
    """``url``, ``verify_token``: the verification GET."""
    return {"verified": await double.verify(body["url"], body["verify_token"])}


# ── the feed ──


@verb
async def posts(double: "GraphDouble", body: Json) -> Any:
    """``text``, ``psid`` (a visitor), ``kind``, ``picture``, ``recommends``, ``ad_id``."""
    more = {name: body[name] for name in ("kind", "picture", "recommends", "ad_id", "at") if name in body}
    return await double.posts(body.get("text"), by=_person(double, body), page=_page(double, body), **more)


@verb
async def comments(double: "GraphDouble", body: Json) -> Any:
    """``post``, ``psid`` (missing: the page from elsewhere), ``text``, ``parent``, ``attachment``."""
    parent = double.world.comment(body["parent"]) if body.get("parent") else None
    more = {name: body[name] for name in ("attachment", "at") if name in body}
    return await double.comments(body["post"], _person(double, body), body.get("text"), parent=parent, **more)


@verb
async def edits_comment(double: "GraphDouble", body: Json) -> Any:
    """``comment``, ``text``."""
    await double.edits_comment(_comment(double, body), body["text"])


@verb
async def removes_comment(double: "GraphDouble", body: Json) -> Any:
    """``comment``."""
    await double.removes_comment(_comment(double, body))


@verb
async def hides_comment(double: "GraphDouble", body: Json) -> Any:
    """``comment``, ``hidden``."""
    await double.hides_comment(_comment(double, body), hidden=body.get("hidden", True))


@verb
async def edits_post(double: "GraphDouble", body: Json) -> Any:
    """``post``, ``text``."""
    await double.edits_post(double.world.post(body["post"]), body["text"])


@verb
async def removes_post(double: "GraphDouble", body: Json) -> Any:
    """``post``."""
    await double.removes_post(double.world.post(body["post"]))


@verb
async def reacts_to_post(double: "GraphDouble", body: Json) -> Any:
    """``post``, ``psid``, ``name``, ``comment``, ``verb``."""
    comment = _comment(double, body) if body.get("comment") else None
    post = double.world.post(body["post"])
    reactor = double.world.commenter(body["psid"])
    await double.reacts_to_post(post, reactor, body.get("name", "like"), comment=comment, verb=body.get("verb", "add"))


# ── webhooks, trouble, time ──


@verb
async def deliver(double: "GraphDouble", body: Json) -> Any:
    """``items``, ``kind``, ``page``: raw items in one signed body."""
    made = await double.deliver(*body["items"], kind=body.get("kind", "messaging"), page=_page(double, body))
    return {"statuses": made.statuses}


@verb
async def deliver_body(double: "GraphDouble", body: Json) -> Any:
    """``text`` or ``json``, ``signed``: any body at all."""
    content = body["text"].encode() if "text" in body else body["json"]
    made = await double.deliver_body(content, signed=body.get("signed", "right"))
    return {"statuses": made.statuses}


@verb
async def hold(double: "GraphDouble", _: Json) -> Any:
    """Keep webhooks back."""
    double.core.outbox.hold()


@verb
async def release(double: "GraphDouble", body: Json) -> Any:
    """``shuffle``, ``duplicates``, ``split``, ``seed``, ``extra``: send what was held."""
    sent = double.core.outbox.release(**body)
    await double.settle()
    return {"sent": sent}


@verb
async def fail(double: "GraphDouble", body: Json) -> Any:
    """``code``, ``subcode``, ``status``, ``times``, ``psid``, ``call``, ``deliver``."""
    return double.fail(**body)


@verb
async def hang(double: "GraphDouble", body: Json) -> Any:
    """``deliver``, ``times``, ``psid``, ``call``: no answer."""
    return double.hang(**{"deliver": False, **body})


@verb
async def drop(double: "GraphDouble", body: Json) -> Any:
    """The same, with a connection that breaks."""
    return double.drop(**body)


@verb
async def clear(double: "GraphDouble", _: Json) -> Any:
    """Forget all faults."""
    double.core.faults.rules.clear()


@verb
async def revoke(double: "GraphDouble", body: Json) -> Any:
    """``token``, ``state``."""
    found = double.world.state.tokens[body["token"]] if body.get("token") else double.token
    double.revoke(found, body.get("state", "revoked"))


@verb
async def restrict(double: "GraphDouble", body: Json) -> Any:
    """``page``, ``on``, ``reason``."""
    await double.restrict(_page(double, body), on=body.get("on", True))


@verb
async def unsubscribe(double: "GraphDouble", body: Json) -> Any:
    """``page``."""
    double.unsubscribe(_page(double, body))


@verb
async def owner(double: "GraphDouble", body: Json) -> Any:
    """``psid``, ``app_id``, ``how``, ``metadata``, ``silent``: standby on and off."""
    await double.owner(**body)


@verb
async def asks_for(double: "GraphDouble", body: Json) -> Any:
    """``psid``, ``app_id``, ``metadata``."""
    await double.asks_for(**body)


@verb
async def roles(double: "GraphDouble", body: Json) -> Any:
    """``app_roles``, ``page``."""
    await double.roles(body["app_roles"], _page(double, body))


@verb
async def judges(double: "GraphDouble", body: Json) -> Any:
    """``template_id``, ``status``, ``reason``."""
    await double.judges(**body)


@verb
async def advance(double: "GraphDouble", body: Json) -> Any:
    """``seconds``."""
    await double.advance(timedelta(seconds=body["seconds"]))
    return {"now": double.world.ms}


@verb
async def forget_media(double: "GraphDouble", body: Json) -> Any:
    """``id``: a kept file can no longer be fetched."""
    double.world.state.media[body["id"]].gone = True


@verb
async def data_deletion(double: "GraphDouble", body: Json) -> Any:
    """``psid`` or ``user_id``, ``url``, ``forged``: post the signed request; gives what was answered."""
    return await _signed(double, body, body.get("url") or double.app.data_deletion_url or "")


@verb
async def deauthorise(double: "GraphDouble", body: Json) -> Any:
    """The same for the deauthorise callback."""
    return await _signed(double, body, body.get("url") or double.app.deauthorise_url or "")


async def _signed(double: "GraphDouble", body: Json, url: str) -> Json:
    user_id = body.get("user_id") or double.world.person(body["psid"]).app_user_id
    answer = await double.signed_post(url, user_id, secret="forged" if body.get("forged") else None)
    return {"status": answer.status_code, "text": answer.text}
