"""All tests of `make test`, lane by lane, each with its progress; the last line is the sum: `N passed, N failed`.

`test.py` runs all lanes, `test.py server browser` only those. A lane that fails does not keep the next from running. What
the lanes report stands in test-results/, the sum in test-results/summary.txt. Leaves with 1 when anything failed.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
RESULTS = ROOT / "test-results"
PYTEST = [str(ROOT / ".venv/bin/pytest"), "--no-header"]
VITEST = [str(WEB / "node_modules/.bin/vitest"), "run"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Lane:
    """One command whose report, a JUnit file, says what it ran."""

    name: str
    what: str
    command: list[str]
    folder: Path = ROOT

    @property
    def report(self) -> Path:
        """Where the command writes what it ran."""
        return RESULTS / f"{self.name}.xml"

    def arguments(self) -> list[str]:
        """The command, told where to report."""
        if self.folder == WEB:
            return [*self.command, "--reporter=junit", f"--outputFile.junit={self.report}"]
        return [*self.command, f"--junitxml={self.report}"]


LANES = [
    Lane("web", "browser code (vitest)", [*VITEST, "--reporter=default"], WEB),
    Lane(
        "server",
        "server (pytest, two at a time)",
        [*PYTEST, "-q", "-n", "2", "--dist", "worksteal", "-m", "not slow and not bench"],
    ),
    Lane(
        "slow",
        "processes that are killed, backups, the whole API (pytest)",
        [*PYTEST, "-v", "-m", "slow and not bench"],
    ),
    Lane(
        "browser",
        "whole journeys in Chromium (vitest)",
        [*VITEST, "-c", "vitest.e2e.config.mjs", "--reporter=verbose"],
        WEB,
    ),
]


@dataclass
class Count:
    """What a lane came to; ``failed`` also counts what could not begin."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __iadd__(self, other: "Count") -> Self:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} left out" if self.skipped else "")


def counted(report: Path) -> tuple[Count, list[str]]:
    """What a JUnit report says: the count, and the names of the tests that failed."""
    count, names = Count(), []
    for case in ET.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
            names.append(f"{case.get('classname')} {case.get('name')}")
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1
    return count, names


def run(lane: Lane) -> tuple[Count, list[str]]:
    """Run one lane with its output shown as it comes."""
    print(f"── {lane.name}: {lane.what}", flush=True)
    started = time.monotonic()
    lane.report.unlink(missing_ok=True)
    code = subprocess.run(lane.arguments(), cwd=lane.folder, check=False).returncode
    try:
        count, names = counted(lane.report)
    except (OSError, ET.ParseError):
        count, names = Count(), []
    if not (count.failed or count.passed):
        code = code or 1  # a lane without a test has tested nothing
    if code and not count.failed:
        count.failed = 1
        names = [f"the lane ended with code {code}"]
    print(f"   {lane.name}: {count}, {time.monotonic() - started:.0f} s", flush=True)
    return count, [f"{lane.name}: {name}" for name in names]


def main() -> int:
    """Run the lanes named on the command line, or all."""
    wanted = [lane for lane in LANES if not sys.argv[1:] or lane.name in sys.argv[1:]]
    if len(wanted) < len(set(sys.argv[1:])):
        print(f"There are these lanes: {', '.join(lane.name for lane in LANES)}.")
        return 2
    if any(lane.name == "browser" for lane in wanted):
        if subprocess.run([ROOT / "scripts/ensure_chromium.sh"], check=False).returncode:
            return 1
        found = (shutil.which(name) for name in (os.environ.get("SVARDESK_CHROMIUM", ""), *BROWSERS))
        os.environ["SVARDESK_CHROMIUM"] = next((path for path in found if path), "")
    RESULTS.mkdir(exist_ok=True)
    started = time.monotonic()
    total, names = Count(), []
    for lane in wanted:
        count, failed = run(lane)
        total += count
        names += failed
    print(f"── All tests: {time.monotonic() - started:.0f} s")
    for name in names:
        print(f"   FAILED {name}")
    (RESULTS / "summary.txt").write_text(f"{total}\n", encoding="utf-8")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
