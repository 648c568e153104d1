"""Backup and restore: everything comes back, nothing that was erased does, and nothing is half done."""

import asyncio
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from svardesk import cli
from svardesk.accounts.setup import create_organisation
from svardesk.commands.init import slug_of
from svardesk.kit import keyring
from svardesk.kit.db import Database
from svardesk.kit.migrate import migrate, newest_revision
from svardesk.kit.postgres import Cluster

PASSWORD = "kaffe-og-lefse-2026"


class House:
    """One installation: a database, a data folder, a key ring."""

    def __init__(
        self, dsn: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.dsn = dsn
        self.data = data
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command in this process: exit code and what it said."""
        for name in ("PORT", "SVARDESK_KEYS", "SVARDESK_FILES", "SVARDESK_PUBLIC_URL"):
            self._monkeypatch.delenv(name, raising=False)
        self._monkeypatch.setenv("SVARDESK_DATABASE_URL", self.dsn)
        self._monkeypatch.setenv("SVARDESK_DATA", str(self.data))
        self._capsys.readouterr()
        code = cli.main(arguments)
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def fill(self) -> UUID:
        """An organisation with a sealed secret, a file and an event; the account's id."""

        async def make() -> UUID:
            db = Database(self.dsn, pool_min=1, pool_max=2)
            await db.open()
            try:
                made = await create_organisation(
                    db, "Blåbær AS", "blabaer", "nb", "Europe/Oslo", "kari@blabaer.example", "Kari Nordmann", PASSWORD
                )
            finally:
                await db.close()
            return made.account_id

        account = asyncio.new_event_loop().run_until_complete(make())
        ring = keyring.load("", self.data)
        sealed = ring.seal(b"JBSWY3DP", keyring.context(account, "agents.totp_secret"))
        self.sql("UPDATE agents SET totp_secret = %s WHERE account_id = %s", sealed, account)
        self.put_file(account, b"Faktura for november, 349 kr")
        self.sql("SELECT spine_sequence(100)")
        return account

    def put_file(self, account: UUID, content: bytes) -> Path:
        path = self.data / "files" / str(account) / hashlib.sha256(content).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def content(self) -> dict[str, object]:
        """Every row of every logged table, as one hash a table; but the epochs, which a restore adds to."""
        found: dict[str, object] = {}
        with psycopg.connect(self.dsn) as conn:
            tables = conn.execute(
                "SELECT c.relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
                " AND relpersistence = 'p' ORDER BY 1"
            ).fetchall()
            for (table,) in tables:
                if table not in {"spine_epochs", "spine_state"}:
                    row = conn.execute(
                        f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t".encode()
                    ).fetchone()
                    found[table] = row
        return found


@pytest.fixture
def house(
    cluster: Cluster,
    clone: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., House]:
    """Make an installation on the test server: with the schema, or empty."""

    def make(name: str, *, empty: bool = False) -> House:
        if empty:
            database = f"t_{uuid4().hex[:12]}"
            cluster.create_database(database)
            dsn = cluster.dsn(database)
        else:
            dsn = clone()
        (tmp_path / name).mkdir()
        return House(dsn, tmp_path / name, monkeypatch, capsys)

    return make


@contextmanager
def changed(archive: Path, target: Path, name: str, change: Callable[[bytes], bytes | None]) -> Iterator[Path]:
    """A copy of a backup with one member changed (or left out)."""
    with tarfile.open(archive) as source, tarfile.open(target, "w") as out:
        for member in source:
            file = source.extractfile(member)
            assert file
            content: bytes | None = file.read()
            if member.name == name and content is not None:
                content = change(content)
            if content is not None:
                member.size = len(content)
                out.addfile(member, io.BytesIO(content))
    yield target


@pytest.mark.slow
def test_everything_comes_back_in_an_empty_database(house: Callable[..., House], tmp_path: Path) -> None:
    here, there = house("here"), house("there", empty=True)
    account = here.fill()
    ring = keyring.load("", here.data)
    code, said = here.command("backup", str(tmp_path / "desk.tar"))
    assert code == 0, said
    assert f"schema {newest_revision()}, 1 file (0.0 MB)" in said
    assert f"needs these keys: {ring.ids[0]}. They are NOT in the backup" in said
    assert (tmp_path / "desk.tar").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []
    with tarfile.open(tmp_path / "desk.tar") as tar:
        assert tar.getnames()[:2] == ["manifest.json", "database.dump"]
        file = tar.extractfile("manifest.json")
        assert file
        manifest = json.load(file)
    assert manifest["keys"] == [ring.ids[0]]
    assert manifest["schema"] == newest_revision()
    before = here.sql("SELECT epoch, last_position FROM spine_state")

    # Without the key: refused, and nothing has changed.
    code, said = there.command("restore", str(tmp_path / "desk.tar"))
    assert code == 1
    assert f"not in the key ring: {ring.ids[0]}. Add them to {there.data / 'keys'}" in said
    assert "Nothing was changed." in said
    assert there.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]
    assert not (there.data / "files").exists()

    there.data.joinpath("keys").write_bytes(here.data.joinpath("keys").read_bytes())
    there.data.joinpath("keys").chmod(0o600)
    code, said = there.command("restore", str(tmp_path / "desk.tar"))
    assert code == 0, said
    assert there.content() == here.content()
    stored = next((there.data / "files" / str(account)).iterdir())
    assert stored.read_text() == "Faktura for november, 349 kr"
    assert stored.stat().st_mode & 0o777 == 0o600
    sealed = there.sql("SELECT totp_secret FROM agents WHERE account_id = %s", account)[0][0]
    assert isinstance(sealed, bytes)
    opened = keyring.load("", there.data).open(sealed, keyring.context(account, "agents.totp_secret"))
    assert opened == b"JBSWY3DP"
    # Positions go on, in an epoch of their own: whoever followed the old one fetches afresh.
    after = there.sql("SELECT epoch, last_position FROM spine_state")
    assert after[0][1] == before[0][1]
    assert after[0][0] != before[0][0]
    assert there.sql("SELECT first_position FROM spine_epochs WHERE epoch = %s", after[0][0]) == [
        (int(str(after[0][1])) + 1,)
    ]
    # The wall between organisations came back too.
    assert there.sql("SELECT count(*) FROM pg_policies") == here.sql("SELECT count(*) FROM pg_policies")
    with psycopg.connect(there.dsn) as conn:
        conn.execute("SET ROLE svardesk_app")
        assert conn.execute("SELECT count(*) FROM agents").fetchone() == (0,)
        conn.execute("SELECT set_config('svardesk.account', %s, true)", (str(account),))
        assert conn.execute("SELECT count(*) FROM agents").fetchone() == (1,)
    migrate(there.dsn)


