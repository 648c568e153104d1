"""Memory of everything when nothing happens, and how long starts take: ``svardesk run`` as it is."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, at_most, median, say, told
from bench.house import ROOT, free_port, memory, tree
from svardesk.commands.readiness import ask

STARTS = 5
SETTLE_SECONDS = 15.0


class Run:
    """One ``svardesk run`` in a data folder."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SVARDESK_", "PG"))}
        self._log = data / "run.log"
        self.began = time.monotonic()
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "svardesk.cli", "run"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**kept, "SVARDESK_DATA": str(data), "PORT": str(self.port)},
            )  # fmt: skip

    def ready(self) -> float:
        """Wait until /readyz answers 200; seconds since the start."""
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up and self.process.poll() is None:
            status, _ = ask(("127.0.0.1", self.port), "/readyz", 2.0)
            if status == 200:
                return time.monotonic() - self.began
            time.sleep(0.01)
        raise RuntimeError(
            "svardesk run is not ready:\n" + self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
        )

    def stop(self) -> float:
        """Stop it as Ctrl-C would; seconds until everything is gone."""
        began = time.monotonic()
        below = tree(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        for pid in below:
            # Whatever the house left behind would be a fault of ours: it must not stay either way.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return time.monotonic() - began


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    data = Path(tempfile.mkdtemp(prefix="svardesk-bench-"))
    data.chmod(0o711)
    starts: list[float] = []
    try:
        first = _once(data, lambda _: None)[0]
        sizes: dict[str, dict[str, int]] = {}

        def look(one: Run) -> None:
            time.sleep(SETTLE_SECONDS)
            sizes.update(_sizes(one))

        for turn in range(STARTS):
            seconds, stopped = _once(data, look if turn == STARTS - 1 else lambda _: None)
            starts.append(seconds)
            say(f"start {turn + 1}: ready after {seconds:.2f} s, stopped in {stopped:.2f} s")
    finally:
        shutil.rmtree(data, ignore_errors=True)
    total = sum(one["private"] for one in sizes.values())
    pss = sum(one["pss"] for one in sizes.values())
    for name, one in sizes.items():
        say(f"{one['private'] / 2**20:6.1f} MB private, {one['pss'] / 2**20:6.1f} MB proportional: {name}")
    groups: dict[str, float] = {}
    for name, one in sizes.items():
        kind = "database" if "postgres" in name and "svardesk.cli" not in name else name.rpartition(" ")[2]
        groups[kind] = groups.get(kind, 0.0) + one["pss"]
    return [
        at_most("everything idle, proportional (shared memory counted once)", pss / 2**20, 300, "MB"),
        told("everything idle, private", total / 2**20, "MB"),
        *(told(f"of which {kind}", size / 2**20, "MB") for kind, size in groups.items()),
        at_most("second start until /readyz answers 200", median(starts), 3, "s"),
        told("first start (makes the database and the schema)", first, "s"),
    ], [f"`svardesk run`, {SETTLE_SECONDS:.0f} s after it was ready; starts: median of {STARTS}"]


def _once(data: Path, look: object) -> tuple[float, float]:
    one = Run(data)
    try:
        seconds = one.ready()
        look(one)  # pyright: ignore[reportCallIssue]
    finally:
        stopped = one.stop()
    return seconds, stopped


def _sizes(one: Run) -> dict[str, dict[str, int]]:
    return {f"{pid} {command[:80]}": memory(pid) for pid, command in tree(one.process.pid).items()}
