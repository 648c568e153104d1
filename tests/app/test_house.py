"""The front of the house: health, headers, methods, pages."""

import pytest

from svardesk.kit.errors import TooMany
from svardesk.kit.proxies import unnamed


async def test_alive_and_ready_answer_json(client, house, fresh_db):
    house.db = fresh_db  # in the shared one other tests' events wait for a sequencer
    alive = await client.get("/healthz")
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    ready = await client.get("/readyz")
    assert ready.status_code == 503, "there is no worker in this test"
    assert ready.json()["reasons"] == ["No worker has been heard of for 15 seconds."]
    assert ready.json()["database"] == "ok"
    await house.beat("worker")
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["workers"]) == (200, "ok", 1)


async def test_ready_names_a_proxy_that_nobody_named(client, house, fresh_db, monkeypatch):
    house.db = fresh_db
    await house.beat("worker")
    monkeypatch.setattr(unnamed, "address", "10.0.0.7")
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok"), "a header of a stranger stops nothing"
    (reason,) = ready.json()["reasons"]
    assert reason.startswith("X-Forwarded-For came from 10.0.0.7,")


async def test_sockets_and_requests_count_addresses_alike(client):
    async def gone():
        return {"type": "websocket.disconnect"}

    async def send(message):
        pass

    door = client.web.visitors
    for _ in range(300):
        await door.enter("127.0.0.1", gone, send)
    let_in = 0

    async def flood():
        nonlocal let_in
        while let_in < 2000:  # five more become free every second, which a busy machine may need for the first 200
            await door.enter("203.0.113.7", gone, send)
            let_in += 1

    with pytest.raises(TooMany):
        await flood()
    assert let_in >= 200


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


async def test_metrics_are_not_for_whoever_comes_through_a_proxy_on_this_machine(client):
    import httpx

    here = httpx.ASGITransport(app=client.web, client=("127.0.0.1", 4711))
    async with httpx.AsyncClient(transport=here, base_url="http://desk.example") as local:
        assert "svardesk_relay_lag_positions" in (await local.get("/metrics")).text
        through = await local.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    assert through.status_code == 404


@pytest.mark.parametrize("name", ["%00", "a" * 300, "a/%00/b"])
async def test_names_that_no_file_can_have_are_missing_pages(client, name):
    assert (await client.get(f"/app/{name}")).status_code == 200, "the app's page, as for every unknown address in it"
    assert (await client.get(f"/app/assets/{name}")).status_code == 404
    assert (await client.get(f"/widget/assets/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"a=1; svardesk_session=tok", {"a": "1", "svardesk_session": "tok"}),
        (b"other@app=x; svardesk_session=tok", {"other@app": "x", "svardesk_session": "tok"}),
        (b"broken; =; svardesk_session=tok==", {"broken": "", "": "", "svardesk_session": "tok=="}),
        (b"", {"": ""}),
    ],
)
def test_an_odd_cookie_of_another_app_hides_ours_from_no_socket(header, found):
    from svardesk.app import cookies_of

    assert cookies_of({b"cookie": header}) == found


@pytest.mark.parametrize(
    "path", ["/app/../../pyproject.toml", "/app/%2e%2e/%2e%2e/app.py", "/app/assets/../../../app.py"]
)
async def test_pages_give_nothing_outside_their_folder(client, path):
    answer = await client.get(path)
    assert "litestar" not in answer.text
    assert "[project]" not in answer.text
