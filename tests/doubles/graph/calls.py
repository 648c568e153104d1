"""One call of the Graph as handlers see it, and the helpers that they share."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.doubles.graph.core import Core
from tests.doubles.graph.errors import GraphError, invalid, missing, no_permission
from tests.doubles.graph.faults import Fault
from tests.doubles.graph.model import App, Json, Media, Page, Token
from tests.doubles.graph.world import World


@dataclass
class Request:
    """One call: ``node`` and ``edge`` of the path, parameters from query and body together, files of a form."""

    core: Core
    method: str
    node: str
    edge: str
    params: Json
    files: dict[str, Media]
    token: Token
    app: App
    version: str = "v26.0"
    fault: Fault | None = None

    @property
    def world(self) -> World:
        """The world that is asked about."""
        return self.core.world

    def page(self) -> Page:
        """The page that the call is about: named by the path, or ``me``."""
        page_id = self.token.page_id if self.node == "me" else self.node
        if not page_id or (self.token.kind == "page" and self.token.page_id != page_id):
            raise missing(self.node, self.method.lower())
        return self.world.page(page_id)

    def needs(self, *permissions: str) -> None:
        """Refuse a token that lacks one of these."""
        for one in permissions:
            if one not in self.token.scopes:
                raise no_permission(one)

    def text(self, name: str) -> str | None:
        """A parameter as text."""
        value = self.params.get(name)
        return None if value is None else str(value)

    def needed(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.text(name)
        if not value:
            raise invalid(f"The parameter {name} is required.")
        return value

    def object(self, name: str) -> Json:
        """A parameter that is an object; empty when it is missing."""
        value = self.parsed(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(f"Param {name} must be a JSON object")
        return value

    def list(self, name: str) -> list[Any]:
        """A parameter that is a list: JSON, or names with commas."""
        value = self.parsed(name)
        if value is None:
            return []
        if isinstance(value, str):
            return [one.strip() for one in value.split(",") if one.strip()]
        if not isinstance(value, list):
            raise invalid(f"Param {name} must be an array")
        return value

    def parsed(self, name: str) -> Any:
        """A parameter, read as JSON when a form brought it as text."""
        value = self.params.get(name)
        if isinstance(value, str) and value[:1] in {"{", "["}:
            try:
                return json.loads(value)
            except ValueError:
                raise invalid(f"Param {name} must be valid JSON") from None
        return value

    def flag(self, name: str) -> bool | None:
        """A parameter that is true or false; None when it is missing."""
        value = self.params.get(name)
        return None if value is None else str(value).lower() in {"true", "1"}

    def own(self, page_id: str, object_id: str) -> Page:
        """The page of an object, when the token may reach it."""
        if self.token.kind != "page" or self.token.page_id != page_id:
            raise missing(object_id, self.method.lower())
        return self.world.page(page_id)


Handler = Callable[[Request], Awaitable[Any]]
Table = dict[tuple[str, str, str], Handler]
"""(method, kind of node, edge) → handler."""

__all__ = ["GraphError", "Handler", "Request", "Table", "invalid", "missing"]
