"""Owners make and change forms; what makes no form is refused with the reason."""

from typing import Any

import pytest

from svardesk.channels.form.config import expression, fits
from tests.client import Client
from tests.factories import make_agent
from tests.form.conftest import SHOP, Form

URL = "/api/v1/forms"


@pytest.fixture
async def owner(form: Form) -> Client:
    await form.http.sign_in(await make_agent(form.db, form.account, role="owner"))
    return form.http


async def test_an_owner_makes_changes_and_ends_a_form(owner: Client, form: Form) -> None:
    made = await owner.post(URL, json={"name": "  Retur ", "origins": ["https://Butikk.example/", SHOP]})
    assert made.status_code == 201, made.text
    view, embed = made.json()["form"], made.json()["embed"]
    assert (view["name"], view["origins"], view["languages"], view["answers"], view["version"]) == (
        "Retur", [SHOP], ["nb"], ["email"], 1,
    )  # fmt: skip
    address = f"http://desk.example/form/{view['key']}"
    assert embed == {
        "link": f'<a href="{address}">Kontakt oss</a>',
        "frame": f'<iframe src="{address}" title="Kontakt oss" width="100%" height="900" loading="lazy"></iframe>',
        "endpoint": f"http://desk.example/form/v1/{view['key']}",
    }
    texts = {"nb": {"title": ' Retur "og" bytte ', "intro": ""}, "sv": {"title": "", "intro": ""}}
    changed = await owner.patch(f"{URL}/{view['id']}", json={"texts": texts, "version": 1})
    assert changed.status_code == 200, changed.text
    assert changed.json()["form"]["texts"]["nb"] == {"title": 'Retur "og" bytte', "intro": ""}
    assert 'title="Retur &quot;og&quot; bytte"' in changed.json()["embed"]["frame"]
    again = await owner.patch(f"{URL}/{view['id']}", json={"name": "x", "version": 1})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "version_conflict")
    assert (await owner.get(f"/form/{view['key']}")).status_code == 200
    assert (await owner.delete(f"{URL}/{view['id']}")).status_code == 204
    assert (await owner.get(f"/form/{view['key']}")).status_code == 404
    actions = {row["action"] for row in await form.rows("SELECT action FROM audit_log WHERE action LIKE 'form.%%'")}
    assert actions == {"form.created", "form.changed", "form.archived"}


LABEL = {"nb": "x"}


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({}, 422, "name_missing"),
        ({"name": "  "}, 422, "name_missing"),
        ({"name": "x", "origins": ["*"]}, 422, "bad_origin"),
        ({"name": "x", "languages": []}, 400, "invalid"),
        ({"name": "x", "languages": ["de"]}, 400, "invalid"),
        ({"name": "x", "languages": ["nb", "nb"]}, 422, "bad_form"),
        ({"name": "x", "answers": []}, 400, "invalid"),
        ({"name": "x", "answers": ["email", "email"]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "A", "type": "text", "labels": LABEL}]}, 400, "invalid"),
        ({"name": "x", "fields": [{"key": "a", "type": "number", "labels": LABEL}]}, 400, "invalid"),
        ({"name": "x", "fields": [{"key": "a", "type": "text", "labels": {}}]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "a", "type": "text", "labels": {"nb": " "}}]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "email", "type": "text", "labels": LABEL}]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "a", "type": "text", "labels": LABEL}] * 2}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "a", "type": "choice", "labels": LABEL}]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "a", "type": "text", "labels": LABEL, "patterns": ["#"]}]}, 422, "bad_form"),
        ({"name": "x", "fields": [{"key": "a", "type": "order", "labels": LABEL, "patterns": ["FN"]}]}, 422, "bad_form"),
        ({"name": "x", "topics": [{"key": "a", "labels": {}}]}, 422, "bad_form"),
        ({"name": "x", "kind": "email"}, 400, "invalid"),
    ],
)  # fmt: skip
async def test_what_makes_no_form(owner: Client, form: Form, values: dict[str, Any], status: int, code: str) -> None:
    answer = await owner.post(URL, json=values)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert await form.count("connections") == 1


@pytest.mark.parametrize("role", ["lead", "agent", "observer"])
async def test_others_may_not(form: Form, role: str) -> None:
    await form.http.sign_in(await make_agent(form.db, form.account, role=role))
    assert (await form.http.get(URL)).status_code == 403
    assert (await form.http.post(URL, json={"name": "x"})).status_code == 403


def test_patterns_are_no_expressions() -> None:
    assert fits(["(#+)+$"], "(7+)+$")
    assert not fits(["(#+)+$"], "7" * 40)
    assert expression("A.#@") == r"A\.[0-9][A-Za-zÆØÅÄÖæøåäö]"
    assert fits([], "hva som helst")