@pytest.mark.slow
def test_replacing_asks_first_and_keeps_erasures_that_are_newer(house: Callable[..., House], tmp_path: Path) -> None:
    here = house("here")
    account = here.fill()
    archive = str(tmp_path / "desk.tar")
    assert here.command("backup", archive)[0] == 0
    code, said = here.command("backup", archive)
    assert (code, "exists. Choose another name, or say --overwrite." in said) == (1, True)
    assert here.command("backup", archive, "--overwrite")[0] == 0

    erased = uuid4()
    here.sql(
        "INSERT INTO tombstones (account_id, id, table_name, row_id, erased_at) VALUES (%s, %s, 'contacts', %s, now())",
        account,
        uuid4(),
        erased,
    )
    here.sql("UPDATE agents SET name = 'Changed'")
    code, said = here.command("restore", archive)
    assert code == 1
    assert "The database is not empty. Say --replace" in said
    assert here.sql("SELECT name FROM agents") == [("Changed",)]

    with psycopg.connect(here.dsn):
        code, said = here.command("restore", archive, "--replace")
    assert code == 1
    assert "1 other connections to the database are open. Stop every web process" in said
    assert here.sql("SELECT name FROM agents") == [("Changed",)]

    code, said = here.command("restore", archive, "--replace")
    assert code == 0, said
    assert here.sql("SELECT name FROM agents") == [("Kari Nordmann",)]
    assert here.sql("SELECT row_id FROM tombstones") == [(erased,)]


