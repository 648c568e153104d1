"""Proxies in front: one that sends X-Forwarded-For and that nobody named is told of."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

import structlog

log = structlog.get_logger()


class Unnamed:
    """The address that last sent X-Forwarded-For without being named in SVARDESK_FORWARDED_ALLOW; logged once a process."""

    def __init__(self) -> None:
        self.address: str | None = None

    def saw(self, address: str) -> None:
        """Remember the address; the first one is logged."""
        if self.address is None:
            log.warning("unnamed_proxy", address=address, what=_reason(address))
        self.address = address

    def reasons(self) -> list[str]:
        """What ``/readyz`` says of it: nothing, or one sentence."""
        return [] if self.address is None else [_reason(self.address)]


def _reason(address: str) -> str:
    return (
        f"X-Forwarded-For came from {address}, which SVARDESK_FORWARDED_ALLOW does not name: all visitors behind it look "
        "like one, so limits by address do not work for them."
    )


unnamed: Final = Unnamed()
"""This process's."""


class Watch:
    """ASGI around ``app``: notices X-Forwarded-For from elsewhere than the ``allowed`` proxies (addresses, networks).

    It must stand outside of whatever puts the visitor's address in place of the proxy's.
    """

    def __init__(self, app: Any, allowed: tuple[str, ...]) -> None:
        self._allowed = [ip_network(one, strict=False) for one in allowed]
        self._app = app
        self._is_allowed = lru_cache(maxsize=4096)(self._look)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        client = scope.get("client")
        if (
            scope["type"] != "lifespan"
            and client
            and not self._is_allowed(client[0])
            and any(name == b"x-forwarded-for" for name, _ in scope["headers"])
        ):
            unnamed.saw(client[0])
        await self._app(scope, receive, send)

    def _look(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._allowed)
