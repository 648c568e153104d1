"""The key ring: secrets at rest are sealed with authenticated encryption under a key that is not in the database.

AES-256-GCM of the package ``cryptography``. Sealed bytes: version (1), length of the key id (1), key id (ASCII), nonce
(12), ciphertext with tag. The context (account and ``table.column``) is authenticated with it: a sealed value that is
copied into another account or column does not open. Keys come from ``SVARDESK_KEYS`` (``id:base64,id:base64``; the first
one seals, all of them open) or from a file of the same form (one pair a line, mode 0600) that is made at the first
start.
"""

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from svardesk.kit.errors import Unavailable

VERSION: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_BATCH: Final = 500

FILE: Final = "keys"
"""Name of the key file in the data folder."""

_HOW_TO_GET_BACK = "Put it back into SVARDESK_KEYS, or restore the file 'keys' of the data folder from the safe place where you keep it."


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A ``bytea`` column of a tenant table with key ``(account_id, id)`` that holds sealed bytes or NULL."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """``table.column``, as in the context."""
        return f"{self.table}.{self.column}"


SEALED_COLUMNS: Final = (SealedColumn("agents", "totp_secret"), SealedColumn("connections", "secrets"))
"""Every sealed column there is: rotation and backups walk this list, and a test compares it with the tables."""


class KeyMissing(Unavailable):
    """A secret was sealed with a key that is not in the key ring."""

    code = "key_missing"


class CannotOpen(Unavailable):
    """A sealed secret does not open: it was changed, cut, or belongs to another place."""

    code = "secret_damaged"


class KeyRingError(Exception):
    """The key ring itself cannot be used; the message says which setting or file, and what to do."""


def context(account_id: UUID, column: str) -> bytes:
    """Return the context of a sealed value: its account and its ``table.column``."""
    return f"{account_id}:{column}".encode()


class KeyRing:
    """Keys by id: the first one seals, every one opens. Safe to share between threads and tasks.

    ``file`` is where the keys came from, None when they are in ``SVARDESK_KEYS``.
    """

    def __init__(self, keys: Mapping[str, bytes], file: Path | None = None) -> None:
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._marks = {name: _mark_key(key) for name, key in keys.items()}
        self.file = file

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys, the one that seals first."""
        return tuple(self._keys)

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Return ``plaintext`` sealed under the current key for ``context``."""
        name, key = next(iter(self._keys.items()))
        head = _head(name)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return head + nonce + key.encrypt(nonce, plaintext, head + context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed. Raises ``KeyMissing`` (whose text names the key) and ``CannotOpen``.

        A key that is not known is looked for in the key file again: another process may have rotated it meanwhile.
        """
        sealed = bytes(sealed)
        needed = key_id(sealed)
        if needed not in self._keys:
            self.reload()
        key = self._keys.get(needed)
        if key is None:
            raise KeyMissing(
                message=f"The key '{needed}' that protects this secret is not in the key ring. {_HOW_TO_GET_BACK}",
                key_id=needed,
            )
        head = _head(needed)
        body = sealed[len(head) :]
        try:
            return key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], head + context)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(key_id=needed) from error

    def fingerprints(self, data: bytes, context: bytes) -> list[bytes]:
        """Return ``data``'s fingerprint under every key, the one that seals first: to recognise what must not be stored.

        HMAC-SHA-256 with a key derived for this purpose only. Store the first; look for any.
        """
        return [hmac.digest(key, context + b"\0" + data, "sha256") for key in self._marks.values()]

    def reload(self) -> None:
        """Read the key file again, if the ring came from one; its first key seals from now on."""
        if self.file is None or not self.file.exists():
            return
        found = _read_file(self.file)
        self._keys = {name: AESGCM(key) for name, key in found.items()}
        self._marks = {name: _mark_key(key) for name, key in found.items()}


def key_id(sealed: bytes) -> str:
    """Return the id of the key that ``sealed`` needs; raises ``CannotOpen`` for what was never sealed by us."""
    if len(sealed) < 2 + NONCE_BYTES + _TAG_BYTES or sealed[0] != VERSION:
        raise CannotOpen
    try:
        name = sealed[2 : 2 + sealed[1]].decode("ascii")
    except UnicodeDecodeError as error:
        raise CannotOpen from error
    if not _KEY_ID.fullmatch(name) or len(name) != sealed[1]:
        raise CannotOpen
    return name


def _mark_key(key: bytes) -> bytes:
    return hmac.digest(key, b"svardesk fingerprint", "sha256")


def _head(name: str) -> bytes:
    return bytes((VERSION, len(name))) + name.encode("ascii")


def load(keys: str, data: Path) -> KeyRing:
    """Return the key ring of a setting (``SVARDESK_KEYS``) or, where that is empty, of ``data/keys``, made if missing.

    Raises ``KeyRingError`` for keys of a wrong form and for a file that others may read.
    """
    if keys.strip():
        found = _parse(keys.split(","), "SVARDESK_KEYS")
        return KeyRing(found)
    file = data / FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = {new_key_id(frozenset()): secrets.token_bytes(KEY_BYTES)}
        temporary = _write_temporary(file, made)
        try:
            # A link fails when the file is there: of two first starts at once, one wins and both use its key.
            os.link(temporary, file)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    found = _read_file(file)
    return KeyRing(found, file)


def new_key() -> str:
    """Return a new ``id:base64`` pair, as ``SVARDESK_KEYS`` takes it."""
    return _pair(new_key_id(frozenset()), secrets.token_bytes(KEY_BYTES))


