"""Proxies that are believed, and one that nobody named."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from svardesk.app import behind_proxies
from svardesk.kit import proxies
from svardesk.kit.errors import TooMany
from svardesk.kit.http import RateLimit, is_local, limit
from svardesk.kit.proxies import Unnamed


@pytest.fixture(autouse=True)
def _nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies.unnamed, "address", None)


async def _client_of(allowed: tuple[str, ...], address: str, forwarded: str | None) -> str:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    await behind_proxies(app, allowed)({"type": "http", "client": (address, 4711), "headers": headers}, None, None)
    return seen[0]


async def test_a_named_proxy_is_believed():
    for allowed in (("127.0.0.1",), ("127.0.0.0/8", "::1")):
        assert await _client_of(allowed, "127.0.0.1", "203.0.113.7") == "203.0.113.7"
    assert await _client_of(("127.0.0.1",), "127.0.0.1", None) == "127.0.0.1"
    assert await _client_of(("127.0.0.1",), "198.51.100.9", None) == "198.51.100.9"
    assert proxies.unnamed.reasons() == []


@pytest.mark.parametrize("allowed", [(), ("10.0.0.0/8",)])
async def test_an_unnamed_proxy_is_told_of_once(allowed: tuple[str, ...]):
    with capture_logs() as logs:
        for _ in range(3):
            assert await _client_of(allowed, "127.0.0.1", "203.0.113.7") == "127.0.0.1"
    assert [one["event"] for one in logs] == ["unnamed_proxy"]
    (reason,) = proxies.unnamed.reasons()
    assert "127.0.0.1" in reason and "SVARDESK_FORWARDED_ALLOW" in reason


def test_only_this_machine_is_local():
    assert [is_local(ip) for ip in ("127.0.0.1", "127.8.8.8", "::1")] == [True] * 3
    assert [is_local(ip) for ip in (None, "", "testclient", "203.0.113.7", "10.0.0.1")] == [False] * 5
    bucket = RateLimit(rate=0.1, burst=1)
    for _ in range(5):
        limit(bucket, "127.0.0.1", "127.0.0.1")
    limit(bucket, "203.0.113.7", "203.0.113.7")
    with pytest.raises(TooMany):
        limit(bucket, "203.0.113.7", "203.0.113.7")


def test_a_desk_without_proxies_has_nothing_to_say():
    assert Unnamed().reasons() == []
