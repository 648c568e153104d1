"""The settings of a Svardesk process: read once from the environment, checked, frozen.

Standard library only: the parent process of `svardesk run` and every command line read them. `SETTINGS` describes each
one; `docs/settings.md` is tested against it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_PORT: Final = 8400
LOCAL_PROXIES: Final = ("127.0.0.1", "::1")
_URL = re.compile(r"^(https?)://([^/\s?#@]+)/?$")
_HIGHEST_PORT = 65535
_LARGEST_POOL = 200


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, what applies when it is empty, and what it decides."""

    name: str
    default: str
    description: str


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "SVARDESK_DATABASE_URL",
        "empty: the embedded PostgreSQL",
        "A PostgreSQL server, 15 or newer (`postgresql://role@host/database`, or a libpq connection string). The role owns "
        "the database and may create roles. Empty: Svardesk starts its own PostgreSQL in the data folder.",
    ),
    Setting(
        "SVARDESK_DATA",
        "`/var/lib/svardesk` for root, else `~/.local/share/svardesk`",
        "The data folder: the embedded database (`postgres/`), files that people sent (`files/`) and the key ring (`keys`). "
        "When root starts Svardesk, the database runs as an account of its own that must be able to enter this folder.",
    ),
    Setting(
        "PORT",
        str(DEFAULT_PORT),
        "The port on which the web process listens, 1 to 65535. With `--demo` a mail server listens beside it, for this machine only: "
        "at 25, 143 and 587 above it, or at free ports where those are taken.",
    ),
    Setting(
        "SVARDESK_HOST",
        "`127.0.0.1`",
        "The address on which the web process listens. `0.0.0.0` opens it to the network: put a proxy with TLS in front.",
    ),
    Setting(
        "SVARDESK_PUBLIC_URL",
        "`http://localhost:<PORT>`",
        "Where browsers reach this Svardesk: scheme, host and port, no path (`https://desk.example.no`). Links, the widget's "
        "address, the check of a request's origin and the redirect address of mailboxes (`/oauth/mail/back`) follow from it; "
        "`https` makes all cookies Secure.",
    ),
    Setting(
        "SVARDESK_KEYS",
        "empty: the file `keys` in the data folder, made at the first start",
        "The key ring that protects stored secrets: `id:key` pairs separated by commas, the first one is used for new "
        "secrets, the others only to read older ones. `svardesk keys rotate` makes a new key.",
    ),
    Setting(
        "SVARDESK_FILES",
        "empty: the folder `files` in the data folder",
        "Where the files lie that people send: a folder, or `s3://bucket/prefix` (credentials and region from the usual "
        "`AWS_*` variables). Files in S3 are not part of `svardesk backup`.",
    ),
    Setting("SVARDESK_LOG", "`text`", "How log lines look: `text` for people, `json` for a log collector."),
    Setting(
        "SVARDESK_FORWARDED_ALLOW",
        "`127.0.0.1,::1`",
        "The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks separated by commas, "
        "or `none`. Rate limits count by the visitor's address, so name exactly your own proxies.",
    ),
    Setting(
        "SVARDESK_META_HOSTS",
        "empty: Meta's own only",
        "Further hosts that an owner may name as the Graph API of a Meta app, separated by commas: a stand-in, or a proxy of "
        "yours. Page tokens are sent there, and files are fetched from there.",
    ),
    Setting("SVARDESK_WEB_POOL", "`16`", "The most database connections that one web process opens, 2 to 200."),
    Setting("SVARDESK_WORKER_POOL", "`8`", "The most database connections that one worker opens, 2 to 200."),
)


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it and says what it should look like."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process. Folders are absolute; `public_url` has no slash at its end."""

    database_url: str
    data: Path
    port: int
    host: str
    public_url: str
    keys: str
    files: str
    log: str
    forwarded_allow: tuple[str, ...]
    meta_hosts: tuple[str, ...]
    web_pool: int
    worker_pool: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment. Raises SettingsError for the first value that cannot be used."""
        env = os.environ if environment is None else environment
        port = _integer(env, "PORT", DEFAULT_PORT, 1, _HIGHEST_PORT)
        host = _text(env, "SVARDESK_HOST") or "127.0.0.1"
        if not re.fullmatch(r"[0-9A-Za-z.:_-]+", host):
            raise SettingsError(f"SVARDESK_HOST must be an address such as 127.0.0.1 or 0.0.0.0, not '{host}'.")
        return cls(
            database_url=_database_url(env),
            data=_data(env),
            port=port,
            host=host,
            public_url=_public_url(env, port),
            keys=_text(env, "SVARDESK_KEYS"),
            files=_files(env),
            log=_choice(env, "SVARDESK_LOG", ("text", "json")),
            forwarded_allow=_proxies(env),
            meta_hosts=tuple(
                one.strip().lower() for one in _text(env, "SVARDESK_META_HOSTS").split(",") if one.strip()
            ),
            web_pool=_integer(env, "SVARDESK_WEB_POOL", 16, 2, _LARGEST_POOL),
            worker_pool=_integer(env, "SVARDESK_WORKER_POOL", 8, 2, _LARGEST_POOL),
        )

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry Secure and the `__Host-` prefix: when browsers reach us by https."""
        return self.public_url.startswith("https://")

    @property
    def embedded(self) -> bool:
        """Whether Svardesk runs its own PostgreSQL."""
        return not self.database_url

    @property
    def postgres_dir(self) -> Path:
        """Folder of the embedded PostgreSQL."""
        return self.data / "postgres"

    @property
    def files_url(self) -> str:
        """Where files lie, as `kit.files.FileStore` takes it: a folder's path or `s3://bucket/prefix`."""
        return self.files or str(self.data / "files")

    @property
    def files_dir(self) -> Path | None:
        """The folder of the files, or None when they lie in S3."""
        return None if self.files.startswith("s3://") else Path(self.files_url)

    @property
    def keys_file(self) -> Path:
        """The key ring's file (0600), used when SVARDESK_KEYS is empty."""
        return self.data / "keys"

    @property
    def local_url(self) -> str:
        """Where this machine reaches the web process itself, past any proxy."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"http://{host}:{self.port}"


def _text(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = _text(env, name)
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not '{text}'.")
    return int(text)


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    text = _text(env, name) or allowed[0]
    if text not in allowed:
        raise SettingsError(f"{name} must be {' or '.join(allowed)}, not '{text}'.")
    return text


def _files(env: Mapping[str, str]) -> str:
    text = _text(env, "SVARDESK_FILES")
    if not text or re.match(r"^s3://[^/\s]+", text):
        return text
    if "://" in text:
        raise SettingsError(f"SVARDESK_FILES must be a folder or s3://bucket/prefix, not '{text}'.")
    return str(Path(text).resolve())


def _database_url(env: Mapping[str, str]) -> str:
    text = _text(env, "SVARDESK_DATABASE_URL")
    if text and not text.startswith(("postgresql://", "postgres://")) and not re.match(r"^[a-z_]+\s*=", text):
        # The value may hold a password, so it is not repeated.
        raise SettingsError(
            "SVARDESK_DATABASE_URL must look like postgresql://role@host/database (or host=… dbname=…). Only PostgreSQL works."
        )
    return text


def _data(env: Mapping[str, str]) -> Path:
    text = _text(env, "SVARDESK_DATA")
    if text:
        path = Path(text)
        if text.startswith("~"):
            path = path.expanduser()
        return path.resolve()
    if os.geteuid() == 0:
        # Not in root's home: the database runs as another account, which cannot enter it.
        return Path("/var/lib/svardesk")
    base = _text(env, "XDG_DATA_HOME")
    home = _text(env, "HOME")
    if base.startswith("/"):
        return Path(base, "svardesk").resolve()
    if not home.startswith("/") or not Path(home).is_dir():
        raise SettingsError(
            "This account has no home folder to keep the data in. Set SVARDESK_DATA to a folder in which it may write."
        )
    return Path(home, ".local", "share", "svardesk").resolve()


def _public_url(env: Mapping[str, str], port: int) -> str:
    text = _text(env, "SVARDESK_PUBLIC_URL")
    if not text:
        return f"http://localhost:{port}"
    found = _URL.match(text)
    if not found:
        raise SettingsError(
            f"SVARDESK_PUBLIC_URL must be scheme and host without a path, such as https://desk.example.no, not '{text}'."
        )
    return f"{found[1]}://{found[2].lower()}"


def _proxies(env: Mapping[str, str]) -> tuple[str, ...]:
    text = _text(env, "SVARDESK_FORWARDED_ALLOW")
    if not text:
        return LOCAL_PROXIES
    if text == "none":
        return ()
    import ipaddress

    proxies = tuple(part.strip() for part in text.split(",") if part.strip())
    for proxy in proxies:
        try:
            _ = ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise SettingsError(
                f"SVARDESK_FORWARDED_ALLOW must list addresses or networks such as 10.0.0.0/8, and '{proxy}' is neither."
            ) from None
    return proxies
