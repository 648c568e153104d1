"""The page: its languages, its policy, what it says about a mistake, and that nothing typed into it ever runs."""

import re

import pytest

from svardesk.kit.i18n import LOCALES
from tests.form.conftest import SHOP, VALUES, Form, Make, Page, problems

TITLES = {"nb": "Kontakt oss", "da": "Kontakt os", "sv": "Kontakta oss", "fi": "Ota yhteyttä", "en": "Contact us"}


@pytest.mark.parametrize(
    ("query", "accept", "locale"),
    [
        ("", "", "nb"),
        ("?lang=sv", "", "sv"),
        ("?lang=sv-FI", "en", "sv"),
        ("", "sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("", "de, en;q=0.5, sv;q=0.4", "en"),
        ("", "fi, da;q=0.9", "nb"),
        ("?lang=fi", "en", "en"),
        ("?lang=%00'\"><x", "", "nb"),
        ("", "q=;;;,,,x;q=nan,sv;q=x", "nb"),
    ],
)
async def test_the_language_is_the_readers_as_far_as_the_form_has_it(
    form: Form, query: str, accept: str, locale: str
) -> None:
    page = await form.open(query, **{"accept-language": accept})
    assert page.all("html")[0]["lang"] == locale
    assert f"?lang={locale}" in str(page.all("form")[0]["action"])
    others = {one["hreflang"] for one in page.all("a") if one.get("hreflang")}
    assert others == {"nb", "sv", "en"} - {locale}


async def test_texts_fall_back_to_a_language_that_was_written(form: Form) -> None:
    page = await form.open("?lang=sv")
    assert "Skriv till Fjordnett" in page.text
    assert "Modell" in page.text, "a label that has no Swedish"
    assert "Välj …" in page.text
    assert "Faktura (sv)" in page.text


async def test_every_language_is_whole(make: Make) -> None:
    form = await make(languages=list(LOCALES), texts={})
    for locale in LOCALES:
        page = await form.open(f"?lang={locale}")
        assert not re.search(r"\bform\.|\{[a-z]+\}", page.text), locale
        refused = await form.post(query=f"?lang={locale}", email="", message="", topic="", f_order="9")
        found = problems(refused)
        assert set(found) == {"email", "topic", "f_order", "message"}
        assert not any("form." in one or "{" in one for one in found.values()), locale
        if locale in TITLES:
            assert TITLES[locale] in page.text


async def test_everything_wrong_at_once_is_said_in_the_order_of_the_form(form: Form) -> None:
    answer = await form.post(
        email="ikke en adresse", answer="due", phone="abc", topic="hva", f_order="X-1", f_where="månen", f_other="a@",
        f_mobile="12", message="  ", name="x" * 121, f_model="m" * 301, f_story="s" * 4001,
    )  # fmt: skip
    assert answer.status_code == 422
    assert list(problems(answer).items()) == [
        ("name", "Skriv høyst 120 tegn"),
        ("email", "Skriv e-postadressen slik: navn@eksempel.no"),
        ("phone", "Skriv telefonnummeret med bare sifre, gjerne med landkode: +47 22 22 22 22"),
        ("answer-0", "Velg hvordan du vil ha svar"),
        ("topic", "Velg hva det gjelder"),
        ("f_order", "Skriv nummeret slik: FN-1234"),
        ("f_where", "Velg et av svarene"),
        ("f_model", "Skriv høyst 300 tegn"),
        ("f_story", "Skriv høyst 4000 tegn"),
        ("f_other", "Skriv e-postadressen slik: navn@eksempel.no"),
        ("f_mobile", "Skriv telefonnummeret med bare sifre, gjerne med landkode: +47 22 22 22 22"),
        ("message", "Skriv hva vi kan hjelpe deg med"),
    ]
    page = Page(answer.text)
    assert "<title>Feil: Skriv til Fjordnett – Fjordnett AS</title>" in answer.text
    (summary,) = page.all("div", role="alert")
    assert "autofocus" in summary
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    assert set(problems(answer)) <= set(ids), "every link of the summary leads somewhere"
    for name in ("email", "f_order", "message"):
        control = next(attrs for _, attrs in page.tags if attrs.get("id") == name)
        assert control["aria-invalid"] == "true"
        assert set(str(control["aria-describedby"]).split()) <= set(ids)
    assert page.values["f_order"] == "X-1", "what was typed is still there"
    assert page.values["f_where"] == ""


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("FN-1234", True), ("fn-0000", True), ("1234-ab", True), ("FN-123", False), ("FN-12345", False), ("FN_1234", False),
        ("1234-1b", False), ("FN-١٢٣٤", False), ("", True),
    ],
)  # fmt: skip
async def test_order_numbers(form: Form, value: str, taken: bool) -> None:
    answer = await form.post(f_order=value)
    assert answer.status_code == (303 if taken else 422)