@pytest.mark.slow
def test_a_damaged_backup_changes_nothing(house: Callable[..., House], tmp_path: Path) -> None:
    here = house("here")
    here.fill()
    archive = tmp_path / "desk.tar"
    assert here.command("backup", str(archive))[0] == 0
    here.sql("UPDATE agents SET name = 'Still here'")

    def refused(path: Path) -> str:
        code, said = here.command("restore", str(path), "--replace")
        assert code == 1
        assert here.sql("SELECT name FROM agents") == [("Still here",)]
        return said

    def flipped(content: bytes) -> bytes:
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

    target = tmp_path / "bad.tar"
    with changed(archive, target, "database.dump", flipped) as bad:
        assert "damaged: the database in it is not what was saved" in refused(bad)
    with changed(archive, target, "end.json", lambda _: None) as bad:
        assert "not complete: it was cut short" in refused(bad)
    with tarfile.open(archive) as tar:
        file = next(name for name in tar.getnames() if name.startswith("files/"))
    with changed(archive, target, file, flipped) as bad:
        assert "is not what was saved" in refused(bad)
    with changed(archive, target, file, lambda _: None) as bad:
        assert "not complete" in refused(bad)
    target.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert "damaged" in refused(target) or "cut short" in refused(target)
    target.write_bytes(b"no tar at all")
    assert "is no backup of Svardesk" in refused(target)
    assert "There is no file" in refused(tmp_path / "nowhere.tar")

    def rewritten(**values: object) -> Callable[[bytes], bytes]:
        return lambda content: json.dumps(json.loads(content) | values).encode()

    with changed(archive, target, "manifest.json", rewritten(schema="20990101_future", version="9.9")) as bad:
        assert "schema 20990101_future, made by Svardesk 9.9, which this version does not know" in refused(bad)
    with changed(archive, target, "manifest.json", rewritten(format=2, version="9.9")) as bad:
        assert "a later format. Restore it with that version" in refused(bad)
    # A dump that is whole but cannot be loaded: PostgreSQL takes back what it had begun.
    junk = b"PGDMP but not really"
    with changed(archive, target, "database.dump", lambda _: junk) as half:
        digest = hashlib.sha256(junk).hexdigest()
        with changed(half, tmp_path / "worse.tar", "manifest.json", rewritten(database_sha256=digest)) as bad:
            assert "could not be restored and is as it was before. PostgreSQL said: pg_restore" in refused(bad)


def test_a_file_that_wants_out_of_its_folder_is_refused(house: Callable[..., House], tmp_path: Path) -> None:
    here = house("here")
    here.fill()
    archive = tmp_path / "desk.tar"
    assert here.command("backup", str(archive))[0] == 0
    evil = tmp_path / "evil.tar"
    with tarfile.open(archive) as source, tarfile.open(evil, "w") as out:
        for member in source:
            content = source.extractfile(member)
            if member.name.startswith("files/"):
                member.name = "files/../../outside"
                member.pax_headers = {}
            out.addfile(member, content)
    code, said = here.command("restore", str(evil), "--replace")
    assert code == 1
    assert "it holds a file named files/../../outside" in said
    assert not (tmp_path / "outside").exists()


