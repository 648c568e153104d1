"""The web process: one ASGI app over the route table, the sockets and the agent app's files."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from litestar import Litestar, Request
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Gauge

import svardesk
from svardesk import routes, wiring
from svardesk.accounts.caller import Caller
from svardesk.channels.meta.config import allow_hosts
from svardesk.channels.signals import Signals
from svardesk.channels.webchat import door as webchat_door
from svardesk.config import Settings
from svardesk.house import House
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Forbidden, NotFound, SvardeskError
from svardesk.kit.files import FileStore
from svardesk.kit.http import Headers, client_ip, error_response, scope_state, send_error
from svardesk.kit.keyring import KeyRing
from svardesk.kit.proxies import Watch
from svardesk.kit.static import Pages
from svardesk.realtime.agents import AgentDoor
from svardesk.realtime.hub import Hub
from svardesk.realtime.live import Live
from svardesk.realtime.tail import Tail
from svardesk.realtime.visitors import VisitorDoor

log = structlog.get_logger()

SOCKETS = Gauge("svardesk_sockets", "Open sockets of this process.", ["kind"])
STATIC = Path(__file__).parent / "static"
AGENT_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; media-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)


class Web:
    """The ASGI app of one web process: sockets, the agent app's pages, and everything else by the route table."""

    def __init__(self, house: House, *, demo: bool = False) -> None:
        self.house = house
        wiring.introduce()
        allow_hosts(house.settings.meta_hosts)
        self.hub = Hub()
        self.live = Live(house, self.hub)
        self.signals = Signals(house.db, house.keyring)
        self.tail = Tail(house, self.hub, self.live, self.signals)
        house.resume = lambda: str(self.tail.token)
        self.agents = AgentDoor(house, self.hub, self.tail, self.live, self.signals)
        self.visitors = VisitorDoor(house, self.hub, self.tail, self.live)
        SOCKETS.labels("agent").set_function(lambda: sum(len(room.agents) for room in self.hub.rooms.values()))
        SOCKETS.labels("visitor").set_function(lambda: sum(len(room.visitors) for room in self.hub.rooms.values()))
        self._pages = Pages(STATIC / "agent", "/app", AGENT_CSP)
        self._http: ASGIApp = Headers(self._dispatch, https=house.settings.secure_cookies)
        self.litestar = litestar_app(house, self._lifespan, demo=demo)
        self._messages = webchat_door.MessageDoor(house.db, house.clock, self.litestar)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self.litestar(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope.get("method") not in routes.SAFE and not path.startswith(routes.OPEN):
            try:
                routes.check_origin(dict(scope["headers"]), self.house.settings.public_url)
            except Forbidden as error:
                await send_error(send, error)
                return
        if path == webchat_door.PATH and scope.get("method") == "POST":
            await self._messages(scope, receive, send)
        elif path == "/app" or path.startswith("/app/"):
            await self._pages(scope, receive, send)
        elif path == "/":
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"/app/")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self.litestar(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = {"/api/v1/socket": self.agents, "/widget/v1/socket": self.visitors}.get(scope["path"])
        await receive()  # websocket.connect
        try:
            if door is None:
                raise NotFound("not_found", "There is no socket at this address.")
            headers = dict(scope["headers"])
            routes.check_origin(headers, self.house.settings.public_url)
            client = scope.get("client")
            ip = client[0] if client else None
            if door is self.agents:
                caller = await routes.resolve(headers, cookies_of(headers), self.house, ip)
                caller.check("conversations.read")
                await self.agents.enter(caller, receive, send)
            else:
                await self.visitors.enter(ip, receive, send)
        except SvardeskError as error:
            # Accepted and closed with a code of ours: a refused handshake tells a browser's script nothing.
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
            await send({"type": "websocket.close", "code": 4000 + error.status, "reason": error.code})

    @asynccontextmanager
    async def _lifespan(self, _: Litestar) -> AsyncIterator[None]:
        async with self.house.open("web"), self.tail.running(), self.live.running():
            yield


def cookies_of(headers: dict[bytes, bytes]) -> dict[str, str]:
    """Return the cookies of a request; ``http.cookies`` would fail on all for one odd name that another app set."""
    pairs = (part.partition("=") for part in headers.get(b"cookie", b"").decode("latin-1").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def litestar_app(house: House, lifespan: Callable[[Litestar], Any] | None = None, *, demo: bool = False) -> Litestar:
    """Return the Litestar app over the route table; handlers get their parts by name."""

    def give_db() -> Database:
        return house.db

    def give_clock() -> Clock:
        return house.clock

    def give_keyring() -> KeyRing:
        return house.keyring

    def give_files() -> FileStore:
        return house.files

    def give_public_url() -> str:
        return house.settings.public_url

    def give_process_id() -> UUID:
        return house.process_id

    def give_resume() -> str:
        return house.resume()

    def give_settings() -> Settings:
        return house.settings

    def give_caller(request: Request[Any, Any, Any]) -> Caller:
        return scope_state(request.scope)["caller"]

    givers: dict[str, Callable[..., Any]] = {
        "db": give_db,
        "clock": give_clock,
        "keyring": give_keyring,
        "files": give_files,
        "public_url": give_public_url,
        "process_id": give_process_id,
        "resume": give_resume,
        "settings": give_settings,
        "caller": give_caller,
        "client_ip": client_ip,
    }
    app = Litestar(
        route_handlers=list(routes.handlers(demo=demo)),
        dependencies={name: Provide(giver, sync_to_thread=False) for name, giver in givers.items()},
        exception_handlers={Exception: error_response},
        lifespan=[lifespan] if lifespan else None,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Svardesk",
            version=svardesk.__version__,
            description="The API of the desk. `/api/v1` only grows.",
            path="/api",
            render_plugins=[],
            components=Components(
                security_schemes={
                    "session": SecurityScheme(type="apiKey", name="svardesk_session", security_scheme_in="cookie"),
                    "token": SecurityScheme(type="http", scheme="bearer"),
                }
            ),
        ),
        debug=False,
        pdb_on_exception=False,
    )
    app.state.house = house
    return app


def behind_proxies(web: Any, allowed: tuple[str, ...]) -> Watch:
    """Return ``web`` with the visitor's address for requests of the ``allowed`` proxies, telling of one nobody named."""
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    return Watch(ProxyHeadersMiddleware(web, list(allowed)) if allowed else web, allowed)


def serve(settings: Settings, *, demo: bool = False) -> None:
    """Run one web process until SIGTERM or SIGINT (the command ``svardesk serve``); ``demo`` adds the shop."""
    import uvicorn

    from svardesk.house import furnish, start_logging
    from svardesk.kit.bounded import BoundedProtocol
    from svardesk.kit.postgres import database_dsn

    start_logging(settings)
    hot = settings.web_pool // 2
    house = furnish(settings, database_dsn(settings), pool=settings.web_pool - hot, hot=hot, name="svardesk web")
    uvicorn.run(
        behind_proxies(Web(house, demo=demo), settings.forwarded_allow),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # costs 50 kB a socket and most of the processor for short frames
        ws_max_size=128 * 1024,
        ws_ping_interval=None,  # our own ping frames tell the page as well as the server
        proxy_headers=False,  # behind_proxies does it
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        log_level="warning",
        timeout_graceful_shutdown=8,
        backlog=2048,
    )