async def test_required_fields_are_asked_for(make: Make) -> None:
    fields = [{**one, "required": True} for one in VALUES["fields"]]
    form = await make(fields=fields, answers=["phone"], topics=[])
    answer = await form.post(email="", answer="", topic="")
    assert problems(answer) == {
        "phone": "Skriv telefonnummeret ditt, så vi kan ringe",
        "f_order": "Fyll ut dette feltet",
        "f_where": "Velg et av svarene",
        "f_model": "Fyll ut dette feltet",
        "f_story": "Fyll ut dette feltet",
        "f_other": "Fyll ut dette feltet",
        "f_mobile": "Fyll ut dette feltet",
        "f_picture": "Legg ved en fil",
    }
    page = await form.open()
    assert not page.all("input", type="radio"), "one way to answer needs no choice"
    required = {attrs["name"] for _, attrs in page.tags if attrs.get("aria-required") == "true"}
    assert required == {"phone", "message", *(f"f_{one['key']}" for one in fields)}


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}${7}</textarea></title></option>"


async def test_nothing_that_is_typed_becomes_markup(form: Form) -> None:
    names = [
        "name", "email", "phone", "answer", "topic", "message", "subject", "stamp", "f_order", "f_where", "f_model", "f_story",
        "f_other", "f_mobile", "f_gone", EVIL,
    ]  # fmt: skip
    plain = await form.open()
    answer = await form.post(None, stamp=EVIL, **{name: EVIL for name in names if name != "stamp"})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert len(page.all("script")) == len(plain.all("script")) == 1
    assert not page.all("img")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert "49" not in page.text
    assert page.values["message"] == EVIL
    assert page.values["f_model"] == EVIL
    stamp = await form.stamp()
    files = [("f_picture", (EVIL, b"GIF89a", "image/gif")), ("f_picture", ("a<b>.svg", b"<svg/>", "image/svg+xml"))]
    answer = await form.post(stamp=stamp, files=files)
    assert (answer.status_code, len(Page(answer.text).all("script"))) == (422, 1)
    assert not Page(answer.text).all("b") and not Page(answer.text).all("svg")


async def test_nothing_in_an_address_becomes_markup(form: Form) -> None:
    for query in ("?lang=" + "%22%3E%3Cscript%3E", "?theme=%22%3E%3Cscript%3E", "?x=%22%3E%3Cscript%3E"):
        assert len((await form.open(query)).all("script")) == 1
    answer = await form.http.get("/form/%22%3E%3Cscript%3E")
    assert (answer.status_code, len(Page(answer.text).all("script"))) == (404, 1)
    assert "Skjemaet finnes ikke her" in answer.text


