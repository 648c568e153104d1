"""The key ring: what is sealed opens in its own place only, keys rotate, a missing key is named."""

import base64
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary

from svardesk.kit import keyring
from svardesk.kit.keyring import CannotOpen, KeyMissing, KeyRing, KeyRingError, context

ACCOUNT = UUID("01970000-0000-7000-8000-000000000001")
PLACE = context(ACCOUNT, "agents.totp_secret")


def pair(key_id: str, byte: int) -> str:
    return f"{key_id}:{base64.b64encode(bytes([byte]) * 32).decode()}"


@pytest.fixture
def ring() -> KeyRing:
    return keyring.load(f"{pair('new', 1)},{pair('old', 2)}", Path("/nowhere"))


@given(st.binary(max_size=300))
def test_what_is_sealed_opens(plaintext: bytes) -> None:
    ring = keyring.load(pair("a", 7), Path("/nowhere"))
    sealed = ring.seal(plaintext, PLACE)
    assert ring.open(sealed, PLACE) == plaintext
    assert len(sealed) == 1 + 1 + 1 + 12 + len(plaintext) + 16
    assert plaintext == b"" or len(plaintext) < 8 or plaintext not in sealed


def test_the_first_key_seals_and_every_key_opens(ring: KeyRing) -> None:
    assert keyring.key_id(ring.seal(b"x", PLACE)) == "new"
    assert ring.seal(b"x", PLACE) != ring.seal(b"x", PLACE)
    old = keyring.load(pair("old", 2), Path("/nowhere")).seal(b"before", PLACE)
    assert ring.open(old, PLACE) == b"before"


@pytest.mark.parametrize(
    "elsewhere",
    [context(UUID(int=5), "agents.totp_secret"), context(ACCOUNT, "connections.secrets"), b""],
    ids=["another account", "another column", "no context"],
)
def test_a_sealed_value_opens_in_its_own_place_only(ring: KeyRing, elsewhere: bytes) -> None:
    with pytest.raises(CannotOpen):
        ring.open(ring.seal(b"secret", PLACE), elsewhere)


def test_every_changed_byte_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal(b"secret", PLACE)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises((CannotOpen, KeyMissing)):
            ring.open(changed, PLACE)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    ring = keyring.load(pair("a", 7), Path("/nowhere"))
    with pytest.raises((CannotOpen, KeyMissing)):
        ring.open(data, PLACE)


def test_a_missing_key_is_named(ring: KeyRing) -> None:
    sealed = keyring.load(pair("lost", 3), Path("/nowhere")).seal(b"x", PLACE)
    with pytest.raises(KeyMissing) as caught:
        ring.open(sealed, PLACE)
    assert caught.value.status == 503
    assert caught.value.code == "key_missing"
    assert "'lost'" in caught.value.message
    assert "SVARDESK_KEYS" in caught.value.message


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("onlyid", "key 'onlyid': must be 32 bytes"),
        (f"sp ace:{'A' * 43}=", "entry 1: must be id:key"),
        ("a:c2hvcnQ=", "key 'a': must be 32 bytes"),
        (f"{pair('a', 1)},{pair('a', 2)}", "two keys are called 'a'"),
        (",", "holds no key"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(setting: str, says: str) -> None:
    with pytest.raises(KeyRingError, match=says) as caught:
        keyring.load(setting, Path("/nowhere"))
    assert "c2hvcnQ" not in str(caught.value)


def test_the_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = data / "keys"
    first = keyring.load("", data)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = keyring.load("", data)
    assert second.ids == first.ids
    assert second.open(first.seal(b"x", PLACE), PLACE) == b"x"
    assert [path.name for path in file.parent.iterdir()] == ["keys"]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    keyring.load("", tmp_path)
    file.chmod(0o640)
    with pytest.raises(KeyRingError, match="chmod 600"):
        keyring.load("", tmp_path)


def test_a_running_process_learns_a_key_that_another_added(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    running, commandline = keyring.load("", tmp_path), keyring.load("", tmp_path)
    old = running.seal(b"before", PLACE)
    added = keyring.add_key(commandline)
    assert commandline.ids[0] == added
    assert running.open(commandline.seal(b"after", PLACE), PLACE) == b"after"
    assert running.ids[0] == added
    assert running.open(old, PLACE) == b"before"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_ring_from_the_environment_says_what_to_set(ring: KeyRing) -> None:
    with pytest.raises(KeyRingError, match=r"SVARDESK_KEYS.*restart.*k[0-9a-f]{8}:"):
        keyring.add_key(ring)


def test_generated_pairs_are_accepted() -> None:
    one = keyring.new_key()
    assert keyring.load(one, Path("/nowhere")).ids[0] == one.split(":", 1)[0]


def test_every_sealed_column_is_in_the_registry() -> None:
    """A new ``bytea`` column is either sealed, or named here with what else it is."""
    from svardesk.kit.models import metadata

    not_sealed = {"token_hash", "code_hash", "address_hash", "sha256", "raw"}
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in not_sealed
    }
    assert found == {one.name for one in keyring.SEALED_COLUMNS}


@pytest.fixture
def dsn(clone: Callable[[], str]) -> str:
    return clone()


def _agents(conn: psycopg.Connection, ring: KeyRing, count: int) -> list[tuple[UUID, UUID]]:
    made = []
    for number in range(count):
        account, agent = uuid4(), uuid4()
        conn.execute("INSERT INTO accounts (id, slug, name) VALUES (%s, %s, 'A')", (account, f"a-{account.hex}"))
        conn.execute(
            "INSERT INTO agents (account_id, id, email, name, role, totp_secret) VALUES (%s, %s, 'a@b.no', 'A', 'agent', %s)",
            (account, agent, ring.seal(f"secret {number}".encode(), context(account, "agents.totp_secret"))),
        )
        made.append((account, agent))
    return made


def test_rotation_seals_everything_again_and_counts(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_BATCH", 2)
    ring = keyring.load("", tmp_path)
    first = ring.ids[0]
    with psycopg.connect(dsn, autocommit=True) as owner:
        rows = _agents(owner, ring, 5)
        assert keyring.required_key_ids(dsn) == {first}
        added = keyring.add_key(ring)
        assert ring.ids == (added, first)
        assert keyring.rotate(dsn, ring) == {"agents.totp_secret": 5, "connections.secrets": 0}
        assert keyring.required_key_ids(dsn) == {added}
        assert keyring.rotate(dsn, ring) == {"agents.totp_secret": 0, "connections.secrets": 0}
        for number, (account, agent) in enumerate(rows):
            found = owner.execute(
                "SELECT totp_secret FROM agents WHERE account_id = %s AND id = %s", (account, agent)
            ).fetchone()
            assert found is not None
            assert ring.open(found[0], context(account, "agents.totp_secret")) == f"secret {number}".encode()


def test_rotation_without_an_old_key_changes_nothing(dsn: str, ring: KeyRing) -> None:
    with psycopg.connect(dsn, autocommit=True) as owner:
        _agents(owner, keyring.load(pair("lost", 9), Path("/nowhere")), 1)
    with pytest.raises(KeyMissing, match="'lost'"):
        keyring.rotate(dsn, ring)
    assert keyring.required_key_ids(dsn) == {"lost"}
