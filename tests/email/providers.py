"""Microsoft's and Google's sign-in, as far as a desk meets them: consent, codes, tokens, and what they refuse."""

import asyncio
import base64
import json
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

Kind = Literal["microsoft", "google"]


class SignIn:
    """One provider. ``tokens`` are the access tokens that its mail server takes, by address; share it with the server.

    Both give a code once, for the address of our registration and the verifier of whoever began. Microsoft gives another
    refresh token each time, Google none but the first; each has its own words for a permission that has ended.
    """

    def __init__(self, kind: Kind, tokens: dict[str, str]) -> None:
        self.kind = kind
        self.tokens = tokens
        self.base = ""
        self.secret = "registrert-hemmelighet"
        self.lasts = 3599
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._grants: dict[str, str] = {}
        self._count = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def consent(self, url: str, address: str) -> str:
        """A person signs in and agrees; returns the code with which the browser is sent back."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        if self.kind == "google":
            assert (query["access_type"], query["prompt"]) == ("offline", "consent"), "else there is no refresh token"
        else:
            assert "offline_access" in query["scope"].split(), "else there is no refresh token"
        self._count += 1
        code = f"kode-{self._count}"
        self._codes[code] = {**query, "address": address}
        return code

    def revoke(self, address: str) -> None:
        """The permission ends: a new password, an administrator, the person's own choice."""
        self._grants = {grant: whose for grant, whose in self._grants.items() if whose != address}
        self.tokens.pop(address, None)

    def _answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("client_secret") != self.secret:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.",
            }
        if form["grant_type"] == "authorization_code":
            begun = self._codes.pop(form["code"], None)
            challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
                return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: The code is expired or used."}
            return 200, self._tokens(begun["address"], first=True)
        address = self._grants.get(form["refresh_token"])
        if address is None:
            said = {
                "microsoft": {"error": "invalid_grant", "error_description": "AADSTS50173: The grant is expired due to it being"
                              " revoked.", "suberror": "bad_token"},
                "google": {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
            }  # fmt: skip
            return 400, said[self.kind]
        return 200, self._tokens(address, first=False)

    def _tokens(self, address: str, *, first: bool) -> dict[str, Any]:
        self._count += 1
        told: dict[str, Any] = {
            "token_type": "Bearer", "expires_in": self.lasts, "access_token": f"adgang-{self._count}", "scope": "mail",
        }  # fmt: skip
        if first or self.kind == "microsoft":
            told["refresh_token"] = f"forny-{self._count}"
            self._grants[told["refresh_token"]] = address
        self.tokens[address] = told["access_token"]
        return told

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
        form = dict(parse_qsl((await reader.readexactly(length)).decode()))
        self.asked.append({"path": head.split(" ")[1], **form})
        status, body = self._answer(form)
        raw = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + raw
        )
        await writer.drain()
        writer.close()
