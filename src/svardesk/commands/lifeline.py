"""Children of `svardesk run` do not outlive it, even when it is killed with -9.

The parent holds the writing end of a pipe and never writes; the children watch the reading end. When the parent dies, by
whatever signal, the kernel closes the pipe.
"""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "SVARDESK_LIFELINE"
GRACE_SECONDS = 10.0


def watch() -> None:
    """Stop this process in order (SIGTERM), then by force, when the parent that gave us a lifeline is gone."""
    text = os.environ.pop(VARIABLE, "")
    if text.isdecimal():
        threading.Thread(target=_wait, args=(int(text),), name="lifeline", daemon=True).start()


def _wait(end: int) -> None:
    try:
        while os.read(end, 1):
            pass
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
