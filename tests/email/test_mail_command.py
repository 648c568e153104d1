"""`svardesk mail parse`: an answer for every file, and never an error."""

import hashlib
import io
import json
import sys
from types import SimpleNamespace

from svardesk.cli import main
from tests.email.mails import multipart, raw

MAIL = multipart(
    "Content-Type: text/plain; charset=utf-8\n\nHei på dere\n\nMvh Åse\n\nDen 5. nov. 2026 kl. 14:05 skrev Oss <o@example.com>:\n> Gammelt",
    "Content-Type: application/pdf; name=faktura.pdf\n\n%PDF",
).replace(
    b"Subject: Sak",
    b"Subject: SV: Sak\nMessage-ID: <a@b>\nIn-Reply-To: <c@d>\nReferences: <e@f> <c@d>\nAuthentication-Results: mx; dmarc=pass header.from=example.no",
)


def told(capsys, *arguments: str) -> list[dict]:
    assert main(["mail", "parse", "--json", *arguments]) == 0
    return [json.loads(one) for one in capsys.readouterr().out.splitlines()]


def test_one_object_a_file(tmp_path, capsys):
    path = tmp_path / "a.eml"
    path.write_bytes(MAIL)
    (one,) = told(capsys, str(path), "--authserv", "mx")
    assert one["file"] == str(path)
    assert (one["from"], one["from_name"], one["to"]) == ("kari@example.no", "Kari", ["hjelp@example.com"])
    assert (one["subject"], one["message_id"], one["in_reply_to"], one["references"]) == (
        "SV: Sak",
        "a@b",
        ["c@d"],
        ["e@f", "c@d"],
    )
    assert (one["visible"], one["signature"]) == ("Hei på dere", "Mvh Åse")
    assert "Gammelt" in one["quoted"]
    assert (one["automatic"], one["trust"], one["problems"]) == ("none", "domain_verified", [])
    assert one["attachments"] == [
        {
            "name": "faktura.pdf",
            "media_type": "application/pdf",
            "size": 4,
            "sha256": hashlib.sha256(b"%PDF").hexdigest(),
            "inline": False,
            "content_id": None,
        }
    ]
    assert told(capsys, str(path))[0]["trust"] == "unverified"


def test_what_cannot_be_read_is_an_object_too(tmp_path, capsys):
    good = tmp_path / "good.eml"
    good.write_bytes(raw("Hei"))
    empty = tmp_path / "empty.eml"
    empty.write_bytes(b"")
    missing, folder, last, nothing = told(capsys, str(tmp_path / "missing.eml"), str(tmp_path), str(good), str(empty))
    assert missing == {"file": str(tmp_path / "missing.eml"), "error": "No such file or directory"}
    assert folder["error"] == "Is a directory"
    assert last["visible"] == "Hei"
    assert (nothing["from"], nothing["visible"]) == (None, "")


def test_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(MAIL)))
    assert told(capsys, "-")[0]["visible"] == "Hei på dere"


def test_for_people(tmp_path, capsys):
    path = tmp_path / "a.eml"
    path.write_bytes(MAIL)
    assert main(["mail", "parse", str(path), str(tmp_path / "missing.eml")]) == 0
    out = capsys.readouterr().out
    assert "From:        Kari <kari@example.no>" in out
    assert "Attachment:  faktura.pdf (application/pdf, 4 bytes)" in out
    assert "── visible\nHei på dere\n\n── quoted\n" in out
    assert out.endswith("missing.eml: No such file or directory\n")