@pytest.mark.slow
def test_a_server_with_an_ordinary_owner_role(cluster: Cluster, house: Callable[..., House], tmp_path: Path) -> None:
    """SVARDESK_DATABASE_URL of a server where we are no superuser: migrate, fill, backup, restore into another database."""
    superuser = cluster.dsn("postgres")
    role = f"desk_{uuid4().hex[:8]}"
    databases = [f"t_{uuid4().hex[:12]}" for _ in range(2)]
    with psycopg.connect(superuser, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN CREATEROLE".encode())
        for name in ("svardesk_app", "svardesk_system"):
            conn.execute(f"GRANT {name} TO {role}".encode())
        for database in databases:
            conn.execute(f"CREATE DATABASE {database} OWNER {role}".encode())
    here, there = house("here", empty=True), house("there", empty=True)
    here.dsn, there.dsn = (cluster.dsn(database, user=role) for database in databases)
    assert here.command("migrate") == (0, f"The schema went from empty to {newest_revision()}.\n")
    here.fill()
    assert here.command("backup", str(tmp_path / "desk.tar"))[0] == 0
    there.data.joinpath("keys").write_bytes(here.data.joinpath("keys").read_bytes())
    there.data.joinpath("keys").chmod(0o600)
    code, said = there.command("restore", str(tmp_path / "desk.tar"))
    assert code == 0, said
    assert there.content() == here.content()
    assert there.command("restore", str(tmp_path / "desk.tar"), "--replace")[0] == 0
    assert there.content() == here.content()


@pytest.mark.slow
def test_init_backup_and_restore_with_the_embedded_database(
    house: Callable[..., House], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with tempfile.TemporaryDirectory(prefix="svardesk-backup-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        here = house("unused", empty=True)
        here.dsn, here.data = "", folder / "here"
        password = folder / "password"
        password.write_text(PASSWORD + "\n")
        code, said = here.command(
            "init",
            "--organisation",
            "Blåbær & Sønn AS",
            "--name",
            "Kari Nordmann",
            "--email",
            "kari@blabaer.example",
            "--password-file",
            str(password),
        )
        assert code == 0, said
        assert said.startswith("Blåbær & Sønn AS (blabaer-sonn-as) is there, with Kari Nordmann <kari@blabaer.example>")
        code, said = here.command("backup", str(folder / "desk.tar"))
        assert code == 0, said
        there = here
        there.data = folder / "there"
        code, said = there.command("restore", str(folder / "desk.tar"))
        assert code == 0, said
        cluster = Cluster(folder / "there" / "postgres")
        assert not cluster.running()
        cluster.start()
        try:
            with psycopg.connect(cluster.dsn("svardesk")) as conn:
                assert conn.execute("SELECT slug, name FROM accounts").fetchall() == [
                    ("blabaer-sonn-as", "Blåbær & Sønn AS")
                ]
        finally:
            cluster.stop()
        # A name that is taken, a password that is guessable: a sentence, and nothing is made.
        code, said = there.command(
            "init",
            "--organisation",
            "Blåbær & Sønn AS",
            "--name",
            "Ola",
            "--email",
            "ola@blabaer.example",
            "--password-file",
            str(password),
        )
        assert (code, "Another organisation has this short name" in said) == (1, True)


@pytest.mark.slow
def test_rotating_keys_seals_everything_anew(house: Callable[..., House]) -> None:
    here = house("here")
    account = here.fill()
    old = keyring.load("", here.data).ids[0]
    code, said = here.command("keys", "rotate")
    assert code == 0, said
    ring = keyring.load("", here.data)
    assert ring.ids[1:] == (old,)
    assert f"The key '{ring.ids[0]}' protects all secrets now; 1 were sealed anew" in said
    assert f"Older keys ({old}) stay in the ring" in said
    assert keyring.required_key_ids(here.dsn) == {ring.ids[0]}
    sealed = here.sql("SELECT totp_secret FROM agents")[0][0]
    assert isinstance(sealed, bytes)
    assert ring.open(sealed, keyring.context(account, "agents.totp_secret")) == b"JBSWY3DP"


def test_backup_refuses_what_cannot_be_done(house: Callable[..., House], tmp_path: Path) -> None:
    empty = house("empty", empty=True)
    code, said = empty.command("backup", str(tmp_path / "desk.tar"))
    assert (code, said) == (1, "svardesk: There is nothing to save: the database is empty.\n")
    assert not (tmp_path / "desk.tar").exists()
    code, said = empty.command("backup", str(tmp_path / "nowhere" / "desk.tar"))
    assert code == 1
    assert "does not exist, or this account may not write there" in said


def test_init_without_a_terminal_names_the_missing_option(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert house("here").command("init", "--name", "Kari") == (
        2,
        "svardesk: Say --organisation: there is no terminal to ask at.\n",
    )


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Blåbær & Sønn AS", "blabaer-sonn-as"),
        ("Ærlig Strøm", "aerlig-strom"),
        ("Čáhci Ođđasat", "cahci-oddasat"),
        ("Ääkköset Oy", "aakkoset-oy"),
        ("北欧", "desk"),
        ("x" * 60, "x" * 40),
    ],
)
def test_short_names(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_an_upload_that_is_not_finished_is_not_saved(house: Callable[..., House], tmp_path: Path) -> None:
    here = house("here")
    here.fill()
    (here.data / "files" / "incoming").mkdir()
    (here.data / "files" / "incoming" / "half").write_bytes(b"ha")
    (here.data / "files" / "link").symlink_to("/etc/passwd")
    assert here.command("backup", str(tmp_path / "desk.tar"))[0] == 0
    with tarfile.open(tmp_path / "desk.tar") as tar:
        assert len([name for name in tar.getnames() if name.startswith("files/")]) == 1
