"""format=flowed (RFC 3676): lines that end in a blank go on in the next one."""

import re

_QUOTES = re.compile(r"(>*) ?")


def unflowed(text: str, *, delsp: bool) -> str:
    """Join flowed lines of one quote depth; ``delsp``: the blank at a line's end was put there by the program."""
    out: list[list[str]] = []
    depth_before = 0
    flowing = False
    for line in text.split("\n"):
        match = _QUOTES.match(line)
        depth = len(match[1]) if match else 0
        content = line[match.end() if match else 0 :]
        separator = content == "-- "
        if not flowing or depth != depth_before or separator:
            out.append([f"{'>' * depth} "] if depth else [])
        flowing = content.endswith(" ") and not separator
        out[-1].append(content[:-1] if flowing and delsp else content)
        depth_before = depth
    return "\n".join("".join(pieces) for pieces in out)
