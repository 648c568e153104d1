"""Rate limits, and the headers in which Graph tells how near they are."""

import json
from collections import deque
from dataclasses import dataclass, field

from tests.doubles.graph.errors import GraphError
from tests.doubles.graph.world import DAY, World


@dataclass
class Limits:
    """The limits in force; None is none. ``engaged_floor`` keeps small worlds from meeting the daily one."""

    send_per_second: int | None = 300
    media_per_second: int | None = 10
    conversations_per_second: int | None = 2
    private_replies_per_hour: int | None = 750
    calls_per_engaged: int | None = 200
    engaged_floor: int = 100
    per_thread_per_minute: int | None = None
    seen: dict[tuple[str, str], deque[float]] = field(default_factory=dict[tuple[str, str], "deque[float]"])

    def count(self, world: World, name: str, key: str, seconds: float, most: int | None, code: int = 613) -> None:
        """Count one call; raises when there were too many within ``seconds``."""
        if most is None:
            return
        now = world.ticks
        seen = self.seen.setdefault((name, key), deque())
        while seen and seen[0] <= now - seconds:
            seen.popleft()
        if len(seen) >= most:
            raise GraphError(code)
        seen.append(now)

    def send(self, world: World, page_id: str, psid: str, kind: str) -> None:
        """One message, of text or of sound and film."""
        if kind in {"audio", "video"}:
            self.count(world, "media", page_id, 1, self.media_per_second)
        else:
            self.count(world, "send", page_id, 1, self.send_per_second)
        self.count(world, "thread", psid, 60, self.per_thread_per_minute)

    def daily(self, world: World, page_id: str) -> None:
        """One call of the Messenger API: 200 times the people engaged within 24 hours."""
        if self.calls_per_engaged is None:
            return
        self.count(world, "daily", page_id, 86_400, self.calls_per_engaged * self.engaged(world, page_id), 80006)

    def engaged(self, world: World, page_id: str) -> int:
        """How many people were in touch with the page within 24 hours."""
        since = world.ms - DAY
        people = [
            one for one in world.state.threads.values() if one.page_id == page_id and (one.opened_at or 0) > since
        ]
        return max(self.engaged_floor, len(people))

    def headers(self, world: World, page_id: str | None) -> dict[str, str]:
        """``X-App-Usage`` and ``X-Business-Use-Case-Usage``: percentages of what is allowed."""
        used = 0
        if page_id and self.calls_per_engaged:
            calls = len(self.seen.get(("daily", page_id), ()))
            used = min(100, calls * 100 // (self.calls_per_engaged * max(1, self.engaged_floor)))
        usage = {"call_count": used, "total_cputime": used // 2, "total_time": used // 2}
        headers = {"x-app-usage": json.dumps(usage, separators=(",", ":"))}
        if page_id:
            case = [{"type": "messenger", **usage, "estimated_time_to_regain_access": 0 if used < 100 else 60}]
            headers["x-business-use-case-usage"] = json.dumps({page_id: case}, separators=(",", ":"))
        return headers
