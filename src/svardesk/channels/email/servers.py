"""How a mail server is reached: address, encryption, credentials. The same for IMAP and SMTP."""

import base64
import contextlib
import ipaddress
import ssl
from typing import Literal

import msgspec

from svardesk.channels.email.errors import Insecure

Encryption = Literal["ssl", "starttls", "none"]


class Password(msgspec.Struct, frozen=True):
    """Sign in with a user name and a password."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Password({self.username!r}, …)"


class AccessToken(msgspec.Struct, frozen=True):
    """Sign in as ``username`` with an OAuth access token (XOAUTH2)."""

    username: str
    token: str

    def __repr__(self) -> str:
        return f"AccessToken({self.username!r}, …)"

    def response(self) -> bytes:
        """The first (and only) message of XOAUTH2, before base64."""
        return f"user={self.username}\x01auth=Bearer {self.token}\x01\x01".encode()


Credentials = Password | AccessToken


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One mail server.

    ``encryption``: ``ssl`` = TLS from the first byte, ``starttls`` = before anything is said (refused when the server
    does not offer it), ``none``. ``verify`` False accepts any certificate. Both of the latter are refused outside the
    loopback interface unless ``insecure`` allows them expressly. ``ca``: PEM of certificates to trust beside the
    system's. ``credentials`` None: the server takes our mail without signing in.
    """

    host: str
    port: int
    encryption: Encryption = "ssl"
    credentials: Credentials | None = None
    verify: bool = True
    insecure: bool = False
    ca: str | None = None


def check_secure(server: Server) -> None:
    """Raise ``Insecure`` when the settings would send secrets where others can read them."""
    if server.insecure or _is_loopback(server.host):
        return
    if server.encryption == "none":
        raise Insecure(server.host)
    if not server.verify:
        raise Insecure(server.host, "mail_unverified")


def tls_context(server: Server) -> ssl.SSLContext:
    """What TLS demands of the server: a certificate for its name from a known authority, TLS 1.2 at least."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.ca:
        context.load_verify_locations(cadata=server.ca)
    if not server.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def challenge_text(challenge: bytes) -> str:
    """What a server's XOAUTH2 challenge says, base64 or already decoded; empty when it says nothing."""
    with contextlib.suppress(ValueError):
        challenge = base64.b64decode(challenge, validate=True)
    return challenge.decode("utf-8", "replace").strip()
