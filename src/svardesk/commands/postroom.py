"""The sockets of the demo's mail server, opened by the parent of everything.

The parent listens, the mail server serves: so its ports are ours before anybody is told of them, stay the same when it is
killed, and whoever connects meanwhile waits for the next one instead of being refused.
"""

from __future__ import annotations

import socket

from svardesk.commands.readiness import wait_for_port
from svardesk.config import Settings
from svardesk.demo_data.ports import HOST, Ports, remember, remembered

BESIDE = Ports(smtp=25, submission=587, imap=143)
"""So far from our own port the mail server listens, where that is free: the numbers that mail has everywhere."""
_HIGHEST = 65535
_BACKLOG = 64


def listen(settings: Settings, patience: float) -> list[socket.socket]:
    """Open the three sockets (SMTP, submission, IMAP) and remember their ports.

    The ports of last time come first, for `patience` seconds while they are in use; then those beside our own; then
    any. Raises OSError when not even that is possible.
    """
    wanted = remembered(settings.data) or Ports(*(settings.port + beside for beside in BESIDE))
    opened = [_open(port, patience) for port in wanted]
    smtp, submission, imap = (int(one.getsockname()[1]) for one in opened)
    remember(settings.data, Ports(smtp, submission, imap))
    return opened


def _open(port: int, patience: float) -> socket.socket:
    taken = port > _HIGHEST or wait_for_port(HOST, port, patience) is not None
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, 0 if taken else port))
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened
