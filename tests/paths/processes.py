"""Real processes of Svardesk for tests: started, asked whether they are ready, killed."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Self

import httpx

from tests.desk import free_port

KEYS = "k1:" + base64.b64encode(b"k" * 32).decode()


class Process:
    """One command line of Svardesk. What it prints is kept, and shown when something about it fails."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "svardesk.cli", *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def text(self) -> str:
        """Everything it printed so far."""
        size = self._said.tell() if self._said.closed else os.fstat(self._said.fileno()).st_size
        return os.pread(self._said.fileno(), size, 0).decode(errors="replace")

    def lives(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """As the kernel would do when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 20) -> int:
        """Ask it to end; returns its exit code."""
        if self.lives():
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise


class Side:
    """A web process as a browser knows it: addresses on a port of its own."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"

    async def answers(self, path: str = "/healthz", seconds: float = 30, process: Process | None = None) -> Any:
        """Wait until ``path`` answers 200; returns the body."""
        async with asyncio.timeout(seconds), httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            while True:
                if process is not None:
                    assert process.lives(), process.text
                try:
                    found = await client.get(path)
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if found.status_code == 200:
                    return found.json()
                await asyncio.sleep(0.05)


class House:
    """Web processes and workers on one database, each a process of its own; all are gone when the block ends."""

    def __init__(self, dsn: str, data: Path) -> None:
        self.environment = {
            "SVARDESK_DATABASE_URL": dsn,
            "SVARDESK_DATA": str(data),
            "SVARDESK_KEYS": KEYS,
            "SVARDESK_PUBLIC_URL": "http://desk.example",
            "SVARDESK_HOST": "127.0.0.1",
            "SVARDESK_LOG": "text",
            "SVARDESK_META_HOSTS": "127.0.0.1",
            "SVARDESK_WEB_POOL": "6",
            "SVARDESK_WORKER_POOL": "6",
        }
        self.processes: list[Process] = []

    def web(self) -> tuple[Process, Side]:
        side = Side()
        process = Process("serve", **{**self.environment, "PORT": str(side.port)})
        self.processes.append(process)
        return process, side

    def worker(self) -> Process:
        self.processes.append(Process("work", **self.environment))
        return self.processes[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.processes:
            if one.lives():
                one.process.terminate()
        for one in self.processes:
            one.stop()
