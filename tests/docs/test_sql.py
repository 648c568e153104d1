"""Statements of the rooms stand in their queries.sql, where they have a name and can be pasted into psql."""

import ast
import re
from pathlib import Path

ROOMS = Path(__file__).parents[2] / "src" / "svardesk"
ELSEWHERE = {"kit", "commands", "locale", "static"}
"""The kit knows no domain; the command line looks at databases that may not be ours."""
STATEMENT = re.compile(r"\s*(WITH\s|SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)")


def test_every_named_statement_is_asked_by_somebody() -> None:
    python = "\n".join(file.read_text("utf-8") for file in ROOMS.rglob("*.py"))
    unused = [
        f"{file.relative_to(ROOMS)}: {name}"
        for file in sorted(ROOMS.rglob("*.sql"))
        for name in re.findall(r"^-- name: (\w+)", file.read_text("utf-8"), re.MULTILINE)
        if not re.search(rf"\.{name}\b|[\"']{name}[\"']", python)
    ]
    assert unused == []


def test_the_wall_of_one_conversation_is_asked_in_one_place() -> None:
    askers = {
        file.name
        for file in (ROOMS / "conversations").glob("*.py")
        if re.search(r"\bsql\.(may_see|hold)\b", file.read_text("utf-8"))
    }
    assert askers == {"seeing.py"}


def test_no_statement_of_several_lines_stands_in_python() -> None:
    found = [
        f"{file.relative_to(ROOMS)}:{node.lineno}"
        for file in sorted(ROOMS.rglob("*.py"))
        if file.relative_to(ROOMS).parts[0] not in ELSEWHERE
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if STATEMENT.match(node.value) and "\n" in node.value.strip()
    ]
    assert found == []