def new_key_id(taken: frozenset[str]) -> str:
    """Return a short random key id that is not in ``taken``."""
    while True:
        name = f"k{secrets.token_hex(4)}"
        if name not in taken:
            return name


def add_key(ring: KeyRing) -> str:
    """Put a new key in front of the ring's file and seal with it from now on; return its id.

    Raises ``KeyRingError`` when the ring came from ``SVARDESK_KEYS``: a process cannot change its own setting.
    """
    if ring.file is None:
        raise KeyRingError(
            "The keys come from SVARDESK_KEYS, which Svardesk cannot change. Put this pair in front of the others, restart, "
            f"and run `svardesk keys rotate` again: {new_key()}"
        )
    old = _read_file(ring.file)
    name = new_key_id(frozenset(old))
    temporary = _write_temporary(ring.file, {name: secrets.token_bytes(KEY_BYTES), **old})
    temporary.replace(ring.file)
    ring.reload()
    return name


def _parse(pairs: list[str], where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, text in enumerate((pair.strip() for pair in pairs), start=1):
        if not text:
            continue
        name, _, encoded = text.partition(":")
        # The value is never repeated in a message: it may be a key.
        if not _KEY_ID.fullmatch(name):
            raise KeyRingError(f"{where}, entry {number}: must be id:key, the id 1 to 32 letters, digits, - or _.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyRingError(f"{where}, key '{name}': must be {KEY_BYTES} bytes in base64 (44 characters).")
        if name in found:
            raise KeyRingError(f"{where}: two keys are called '{name}'.")
        found[name] = key
    if not found:
        raise KeyRingError(f"{where} holds no key. {_HOW_TO_GET_BACK}")
    return found


def _read_file(file: Path) -> dict[str, bytes]:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise KeyRingError(f"The key file {file} can be read by others (mode {mode:04o}). Run: chmod 600 {file}")
    lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    return _parse([line for line in lines if not line.startswith("#")], str(file))


def _write_temporary(file: Path, keys: Mapping[str, bytes]) -> Path:
    handle, name = tempfile.mkstemp(prefix=".keys-", dir=file.parent)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write("# The keys of Svardesk's stored secrets. Keep a copy apart from the backups of the database.\n")
        out.writelines(f"{_pair(name, key)}\n" for name, key in keys.items())
        out.flush()
        os.fsync(out.fileno())
    Path(name).chmod(0o600)
    return Path(name)


def _pair(name: str, key: bytes) -> str:
    return f"{name}:{base64.b64encode(key).decode()}"


def required_key_ids(dsn: str) -> frozenset[str]:
    """Return the ids of all keys that the secrets of a database need (``dsn``: the owner of the tables)."""
    needed: set[str] = set()
    with psycopg.connect(dsn, autocommit=True) as conn:
        for one in SEALED_COLUMNS:
            query = sql.SQL(
                "SELECT DISTINCT encode(substring({column} FROM 3 FOR get_byte({column}, 1)), 'escape')"
                " FROM {table} WHERE length({column}) > 2"
            ).format(column=sql.Identifier(one.column), table=sql.Identifier(one.table))
            needed.update(row[0] for row in conn.execute(query))
    return frozenset(needed)


def check_keys(dsn: str, ring: KeyRing) -> None:
    """Raise ``KeyMissing`` when the database holds secrets that ``ring`` cannot open; changes nothing."""
    missing = sorted(required_key_ids(dsn) - set(ring.ids))
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        raise KeyMissing(
            message=f"The database holds secrets under the key {names}, which is not in the key ring. {_HOW_TO_GET_BACK}",
            key_ids=missing,
        )


def rotate(dsn: str, ring: KeyRing) -> dict[str, int]:
    """Seal again, under the ring's first key, every secret that is under another one.

    ``dsn``: the owner of the tables (rotation reaches over all accounts). Each batch of 500 commits by itself, and a
    rotation that was interrupted goes on where it stopped. Returns how many values of each ``table.column`` were sealed
    again. Raises ``KeyMissing`` before it changes anything, ``CannotOpen`` for damage. Old keys stay in the ring: older
    backups need them.
    """
    check_keys(dsn, ring)
    with psycopg.connect(dsn, autocommit=True) as conn:
        return {one.name: _rotate_column(conn, ring, one) for one in SEALED_COLUMNS}


def _rotate_column(conn: psycopg.Connection[Any], ring: KeyRing, one: SealedColumn) -> int:
    names = {"column": sql.Identifier(one.column), "table": sql.Identifier(one.table)}
    select = sql.SQL(
        "SELECT account_id, id, {column} FROM {table}"
        " WHERE {column} IS NOT NULL AND substring({column} FROM 1 FOR %(size)s) <> %(head)s"
        " ORDER BY account_id, id LIMIT %(batch)s FOR UPDATE"
    ).format(**names)
    update = sql.SQL(
        "UPDATE {table} SET {column} = %(sealed)s WHERE account_id = %(account_id)s AND id = %(id)s"
    ).format(**names)
    head = _head(ring.ids[0])
    done = 0
    while True:
        with conn.transaction():
            rows = conn.execute(select, {"head": head, "size": len(head), "batch": _BATCH}).fetchall()
            for account_id, row_id, sealed in rows:
                where = context(account_id, one.name)
                fresh = ring.seal(ring.open(sealed, where), where)
                conn.execute(update, {"sealed": fresh, "account_id": account_id, "id": row_id})
        if not rows:
            return done
        done += len(rows)
