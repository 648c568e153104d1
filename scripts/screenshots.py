"""Take the pictures in the README again: a desk with its demo on a folder and a port of its own, a real browser, then clean up."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PATIENCE_SECONDS = 120


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until_ready(url: str, desk: subprocess.Popen[bytes]) -> None:
    """Return once the desk says that it is ready; raises SystemExit when it ends before or takes too long."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and desk.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("The desk did not come up, so there is nothing to take pictures of.")


def sign_in_of(said: str) -> tuple[str, str]:
    """The first e-mail and the password among what the desk printed."""
    email = re.search(r"Sign in as\s+(\S+@\S+)", said)
    password = re.search(r"Password\s+(.+)", said)
    if not email or not password:
        raise SystemExit(f"The desk printed no sign-in of the demo:\n{said}")
    return email.group(1), password.group(1).strip()


def main() -> int:
    """Start the desk, take the pictures, stop it again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory(prefix="svardesk-pictures-") as folder:
        # Run as root, the database belongs to another account, which must be able to reach its folder.
        Path(folder).chmod(0o755)
        log = Path(folder) / "desk.log"
        env = os.environ | {"SVARDESK_DATA": f"{folder}/data", "PORT": str(port)}
        print("── A desk with its demo")
        with log.open("wb") as out:
            desk = subprocess.Popen(
                [ROOT / ".venv/bin/svardesk", "run", "--demo"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
            )
        try:
            wait_until_ready(url, desk)
            email, password = _printed(log)
            print(f"── Pictures into {PICTURES.relative_to(ROOT)}")
            return subprocess.run(
                ["node", ROOT / "scripts/screenshots.mjs", url, PICTURES, email, password], cwd=ROOT, check=False
            ).returncode
        finally:
            desk.send_signal(signal.SIGTERM)
            desk.wait(timeout=60)


def _printed(log: Path) -> tuple[str, str]:
    """Readiness comes a moment before the addresses are printed."""
    end = time.monotonic() + 10
    while "Password" not in log.read_text(encoding="utf-8") and time.monotonic() < end:
        time.sleep(0.1)
    return sign_in_of(log.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
