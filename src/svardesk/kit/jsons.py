"""JSON through msgspec: one encoder for the wire, the database and the sockets."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()

encode = _encoder.encode
"""Any msgspec-encodable value as UTF-8 JSON bytes; datetimes in RFC 3339, UUIDs as text."""


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON bytes (psycopg's hook)."""
    return _encoder.encode(value)


def loads(data: str | bytes) -> Any:
    """Return the value of JSON text or bytes."""
    return _decoder.decode(data)
