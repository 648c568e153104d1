"""Dovecot in a folder of the test's own, on a loopback port; only where it is installed and we are root."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PASSWORD = "blåbær-og-fløte"


def is_there() -> bool:
    return os.geteuid() == 0 and shutil.which("dovecot") is not None


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Dovecot:
    """A server that has a maildir for every address that is asked for; they share one password."""

    def __init__(self, folder: Path, separator: str = ".") -> None:
        self.folder = folder
        self.port = free_port()
        self._count = 0
        folder.chmod(0o755)
        for name in ("mail", "home", "run", "state"):
            (folder / name).mkdir()
        for name in ("mail", "home"):
            shutil.chown(folder / name, "nobody", "nogroup")
        (folder / "dovecot.conf").write_text(
            f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
namespace inbox {{
  inbox = yes
  separator = {separator}
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/home/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
# A refused login would make the next one from this address wait for seconds.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
""",
            "utf-8",
        )
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(folder / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._await_port()

    def _await_port(self) -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text("utf-8"))

    def deliver(self, address: str, raw: bytes) -> None:
        """Put a mail into an INBOX as a delivery agent does."""
        self._count += 1
        name = f"{int(time.time())}.M{self._count:06d}P{os.getpid()}.test"
        maildir = self.folder / "mail" / address
        for sub in ("", "tmp", "new", "cur"):
            if not (maildir / sub).is_dir():
                (maildir / sub).mkdir()
                shutil.chown(maildir / sub, "nobody", "nogroup")
        temporary = maildir / "tmp" / name
        temporary.write_bytes(raw)
        shutil.chown(temporary, "nobody", "nogroup")
        temporary.rename(maildir / "new" / name)

    def renumber(self, address: str) -> None:
        """Forget all UIDs, as a restored mailbox does."""
        for pattern in ("dovecot-uidlist", "dovecot.index*"):
            for file in (self.folder / "mail" / address).glob(pattern):
                file.unlink()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(15)
