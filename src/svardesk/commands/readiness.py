"""Waiting until the web process answers /readyz with 200, without an HTTP library."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

POLL_SECONDS = 0.03


class ReadinessProbe:
    """Asks /readyz in a thread of its own until it answers 200, then writes one byte to `signal_to`."""

    def __init__(self, url: str, signal_to: int) -> None:
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._address: tuple[str, int] = (host.strip("[]"), int(port))
        self._signal_to: int = signal_to
        self._stopped: threading.Event = threading.Event()
        self.last_answer: str = "no answer yet"

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._ask_until_ready, name="readiness", daemon=True).start()

    def stop(self) -> None:
        """Stop asking."""
        self._stopped.set()

    def _ask_until_ready(self) -> None:
        while not self._stopped.is_set():
            status, body = ask(self._address, "/readyz")
            if status == 200:
                os.write(self._signal_to, b"r")
                return
            self.last_answer = f"{status} {body}" if status else body
            _ = self._stopped.wait(POLL_SECONDS)


def ask(address: tuple[str, int], path: str, timeout: float = 5.0) -> tuple[int, str]:
    """One GET: (status, body), or (0, reason) when nobody answers."""
    try:
        with socket.create_connection(address, timeout) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            whole = b""
            until = time.monotonic() + timeout
            while time.monotonic() < until and (part := line.recv(65_536)):
                whole += part
    except OSError as error:
        return 0, str(error)
    head, _, body = whole.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return 0, "no HTTP answer"
    return int(words[1]), body.decode("utf-8", "replace").strip()


def wait_for_port(
    host: str, port: int, seconds: float, *, sleep: Callable[[float], None] = time.sleep
) -> OSError | None:
    """Whether we could listen there: None when free, else why not; tried again for `seconds` while it is in use."""
    give_up = time.monotonic() + seconds
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if time.monotonic() >= give_up:
                return error
            sleep(0.1)
        else:
            return None
