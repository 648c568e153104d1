"""What no file of this repository may hold: too many lines, an index address in a lock, a path of one machine, a leftover."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 600  # lines; past 400 a file is split by verb
SOURCES = {".py", ".ts", ".tsx", ".mjs", ".css", ".sql", ".sh", ".html"}
GENERATED = (".gen.ts", "migrations/sql/tables.sql")
LOCKS = re.compile(r"(^|/)(requirements/.*\.txt|package-lock\.json|\.npmrc|pip\.conf|.*\.lock)$")
ADDRESS = re.compile(r"\w+://\S+")
# Assembled, so that this file does not find itself.
MACHINE = re.compile("/(?:wo" + "rk|fa" + "rm)/[a-z]|/tm" + "p/brief|/root/\\.py" + "env")
LEFTOVER = re.compile(
    r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error"
    r"|mark\.(?:sk"
    + r"ip|xf"
    + r"ail)|pytest\.sk"
    + r"ip\(|\b(?:it|test|describe)\.(?:sk"
    + r"ip|on"
    + r"ly|to"
    + r"do)\b"
)


def tracked() -> list[Path]:
    """Every file under version control; outside a checkout (an unpacked archive) there are none to judge."""
    done = subprocess.run(["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def complaints(path: Path) -> Iterator[str]:
    """What is wrong with one file, as sentences that name the line."""
    name = path.relative_to(ROOT).as_posix()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    source = path.suffix in SOURCES
    if source and not name.endswith(GENERATED) and len(lines) > LONGEST:
        yield f"{name}: {len(lines)} lines, more than {LONGEST}; split it by verb"
    for number, line in enumerate(lines, 1):
        if LOCKS.search(name) and ADDRESS.search(line):
            yield f"{name}:{number}: a lock names no address; `make lock` leaves them out"
            break
    for number, line in enumerate(lines, 1):
        if MACHINE.search(line):
            yield f"{name}:{number}: a path of one machine: {line.strip()[:80]}"
        if source and LEFTOVER.search(line):
            yield f"{name}:{number}: a leftover: {line.strip()[:80]}"


def main() -> int:
    """0 when nothing was found."""
    files = tracked()
    found = [complaint for path in files for complaint in complaints(path)]
    print("\n".join(found) if found else f"{len(files)} files in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
