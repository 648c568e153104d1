"""The double over HTTP: the Graph, the dialog, kept files, the control calls and the page of the customer."""

import asyncio
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from litestar import Litestar, MediaType, Request, Response, get, post, route
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tests.doubles.graph import control, graph, login

if TYPE_CHECKING:
    from tests.doubles.graph.server import GraphDouble

FOLDER = Path(__file__).parent / "page"
KINDS = {"index.html": "text/html; charset=utf-8", "page.css": "text/css", "page.js": "text/javascript"}
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'"
BROKEN = 599
"""Never sent: it stands for a connection that breaks."""
COLOURS = ("#3563c9", "#a3326b", "#1f7a4d", "#8a5a00", "#5b4bb5", "#00707a")


def build(double: "GraphDouble") -> ASGIApp:
    """The ASGI app of one double."""

    @route("/{path:path}", http_method=["GET", "POST", "DELETE"], status_code=200)
    async def call(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[Any]:
        inner = path.strip("/")
        if inner.partition("/")[2] == "dialog/oauth" or inner == "dialog/oauth":
            return await _dialog(double, request, inner)
        try:
            status, body, headers = await graph.answer(double.core, request, inner)
        except graph.Dropped:
            return Response(None, status_code=BROKEN)
        return Response(body, status_code=status, headers=headers)

    @get("/_media/{kind:str}/{name:str}")
    async def media(kind: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        found = double.world.state.media.get(kind)
        if found is not None and not found.gone:
            return Response(found.body, media_type=found.content_type)
        if found is not None or kind not in {"face", "page", "ad"}:
            return Response(b"", status_code=404)
        return Response(_face(double, kind, name).encode(), media_type="image/svg+xml")

    @post("/_control/{name:str}", status_code=200)
    async def steer(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
        try:
            body = await request.json() if await request.body() else {}
            return Response(await control.run(double, name, body))
        except control.Refused as error:
            return Response({"error": str(error)}, status_code=422)
        except graph.GraphError as error:
            return Response(error.body(), status_code=422)

    @get("/_control/{name:str}")
    async def look(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
        try:
            return Response(control.ask(double, name, dict(request.query_params)))
        except control.Refused as error:
            return Response({"error": str(error)}, status_code=404)

    @get("/")
    async def start() -> Response[bytes]:
        return _file("index.html")

    @get("/_page/{name:str}")
    async def page(name: FromPath[str]) -> Response[bytes]:
        return _file(name)

    app = Litestar(
        [call, media, steer, look, start, page],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        debug=False,
    )

    async def breakable(scope: Scope, receive: Receive, send: Send) -> None:
        """Between uvicorn and Litestar: an answer that says so is never sent, its connection is broken instead."""
        broken = False

        async def watched(message: Message) -> None:
            nonlocal broken
            if message["type"] == "http.response.start" and message["status"] == BROKEN:
                broken = True
                cast("Any", send).__self__.transport.abort()  # the request's cycle in uvicorn
                await asyncio.sleep(0.01)
            if not broken:
                await send(message)

        await app(scope, receive, watched)

    return breakable


def _file(name: str) -> Response[bytes]:
    kind = KINDS.get(name)
    if kind is None:
        return Response(b"", status_code=404)
    headers = {"content-security-policy": CSP, "cache-control": "no-cache"}
    return Response((FOLDER / name).read_bytes(), media_type=kind, headers=headers)


async def _dialog(double: "GraphDouble", request: Request[Any, Any, Any], path: FromPath[str]) -> Response[Any]:
    version = path.partition("/")[0]
    if request.method == "GET":
        body = login.dialog(double.core, dict(request.query_params), version if version != "dialog" else "v26.0")
        return Response(body, media_type=MediaType.HTML)
    form = await request.form()
    return Redirect(login.decide(double.core, dict(form), form.getall("page", [])), status_code=303)


def _face(double: "GraphDouble", kind: str, name: str) -> str:
    person = double.world.state.people.get(name)
    page = double.world.state.pages.get(name)
    words = (person.name if person else page.name if page else "Annonse").split()
    initials = "".join(one[0] for one in words[:2]).upper()
    colour = COLOURS[sum(name.encode()) % len(COLOURS)]
    shape = "<rect width='96' height='96'" if kind == "ad" else "<circle cx='48' cy='48' r='48'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 96 96' width='96' height='96'>{shape} fill='{colour}'/>"
        f"<text x='48' y='60' font-family='sans-serif' font-size='36' fill='#fff' text-anchor='middle'>"
        f"{escape(initials)}</text></svg>"
    )
