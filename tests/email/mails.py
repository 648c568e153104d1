"""Small mails for tests."""

from svardesk.channels.email.parsing import ParsedMail, parse


def raw(body: str | bytes = "Hei\n", **headers: str) -> bytes:
    """A mail; ``content_type`` becomes Content-Type."""
    given = {"From": "Kari <kari@example.no>", "To": "hjelp@example.com", "Subject": "Sak"}
    given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    given.setdefault("Content-Type", "text/plain; charset=utf-8")
    head = "".join(f"{name}: {value}\n" for name, value in given.items()).encode()
    return head + b"\n" + (body if isinstance(body, bytes) else body.encode())


def read(body: str | bytes = "Hei\n", **headers: str) -> ParsedMail:
    return parse(raw(body, **headers))


def html(body: str, **headers: str) -> ParsedMail:
    return read(body, content_type="text/html; charset=utf-8", **headers)


def multipart(*parts: str | bytes, kind: str = "mixed", more: str = "") -> bytes:
    """A multipart mail of parts that bring their own headers."""
    body = b"".join(b"--grense\n" + (one if isinstance(one, bytes) else one.encode()) + b"\n" for one in parts)
    return raw(body + b"--grense--\n", content_type=f"multipart/{kind}; boundary=grense{more}")
