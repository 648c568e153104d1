"""Postfix in a folder of the test's own, on a loopback port; only where it is installed and we are root."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.email.dovecot import free_port

_CONFIGURATION = Path("/etc/postfix")


def is_there() -> bool:
    return os.geteuid() == 0 and shutil.which("postfix") is not None and (_CONFIGURATION / "postfix-files").exists()


class Postfix:
    """Takes mail for ``fjordnett.example`` into maildirs; refuses all other domains; never sends anywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.chmod(0o755)
        for name in ("conf", "queue", "data", "mail"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        shutil.chown(folder / "mail", "nobody", "nogroup")
        nobody = pwd.getpwnam("nobody")
        # Read, never written: Postfix looks for its own list of files beside its configuration.
        for name in ("postfix-files", "postfix-script", "post-install"):
            if (_CONFIGURATION / name).exists():
                (folder / "conf" / name).symlink_to(_CONFIGURATION / name)
        (folder / "conf" / "main.cf").write_text(
            f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.fjordnett.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtputf8_enable = yes
message_size_limit = 200000
virtual_mailbox_limit = 300000
mailbox_size_limit = 300000
virtual_mailbox_domains = fjordnett.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ukjent@fjordnett.example = 550 5.1.1 No such user}}, {{travel@fjordnett.example = 450 4.2.1 Busy}} }}
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
alias_maps =
alias_database =
local_recipient_maps =
""",
            "utf-8",
        )
        lines = [
            f"127.0.0.1:{self.port} inet n - n - - smtpd",
            "postlog unix-dgram n - n - 1 postlogd",
            "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 300 1 qmgr",
            "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce",
            "defer unix - - n - 0 bounce",
            "trace unix - - n - 0 bounce",
            "verify unix - - n - 1 verify",
            "flush unix n - n 1000? 0 flush",
            "virtual unix - n n - - virtual",
            "error unix - - n - - error",
            "retry unix - - n - - error",
            "discard unix - - n - - discard",
            "anvil unix - - n - 1 anvil",
            "proxymap unix - - n - - proxymap",
            "local unix - n n - - local",
        ]
        (folder / "conf" / "master.cf").write_text("\n".join(lines) + "\n", "utf-8")
        self._command("start")
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((folder / "log").read_text("utf-8"))

    def _command(self, word: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", str(self.folder / "conf"), word], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def mails(self) -> list[bytes]:
        """What was delivered."""
        return [file.read_bytes() for file in sorted((self.folder / "mail" / "all" / "new").glob("*"))]

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def stop(self) -> None:
        self._command("stop")
