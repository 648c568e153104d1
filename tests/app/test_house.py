"""The front of the house: health, headers, methods, pages."""

import pytest


async def test_alive_and_ready_answer_json(client, house):
    alive = await client.get("/healthz")
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    ready = await client.get("/readyz")
    assert ready.status_code == 503, "there is no worker in this test"
    assert ready.json()["reasons"] == ["No worker has been heard of for 15 seconds."]
    assert ready.json()["database"] == "ok"
    await house.beat("worker")
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["workers"]) == (200, "ok", 1)


async def test_every_answer_carries_the_safe_headers(client):
    for path in ("/healthz", "/nowhere", "/app/", "/api/v1/session"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe-inline" not in headers["content-security-policy"], path


async def test_head_is_the_head_of_get(client):
    answer = await client.head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_unknown_address_and_method_are_typed_errors(client):
    missing = await client.get("/api/v1/nowhere")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    wrong = await client.put("/healthz")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")


async def test_unsafe_request_from_another_site_is_refused(client):
    answer = await client.post("/api/v1/session", json={}, headers={"origin": "https://ond.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")


async def test_metrics_are_for_this_machine_only(client):
    assert (await client.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/app/../../pyproject.toml", "/app/%2e%2e/%2e%2e/app.py", "/app/assets/../../../app.py"]
)
async def test_pages_give_nothing_outside_their_folder(client, path):
    answer = await client.get(path)
    assert "litestar" not in answer.text
    assert "[project]" not in answer.text