async def test_what_an_owner_writes_is_text_too(make: Make) -> None:
    labels = {"nb": EVIL[:190]}
    form = await make(
        texts={"nb": {"title": EVIL[:110], "intro": EVIL}},
        fields=[
            {"key": "a", "type": "text", "labels": labels, "hints": labels},
            {"key": "b", "type": "choice", "labels": labels, "choices": [{"key": "x", "labels": labels}]},
        ],
        topics=[{"key": "t", "labels": labels}],
    )
    page = await form.open()
    assert len(page.all("script")) == 1
    assert not page.all("img")


async def test_the_policy_allows_our_own_files_and_the_listed_sites(form: Form, make: Make) -> None:
    answer = await form.http.get(form.url)
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {SHOP}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin", (
        "or the frame's own posts had no origin"
    )
    page = Page(answer.text)
    assert not page.all("style")
    assert all(attrs.get("src", "").startswith("/form/assets/") for attrs in page.all("script"))
    assert not [attrs for _, attrs in page.tags if "style" in attrs]
    for address in (page.all("link")[0]["href"], page.all("script")[0]["src"]):
        found = await form.http.get(str(address))
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    nobody = await make(origins=[])
    assert "frame-ancestors 'none'" in (await nobody.http.get(nobody.url)).headers["content-security-policy"]
    sent = await form.post()
    assert f"frame-ancestors {SHOP}" in sent.headers["content-security-policy"]


async def test_the_trap_is_out_of_everybodys_way(form: Form) -> None:
    page = await form.open()
    (trap,) = page.all("input", name="subject_line")
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")
    (around,) = page.all("p", aria_hidden="true")
    assert around["class"] == "elsewhere"


async def test_every_control_has_a_name(form: Form) -> None:
    page = await form.open()
    labelled = {attrs["for"] for attrs in page.all("label") if attrs.get("for")}
    for tag, attrs in page.tags:
        if tag in {"input", "select", "textarea"} and attrs.get("type") not in {"hidden", "radio"}:
            assert attrs.get("id") in labelled or attrs["name"] == "subject_line"
    assert page.all("input", autocomplete="email", type="email")
    assert page.all("input", autocomplete="tel", type="tel")


async def test_colours_as_the_shop_wants_them(form: Form) -> None:
    assert (await form.open("?theme=dark")).all("html")[0]["data-theme"] == "dark"
    assert "data-theme" not in (await form.open("?theme=pink")).all("html")[0]
    answer = await form.post(query="?theme=light&lang=sv")
    assert answer.headers["location"].endswith("&lang=sv&theme=light")


async def test_another_site_cannot_post_the_page(form: Form) -> None:
    stamp = await form.stamp()
    for origin in (SHOP, "https://evil.example", "null"):
        answer = await form.http.post(form.url, files=[("stamp", (None, stamp))], headers={"origin": origin})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 422),
        (b"--x\r\nrubbish", "multipart/form-data; boundary=x", 400),
        (b"--x--", "multipart/form-data", 400),
        (b'--x\r\nContent-Disposition: form-data; name="message"\r\nContent-Type: text/plain; charset=klingon\r\n\r\nhei\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
        (b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n\xff\xfe\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
        (b"message=hei", "application/x-www-form-urlencoded", 422),
        (b"message=%ff%fe", "application/x-www-form-urlencoded", 422),
        (b'{"message":"hei"}', "application/json", 422),
        (b"\xff" * 100, "text/plain", 422),
    ],
)  # fmt: skip
async def test_whatever_is_posted_is_answered_with_the_page(form: Form, body: bytes, kind: str, status: int) -> None:
    answer = await form.http.post(form.url, content=body, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert "Skriv til Fjordnett" in answer.text
    assert await form.count("envelopes") == 0


async def test_a_form_that_is_gone(form: Form) -> None:
    stamp = await form.stamp()
    async with form.db.work(form.account.id) as tx:
        await tx.run("UPDATE connections SET archived_at = now()")
    from svardesk.channels.connections import REMEMBERED

    REMEMBERED.forget()
    assert (await form.http.get(form.url)).status_code == 404
    assert (await form.post(stamp=stamp)).status_code == 404
