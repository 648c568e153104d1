"""Named SQL: statements live in a room's ``queries.sql`` and can be pasted into psql.

A block starts with ``-- name: inbox_page``; the comment lines below it say what it answers. Parameters are psql
variables (``:account_id``); they become psycopg's ``%(account_id)s``. Casts (``::uuid``) and quoted text stay.
"""

import re
from importlib import resources

_NAME = re.compile(r"^--\s*name:\s*(\w+)\s*$", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?P<keep>'(?:[^']|'')*'|--[^\n]*|::\w+)|(?P<percent>%)|(?<![:\w]):(?P<param>[a-z_]\w*)""",
    re.VERBOSE,
)


def translate(statement: str) -> bytes:
    """Return ``statement`` with psql variables as psycopg parameters and literal ``%`` doubled."""

    def one(match: re.Match[str]) -> str:
        if match["param"]:
            return f"%({match['param']})s"
        if match["percent"]:
            return "%%"
        return "" if match["keep"].startswith("--") else match["keep"].replace("%", "%%")

    lines = (line.rstrip() for line in _TOKEN.sub(one, statement).strip().rstrip(";").splitlines())
    return "\n".join(line for line in lines if line.strip()).encode()


class Queries:
    """The statements of one ``queries.sql``, one attribute each (``bytes``, ready for psycopg)."""

    def __init__(self, source: str, where: str) -> None:
        parts = _NAME.split(source)
        self._where = where
        self._statements = {name: translate(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}

    def __getattr__(self, name: str) -> bytes:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._where} has no statement named {name!r}") from None

    def names(self) -> list[str]:
        """Return the names of all statements, in the order of the file."""
        return list(self._statements)


def load(package: str, file: str = "queries.sql") -> Queries:
    """Load the named statements of ``package`` (pass ``__package__``)."""
    source = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return Queries(source, f"{package}/{file}")
