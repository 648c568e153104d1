"""The file store and the sniffing of content: sizes, lies, what is left behind."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.kit.errors import Invalid, NotFound, TooLarge
from svardesk.kit.files import FileStore
from svardesk.kit.sniff import FileTypeRefused, check, safe_name, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(200)


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_content_comes_back_and_lies_under_account_and_hash(tmp_path: Path) -> None:
    store, account = FileStore(tmp_path), uuid4()
    body = bytes(range(256)) * 5000
    put = await store.put(account, stream(body[:100], body[100:700_000], body[700_000:]), max_bytes=10_000_000)
    assert put.size == 1_280_000
    assert put.sha256 == hashlib.sha256(body).hexdigest()
    assert await store.read(account, put.sha256) == body
    assert stored_files(tmp_path) == [tmp_path / str(account) / put.sha256[:2] / put.sha256]


async def test_the_same_content_twice_is_one_object_and_never_shared_between_accounts(tmp_path: Path) -> None:
    store, one, other = FileStore(tmp_path), uuid4(), uuid4()
    first = await store.put(one, stream(b"hei"), max_bytes=10)
    assert await store.put(one, stream(b"h", b"ei"), max_bytes=10) == first
    assert not await store.exists(other, first.sha256)
    await store.put(other, stream(b"hei"), max_bytes=10)
    await store.delete(one, first.sha256)
    await store.delete(one, first.sha256)
    assert await store.read(other, first.sha256) == b"hei"
    with pytest.raises(NotFound):
        await store.open(one, first.sha256)


@pytest.mark.parametrize("parts", [(b"x" * 101,), (b"x" * 60, b"y" * 60), (b"x" * 100, b"", b"z")])
async def test_one_byte_too_many_stops_the_upload_and_leaves_nothing(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(TooLarge) as caught:
        await store.put(uuid4(), stream(*parts), max_bytes=100)
    assert caught.value.fields == {"max_bytes": 100}
    assert stored_files(tmp_path) == []


async def test_too_large_in_the_middle_of_a_stream_leaves_nothing(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(TooLarge):
        await store.put(uuid4(), stream(*[b"x" * 50_000] * 30), max_bytes=1_000_000)
    assert stored_files(tmp_path) == []


async def test_a_broken_upload_and_an_empty_one_leave_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 60_000
        raise ConnectionResetError("the visitor left")

    store = FileStore(tmp_path)
    with pytest.raises(ConnectionResetError):
        await store.put(uuid4(), broken(), max_bytes=1_000_000)
    with pytest.raises(Invalid, match="empty_file"):
        await store.put(uuid4(), stream(b""), max_bytes=10)
    assert stored_files(tmp_path) == []


async def test_a_refused_kind_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileTypeRefused):
        await FileStore(tmp_path).put(
            uuid4(), stream(b"<html>", b"<script>"), max_bytes=100, check=lambda head: check(head, "x.png")
        )
    assert stored_files(tmp_path) == []


async def test_leftovers_of_broken_uploads_are_swept(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "old").write_bytes(b"x")
    at = (tmp_path / "incoming" / "old").stat().st_mtime
    assert await store.sweep_incoming(3600, at + 60) == 0
    assert await store.sweep_incoming(3600, at + 3700) == 1


def office(folder: str, extra: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/document.xml", "<x/>")
        if extra:
            archive.writestr(extra, "x")
    return buffer.getvalue()


def opendocument(kind: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (PNG, "bilde.png", "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a.jpg", "image/jpeg"),
        (b"GIF89a" + bytes(20), "a.gif", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", "image/webp"),
        (b"%PDF-1.7\n%\xe2\xe3", "kvittering.pdf", "application/pdf"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "IMG_1.HEIC", "image/heic"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "film.mp4", "video/mp4"),
        ("Blåbær og rømmegrøt\n".encode(), "notat.txt", "text/plain"),
        ("Bl\xe5b\xe6r".encode("cp1252"), "notat.txt", "text/plain"),
        (b"navn;bel\xc3\xb8p\n", "liste.csv", "text/csv"),
        (b"Prisen er < 100 kr, og 5 > 3", "notat.txt", "text/plain"),
        (office("word"), "brev.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (office("xl"), "ark.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (opendocument("text"), "brev.odt", "application/vnd.oasis.opendocument.text"),
        # not taken, whatever they are called
        (b"<html><script>alert(1)</script>", "bilde.png", None),
        (b"  \n<!DOCTYPE html>", "a.txt", None),
        (b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' onload=alert(1)>", "a.svg", None),
        (b"<?xml version='1.0'?><x/>", "a.txt", None),
        (b"hei <script src=//x>", "a.txt", None),
        (b"MZ\x90\x00\x03", "a.png", None),
        (b"\x7fELF\x02\x01", "a.txt", None),
        (b"#!/bin/sh\nrm", "a.txt", None),
        (b"PK\x03\x04" + bytes(60), "a.zip", None),
        (office("word", "word/vbaProject.bin"), "a.docx", None),
        (opendocument("text-web"), "a.odt", None),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "a.avif", None),
        (b"text with a \0 byte", "a.txt", None),
        (b"   \n", "a.txt", None),
        (b"", "a.txt", None),
    ],
)
def test_content_is_told_by_its_bytes(head: bytes, name: str, expected: str | None) -> None:
    assert sniff(head, name) == expected


def test_a_name_that_promises_something_else_gets_the_right_ending() -> None:
    assert check(PNG, "faktura.pdf").name == "faktura.pdf.png"
    assert check(b"hei", "kjør.exe").name == "kjør.exe.txt"
    assert check(PNG, "BILDE.PNG").name == "BILDE.PNG"
    assert check(PNG, "bilde.png").image


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\bilde.png", "bilde.png"),
        ("a\u202egnp.exe", "a_gnp.exe"),
        ('x";\r\nSet-Cookie: y', "x_;_Set-Cookie_ y"),
        ("", "file"),
        ("...", "file"),
        ("år og dag.pdf", "år og dag.pdf"),
    ],
)
def test_names_are_made_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_any_name_becomes_a_short_one_without_separators(name: str) -> None:
    clean = safe_name(name)
    assert 0 < len(clean) <= 150
    assert not set(clean) & set('/\\\r\n\0":')


@given(st.binary(max_size=200))
def test_no_bytes_make_the_sniffer_fail_or_pass_markup(head: bytes) -> None:
    found = sniff(b"<script>" + head, "a.png")
    assert found is None
