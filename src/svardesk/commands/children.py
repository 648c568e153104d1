"""A child process of `svardesk run`: its output line by line, its end, its next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from svardesk.commands.lifeline import VARIABLE

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0
_STEADY_SECONDS = 10.0
_LONGEST_LINE = 65_536


class Child:
    """One command run as a child in a process group of its own (Ctrl-C in the terminal reaches only the parent).

    `lasting` children are started again when they end; the others end once, with `on_exit(code)`. `inherited` are file
    descriptors that the child gets under the same numbers. `failures` counts the ends since the last steady run.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        lasting: bool,
        on_exit: Callable[[int], None] | None = None,
        inherited: Sequence[int] = (),
    ) -> None:
        self.name: str = name
        self.lasting: bool = lasting
        self.on_exit: Callable[[int], None] | None = on_exit
        self._inherited: tuple[int, ...] = tuple(inherited)
        self.process: subprocess.Popen[bytes] | None = None
        self.pidfd: int = -1
        self.output: int = -1
        self._command: list[str] = [sys.executable, "-m", "svardesk.cli", *command]
        self._rest: bytes = b""
        self._started: float = 0.0
        self.failures: int = 0

    def start(self, environment: Mapping[str, str], lifeline: int) -> None:
        """Start the process; `output` and `pidfd` become readable when it writes and when it ends."""
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, VARIABLE: str(lifeline)},
            pass_fds=(lifeline, *self._inherited),
            process_group=0,
        )
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)
        self.pidfd = os.pidfd_open(self.process.pid)
        self._started = time.monotonic()
        self._rest = b""

    def lines(self, *, last: bool = False) -> list[bytes]:
        """The whole lines written since the last call (with `last` also an unfinished one)."""
        try:
            while chunk := os.read(self.output, 65_536):
                self._rest += chunk
        except BlockingIOError:
            pass
        *whole, self._rest = self._rest.split(b"\n")
        if self._rest and (last or len(self._rest) > _LONGEST_LINE):
            whole.append(self._rest)
            self._rest = b""
        return whole

    def finish(self) -> int:
        """Reap the ended process and close what belonged to it; its exit code (negative: the signal)."""
        assert self.process is not None  # noqa: S101 - called for a started child only
        code = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self.pidfd)
        self.process, self.output, self.pidfd = None, -1, -1
        return code

    def next_delay(self) -> float:
        """Seconds to wait before the next start: 0.2, 0.4, … 5; from the beginning after ten steady seconds."""
        if time.monotonic() - self._started >= _STEADY_SECONDS:
            self.failures = 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**self.failures)
        self.failures += 1
        return delay

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, when it is still there."""
        if self.process is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return
