"""`svardesk run`, the parent by itself: real database, real processes, stand-ins for web process, worker and demo."""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from svardesk.commands.children import Child
from svardesk.kit.postgres import DATABASE, Cluster
from svardesk.kit.postgres.postmaster import read_postmaster

HALVES = Path(__file__).parents[1] / "doubles" / "halves"
READY = r"Svardesk is ready"


class Running:
    """A started `svardesk run` whose lines can be waited for."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "svardesk.cli", "run", *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.seen: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        until = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"no {pattern!r} in:\n" + "\n".join(self.seen)
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found

    def up(self) -> None:
        """Wait until the web process answers and the worker has begun, in whichever order they say so."""
        for pattern in (READY, r"working, process \d+"):
            if not re.search(pattern, self.text):
                self.wait_for(pattern)

    def end(self, seconds: float = 30) -> int:
        """Wait for the end (of output, too: held open as long as any child lives); the exit code."""
        until = time.monotonic() + seconds
        while (line := self._lines.get(timeout=max(0.01, until - time.monotonic()))) is not None:
            self.seen.append(line)
        return self.process.wait(timeout=seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    @property
    def text(self) -> str:
        return "\n".join(self.seen)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="svardesk-run-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder).resolve() / "data"
        Cluster(Path(folder).resolve() / "data" / "postgres").stop()


@pytest.fixture
def environment(data: Path) -> dict[str, str]:
    return {
        "SVARDESK_DATA": str(data),
        "SVARDESK_DATABASE_URL": "",
        "SVARDESK_LOG": "text",
        "SVARDESK_PUBLIC_URL": "",
        "PORT": str(free_port()),
        "PYTHONPATH": str(HALVES),
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def go(*arguments: str, **more: str) -> Running:
        started.append(Running({**environment, **more}, *arguments))
        return started[-1]

    yield go
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(timeout=30)


@pytest.mark.slow
def test_starts_says_where_restarts_what_dies_and_stops_everything(
    start: Callable[..., Running], data: Path, environment: dict[str, str]
) -> None:
    running = start("--demo")
    running.wait_for(r"Stop with Ctrl-C")
    running.up()
    web = int(re.findall(r"web     \| serving, process (\d+)", running.text)[0])
    text, port = running.text, environment["PORT"]
    assert "Preparing the database" in text
    assert f"serving, process {web}, with the demo shop" in text
    assert f"  Agent app   http://localhost:{port}/app/" in text
    assert f"  Data        {data}" in text
    assert f"  Demo shop   http://localhost:{port}/demo/\n  Kari Nordmann, passord" in text
    worker = int(re.findall(r"working, process (\d+)", text)[0])
    database = read_postmaster(data / "postgres" / "pgdata")
    assert database
    assert (data / "demo.txt").stat().st_mode & 0o777 == 0o600

    os.kill(worker, signal.SIGKILL)
    running.wait_for(r"worker process was killed by SIGKILL; starting it again in 0\.2 s")
    fresh = int(running.wait_for(r"working, process (\d+)")[1])
    assert fresh != worker
    os.kill(web, signal.SIGKILL)
    web = int(running.wait_for(r"serving, process (\d+)")[1])

    os.kill(database.pid, signal.SIGKILL)
    running.wait_for(r"database ended unexpectedly; starting it again")
    wait_until(lambda: (found := read_postmaster(data / "postgres" / "pgdata")) is not None and found.ready)
    again = read_postmaster(data / "postgres" / "pgdata")
    assert again
    assert again.pid != database.pid
    assert lives(web)
    assert lives(fresh)

    mark_filled(data)
    assert running.stop() == 0
    assert "served" in running.text
    assert "worked" in running.text
    assert running.seen[-1] == "svardesk| Stopped."
    assert not any(lives(pid) for pid in (web, fresh, again.pid))
    assert (data / "run.lock").read_text() == ""

    # The second start finds the schema and the demo as they should be: neither child is started.
    began = time.monotonic()
    second = start("--demo")
    second.wait_for(READY)
    took = time.monotonic() - began
    second.wait_for(r"Kari Nordmann, passord")
    assert "Preparing" not in second.text
    assert "migrate" not in second.text
    assert second.stop(signal.SIGINT) == 0
    assert took < 3
    assert (data / "filled").read_text() == "x"


def mark_filled(data: Path) -> None:
    """What the real demo leaves in the database of a running desk: an organisation that knows mail server and stand-in."""
    ports = " ".join(map(str, json.loads((data / "demo-mail" / "ports.json").read_text()).values()))
    port = (data / "demo-meta" / "port").read_text().strip()
    with psycopg.connect(Cluster(data / "postgres").dsn(DATABASE)) as conn:
        conn.execute(
            "INSERT INTO accounts (id, name, slug, settings) VALUES (gen_random_uuid(), 'F', 'f', %s)",
            (Jsonb({"demo_mail": ports, "demo_meta": f"http://127.0.0.1:{port}"}),),
        )


MAIL = r"^mail    \| taking mail, process (\d+): SMTP (\d+), submission (\d+), IMAP (\d+)"


def hears(port: str) -> bytes:
    """What an SMTP server says first; waits for it."""
    with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as line:
        return line.recv(200)


@pytest.mark.slow
def test_the_demos_mail_server_lives_and_dies_with_the_rest(start: Callable[..., Running], data: Path) -> None:
    running = start("--demo")
    first = running.wait_for(MAIL)
    running.wait_for(r"Stop with Ctrl-C")
    process, ports = int(first[1]), first.groups()[1:]
    assert hears(ports[0]).startswith(b"220 mail.fjordnett.example")
    kept = data / "demo-mail" / "ports.json"
    assert [str(port) for port in json.loads(kept.read_text()).values()] == list(ports)
    assert (data / "demo-mail").stat().st_mode & 0o777 == 0o700

    os.kill(process, signal.SIGKILL)
    # Nobody is refused meanwhile: the parent holds the sockets.
    assert hears(ports[0]).startswith(b"220 mail.fjordnett.example")
    running.wait_for(r"mail process was killed by SIGKILL; starting it again in 0\.2 s")
    again = running.wait_for(MAIL)
    assert int(again[1]) != process
    assert again.groups()[1:] == ports
    mark_filled(data)
    assert running.stop() == 0
    assert not lives(int(again[1]))

    # Somebody else has taken one of the ports: another one is found, and told to whoever asks for it.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(ports[2])))
        taken.listen()
        second = start("--demo")
        moved = second.wait_for(MAIL).groups()[1:]
        assert moved[:2] == ports[:2]
        assert moved[2] != ports[2]
        second.wait_for(r"Stop with Ctrl-C")
        assert (data / "filled").read_text() == "xx", "the demo is told of the new port"
        assert second.stop() == 0


@pytest.mark.slow
def test_killed_with_9_the_mail_server_goes_too_and_its_ports_are_taken_over(
    start: Callable[..., Running],
) -> None:
    running = start("--demo")
    first = running.wait_for(MAIL)
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not lives(int(first[1])))
    second = start("--demo")
    assert second.wait_for(MAIL).groups()[1:] == first.groups()[1:]
    assert second.stop() == 0


@pytest.mark.slow
def test_without_the_demo_there_is_no_mail_server(start: Callable[..., Running], data: Path) -> None:
    running = start()
    running.up()
    assert running.stop() == 0
    assert "taking mail" not in running.text
    assert not (data / "demo-mail").exists()


@pytest.mark.slow
def test_a_second_run_on_the_same_folder_is_refused(start: Callable[..., Running], data: Path) -> None:
    first = start()
    first.up()
    second = start(PORT=str(free_port()))
    assert second.end() == 1
    assert second.text == (
        f"svardesk: The data folder {data} is in use by `svardesk run` (process {first.process.pid}, "
        f"http://127.0.0.1:{(data / 'run.lock').read_text().rsplit(':', 1)[1].strip()}). Stop that first, or choose another "
        "folder with SVARDESK_DATA (and another PORT)."
    )
    assert first.process.poll() is None
    assert first.stop() == 0


@pytest.mark.slow
def test_killed_with_9_its_children_go_and_the_database_is_adopted(start: Callable[..., Running], data: Path) -> None:
    running = start()
    running.up()
    children = [int(pid) for pid in re.findall(r"(?:serving|working), process (\d+)", running.text)]
    assert len(children) == 2
    database = read_postmaster(data / "postgres" / "pgdata")
    assert database
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(lives(pid) for pid in children))
    assert lives(database.pid)

    second = start()
    second.up()
    adopted = read_postmaster(data / "postgres" / "pgdata")
    assert adopted
    assert adopted.pid == database.pid
    assert second.stop() == 0
    assert not lives(database.pid)


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_child_that_does_not_stop_is_killed_after_ten_seconds(start: Callable[..., Running]) -> None:
    running = start(TEST_WORKER="deaf")
    running.up()
    began = time.monotonic()
    assert running.stop() == 0
    assert 9.5 < time.monotonic() - began < 20
    assert "The worker process does not stop; killing it." in running.text
    impatient = start(TEST_WORKER="deaf")
    impatient.up()
    impatient.process.send_signal(signal.SIGINT)
    impatient.wait_for("Stopping")
    # The same Ctrl-C once more, as `make` and `timeout` pass it on, is no second one.
    impatient.process.send_signal(signal.SIGINT)
    with pytest.raises(AssertionError):
        impatient.wait_for("does not stop", 1)
    began = time.monotonic()
    assert impatient.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_child_that_refuses_its_settings_ends_everything_with_2(start: Callable[..., Running], data: Path) -> None:
    running = start(TEST_WORKER="bad-settings")
    assert running.end() == 2
    assert "worker  | the worker does not like its settings" in running.text
    assert read_postmaster(data / "postgres" / "pgdata") is None


@pytest.mark.slow
def test_with_a_server_of_ones_own_nothing_is_embedded(
    start: Callable[..., Running], clone: Callable[[], str], data: Path
) -> None:
    dsn = clone()
    running = start(SVARDESK_DATABASE_URL=dsn)
    running.up()
    assert running.stop() == 0
    assert not (data / "postgres").exists()
    with psycopg.connect(dsn) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_does_not_answer_is_told(start: Callable[..., Running], tmp_path: Path) -> None:
    running = start(SVARDESK_DATABASE_URL=f"host={tmp_path} dbname=svardesk user=desk")
    assert running.end() == 1
    assert "svardesk: The database in SVARDESK_DATABASE_URL does not answer:" in running.text


def test_a_port_in_use_is_refused_before_anything_starts(start: Callable[..., Running], data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = start(PORT=str(port))
        assert running.end() == 1
        assert running.text.startswith(f"svardesk: Port {port} is in use by another program. Choose another one")
    assert not (data / "postgres").exists()


@pytest.mark.slow
def test_log_lines_for_a_collector_have_no_prefix(start: Callable[..., Running]) -> None:
    running = start(SVARDESK_LOG="json")
    running.wait_for(r'^\{"event": "Svardesk is ready')
    assert running.stop() == 0
    assert '{"event": "Stopped.", "logger": "svardesk.run"}' in running.text
    assert any(line.startswith("serving, process") for line in running.seen)


def test_serve_and_work_alone_say_what_is_missing(environment: dict[str, str]) -> None:
    for half in ("serve", "work"):
        done = subprocess.run(
            [sys.executable, "-m", "svardesk.cli", half],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("svardesk: The embedded database does not run. `svardesk run` starts everything")


def test_the_delay_before_a_new_start_doubles_up_to_five_seconds() -> None:
    child = Child("web", ["serve"], lasting=True)
    child._started = time.monotonic()
    assert [round(child.next_delay(), 1) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    child._started = time.monotonic() - 11
    assert child.next_delay() == 0.2
