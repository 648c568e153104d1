"""The JSON endpoint for a shop's own form: the same checks, an allow-list of origins, answers that a page may read."""

import base64
from typing import Any

import pytest

from tests.form.conftest import PNG, SHOP, Form, Make

SENT: dict[str, Any] = {"email": "ola@kunde.example", "answer": "email", "topic": "invoice", "message": "Hvor er den?"}


async def fetched(form: Form, seconds: float = 5, origin: str = SHOP, **query: str) -> dict[str, Any]:
    answer = await form.http.get(f"/form/v1/{form.view.key}", headers={"origin": origin}, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == origin
    form.clock.advance(seconds)
    return answer.json()


async def send(form: Form, origin: str | None = SHOP, **values: Any) -> Any:
    headers = {} if origin is None else {"origin": origin}
    if origin is None:
        form.http.headers.pop("origin", None)
    return await form.http.post(f"/form/v1/{form.view.key}", json={**SENT, **values}, headers=headers)


async def test_it_says_what_it_asks(form: Form) -> None:
    asked = await fetched(form, lang="sv")
    assert (asked["locale"], asked["title"], asked["answers"]) == ("sv", "Skriv till Fjordnett", ["email", "phone"])
    assert asked["topics"] == [{"key": "invoice", "label": "Faktura (sv)"}, {"key": "other", "label": "Noe annet"}]
    assert [one["key"] for one in asked["fields"]] == ["order", "where", "model", "story", "other", "mobile", "picture"]
    assert asked["fields"][0]["patterns"] == ["FN-####", "####-@@"]
    assert asked["fields"][1]["choices"] == [
        {"key": "web", "label": "På nätet"},
        {"key": "shop", "label": "I butikken"},
    ]


async def test_it_takes_a_form_once(form: Form) -> None:
    stamp = (await fetched(form))["stamp"]
    files = [{"field": "picture", "name": "bilde.png", "content": base64.b64encode(PNG).decode()}]
    more = {"stamp": stamp, "values": {"order": "FN-1234"}, "files": files}
    first, again = await send(form, **more), await send(form, **more)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    (row,) = await form.rows("SELECT number, channel FROM conversations")
    assert (first.json()["number"], row["channel"]) == (row["number"], "form")
    shown = await form.http.get(first.json()["url"].removeprefix("http://desk.example"))
    assert f"<strong>{row['number']}</strong>" in shown.text
    assert first.headers["access-control-allow-origin"] == SHOP
    assert await form.count("files") == 1


async def test_it_says_what_is_wrong_with_each_field(form: Form) -> None:
    stamp = (await fetched(form))["stamp"]
    answer = await send(form, stamp=stamp, email="x", message="", values={"order": "9"}, lang="sv")
    assert answer.status_code == 422
    assert answer.headers["access-control-allow-origin"] == SHOP, "or the page could not read it"
    error = answer.json()["error"]
    assert error["code"] == "form_refused"
    assert error["fields"]["fields"] == {
        "email": "Skriv e-postadressen så här: namn@exempel.se",
        "order": "Skriv numret så här: FN-1234",
        "message": "Skriv vad vi kan hjälpa dig med",
    }


async def test_too_quick_too_old_and_made_up_stamps(form: Form) -> None:
    quick = (await fetched(form, seconds=1))["stamp"]
    answer = await send(form, stamp=quick)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "form_error_too_quick")
    answer = await send(form, stamp="x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "form_error_old_page")


async def test_a_flood_is_told_to_wait(form: Form) -> None:
    for n in range(20):
        stamp = (await fetched(form))["stamp"]
        assert (await send(form, stamp=stamp, email=f"k{n}@kunde.example")).status_code == 201
    answer = await send(form, stamp=(await fetched(form))["stamp"], email="k21@kunde.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://butikk.example.evil.example", "null", "http://butikk.example"]
)
async def test_other_sites_are_refused(form: Form, origin: str) -> None:
    stamp = (await fetched(form))["stamp"]
    answer = await send(form, origin, stamp=stamp)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_refused")
    assert "access-control-allow-origin" not in answer.headers
    asked = await form.http.get(f"/form/v1/{form.view.key}", headers={"origin": origin})
    assert asked.status_code == 403
    before = await form.http.options(f"/form/v1/{form.view.key}", headers={"origin": origin})
    assert before.status_code == 403
    assert await form.count("envelopes") == 0


async def test_a_browser_may_ask_beforehand(form: Form) -> None:
    answer = await form.http.options(f"/form/v1/{form.view.key}", headers={"origin": SHOP})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert answer.headers["access-control-allow-headers"] == "content-type"


async def test_programs_send_no_origin(form: Form) -> None:
    stamp = (await fetched(form))["stamp"]
    answer = await send(form, None, stamp=stamp)
    assert answer.status_code == 201
    assert "access-control-allow-origin" not in answer.headers


async def test_only_this_address_is_open_to_other_sites(form: Form) -> None:
    for path in (form.url, "/api/v1/session", "/widget/v1/session"):
        answer = await form.http.post(path, json={}, headers={"origin": SHOP})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")


async def test_a_key_that_is_a_widgets(form: Form, make: Make) -> None:
    del make
    from tests.factories import make_widget

    _, key = await make_widget(form.db, form.account)
    answer = await form.http.get(f"/form/v1/{key}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_form")
    assert (await form.http.get(f"/form/{key}")).status_code == 404
