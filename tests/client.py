"""An HTTP client on the ASGI app, as a browser or program would be."""

from typing import Any, Self

import httpx

from svardesk.app import Web
from tests.factories import PASSWORD, Agent

ORIGIN = "http://desk.example"


class Client(httpx.AsyncClient):
    """Keeps cookies and the CSRF token of whoever signed in; sends an Origin as a browser does."""

    def __init__(self, web: Web) -> None:
        self.web = web
        super().__init__(
            transport=httpx.ASGITransport(app=web, client=("203.0.113.7", 4711), raise_app_exceptions=True),  # pyright: ignore[reportArgumentType]
            base_url=ORIGIN,
            headers={"origin": ORIGIN},
        )

    async def sign_in(self, agent: Agent, password: str = PASSWORD) -> dict[str, Any]:
        """Sign in as ``agent``; returns the body (Me)."""
        answer = await self.post("/api/v1/session", json={"email": agent.email, "password": password})
        assert answer.status_code == 200, answer.text
        me = answer.json()
        self.headers["x-csrf-token"] = me["csrf"]
        return me

    def other(self) -> Self:
        """Another browser on the same app."""
        return type(self)(self.web)
