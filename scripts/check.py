"""All checks of `make check`, as many at a time as there are processors; each prints a line, a failing one its output.

`check.py` runs all, `check.py ruff types` only those. Leaves with 1 when one failed.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
WEB_BIN = ROOT / "web" / "node_modules" / ".bin"
PYTHON = str(BIN / "python")


@dataclass(frozen=True)
class Check:
    """A command that leaves with 0 when all is well; the last line it prints is shown beside its name."""

    name: str
    what: str
    command: list[str]
    folder: Path = ROOT


# The slow ones first, so that the quick ones fill the gaps.
CHECKS = [
    Check("migrations", "models and migrations say the same", [PYTHON, "scripts/check_migrations.py"]),
    Check("types", "basedpyright: every signature typed", [str(BIN / "basedpyright")]),
    Check(
        "openapi", "the OpenAPI document and the typed client are current", [PYTHON, "scripts/openapi.py", "--check"]
    ),
    Check("docs", "documentation tests", [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/docs"]),
    Check("web-types", "tsc", [str(WEB_BIN / "tsc"), "--project", "."], ROOT / "web"),
    Check("e2e-types", "tsc over the browser tests", [str(WEB_BIN / "tsc"), "--project", "../tests/e2e"], ROOT / "web"),
    Check("imports", "import-linter: imports go down only", [str(BIN / "lint-imports"), "--no-cache"]),
    Check("ruff", "ruff: every rule but the ones explained", [str(BIN / "ruff"), "check", "."]),
    Check("format", "ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
    Check(
        "biome",
        "biome: style and format of the browser code",
        [str(WEB_BIN / "biome"), "ci", "--colors=off", "--error-on-warnings", "."],
        ROOT / "web",
    ),
    Check(
        "e2e-style",
        "biome: style and format of the browser tests",
        [
            str(WEB_BIN / "biome"),
            "ci",
            "--colors=off",
            "--error-on-warnings",
            "--config-path=.",
            "../tests/e2e",
            "../scripts",
        ],
        ROOT / "web",
    ),
    Check(
        "privacy", "the erasing function is what the rooms declare", [PYTHON, "scripts/make_privacy_sql.py", "--check"]
    ),
    Check("catalogues", "texts complete in six languages", [PYTHON, "scripts/check_catalogues.py"]),
    Check("sizes", "what the widget weighs", [PYTHON, "scripts/check_sizes.py"]),
    Check("tree", "file lengths, lock files, leftovers", [PYTHON, "scripts/check_tree.py"]),
]


def run(check: Check) -> tuple[Check, bool, float, str]:
    """Run one check: whether it passed, seconds, everything it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        check.command,
        cwd=check.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return check, done.returncode == 0, time.perf_counter() - started, done.stdout.strip()


def main() -> int:
    """Run the checks named on the command line, or all."""
    names = set(sys.argv[1:])
    unknown = names - {check.name for check in CHECKS}
    if unknown:
        print(f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(check.name for check in CHECKS)}.")
        return 2
    wanted = [check for check in CHECKS if not names or check.name in names]
    started = time.perf_counter()
    failed: list[str] = []
    print(f"── {len(wanted)} checks", flush=True)
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for future in as_completed([pool.submit(run, check) for check in wanted]):
            check, passed, seconds, output = future.result()
            last = output.splitlines()[-1].strip() if output else check.what
            mark = "ok    " if passed else "FAILED"
            print(f"   {mark} {check.name:<11} {seconds:5.1f} s   {last if passed else check.what}"[:160], flush=True)
            if not passed:
                failed.append(check.name)
                print("\n".join(f"      {line}" for line in output.splitlines()), flush=True)
    print(f"   {len(wanted) - len(failed)} of {len(wanted)} passed in {time.perf_counter() - started:.0f} s")
    if failed:
        print(f"   again, one alone: .venv/bin/python scripts/check.py {failed[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
