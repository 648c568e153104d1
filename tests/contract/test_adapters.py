"""One suite for all adapters: whoever passes it can be put into the registry."""

import asyncio
import json
import socket
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels import contract, registry, states
from svardesk.channels.contract import (
    Adapter,
    Capabilities,
    InboundEvent,
    NotSent,
    Ok,
    ParseFailed,
    Raw,
    Reject,
    Sent,
)
from tests.contract.cases import AT, CASES, Case

EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def test_every_registered_adapter_has_a_case_and_stands_under_its_own_name() -> None:
    assert set(registry.ADAPTERS) <= set(CASES)
    for kind, adapter in registry.ADAPTERS.items():
        assert adapter.kind == kind
        assert CASES[kind].adapter is adapter
    with pytest.raises(registry.NoSuchChannel):
        registry.adapter("fax")


@EVERY
def test_it_is_an_adapter(case: Case) -> None:
    assert isinstance(case.adapter, Adapter)
    assert case.adapter.kind.isidentifier()
    assert case.adapter.version >= 1
    schema = case.adapter.config_schema()
    assert schema["type"] == "object"
    json.dumps(schema)


@EVERY
def test_capabilities_are_data_that_the_house_can_read(case: Case) -> None:
    found = case.adapter.capabilities(case.connection)
    again = msgspec.convert(msgspec.to_builtins(found), Capabilities)
    assert again == found
    assert found.trust_default in get_args(contract.Trust)
    if found.max_text is not None:
        assert found.max_text.n > 0
    if found.attachments is not None:
        assert found.attachments.max_bytes > 0
        assert all("/" in one for one in found.attachments.types)
    for window in found.windows:
        assert window.hours is None or window.hours > 0
        assert window.who


@EVERY
def test_samples_parse_to_what_they_hold(case: Case) -> None:
    for raw, count in case.good:
        events = case.adapter.parse(raw, case.connection)
        assert len(events) == count
        for event in events:
            check_event(event)


def check_event(event: InboundEvent) -> None:
    """What the house relies on in every event."""
    assert event.type in get_args(contract.EventType)
    assert 0 < len(event.idempotency_key) <= 500
    assert event.occurred_at.tzinfo is not None
    assert event.sender.trust in get_args(contract.Trust)
    assert event.sender.external_id
    if event.type == "message":
        assert event.external_thread_key
        assert "\x00" not in event.content.text
    if event.type in {"receipt_delivered", "receipt_read", "bounce"}:
        assert event.about is not None


@EVERY
def test_parsing_is_pure(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> Any:
        raise AssertionError("parse opened a socket")

    monkeypatch.setattr(socket, "socket", no_network)
    for raw, _ in case.good:
        copy = msgspec.structs.replace(raw, body=bytes(bytearray(raw.body)))
        assert case.adapter.parse(raw, case.connection) == case.adapter.parse(copy, case.connection)


@EVERY
def test_keys_within_one_envelope_differ_and_do_not_depend_on_when_it_came(case: Case) -> None:
    for raw, count in case.good:
        keys = [event.idempotency_key for event in case.adapter.parse(raw, case.connection)]
        assert len(set(keys)) == count
        later = msgspec.structs.replace(raw, received_at=AT.replace(year=2027))
        assert [event.idempotency_key for event in case.adapter.parse(later, case.connection)] == keys


@EVERY
def test_what_is_nothing_of_this_channel_is_refused_with_a_reason(case: Case) -> None:
    for raw in case.poison:
        with pytest.raises(ParseFailed) as caught:
            case.adapter.parse(raw, case.connection)
        assert caught.value.status == 400
        assert caught.value.message


@EVERY
def test_parts_that_nobody_knows_do_not_stop_the_rest(case: Case) -> None:
    for raw in case.strange:
        for event in case.adapter.parse(raw, case.connection):
            check_event(event)


@EVERY
@given(body=st.binary(max_size=300))
def test_no_bytes_break_the_parser(case: Case, body: bytes) -> None:
    for headers in ({}, case.headers):
        try:
            events = case.adapter.parse(Raw(body=body, received_at=AT, headers=headers), case.connection)
        except ParseFailed:
            continue
        for event in events:
            check_event(event)


@EVERY
@given(data=st.data())
def test_no_json_breaks_the_parser(case: Case, data: st.DataObject) -> None:
    known = {
        "client_id": st.uuids().map(str),
        "body": st.text(),
        "file_ids": st.lists(st.uuids().map(str), max_size=12),
    }
    value = data.draw(
        st.dictionaries(
            st.text(max_size=8), st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5)
        )
        | st.fixed_dictionaries({}, optional=known)
    )
    raw = Raw(body=json.dumps(value).encode(), received_at=AT, headers=case.headers)
    try:
        events = case.adapter.parse(raw, case.connection)
    except ParseFailed:
        return
    for event in events:
        check_event(event)


@EVERY
def test_requests_of_strangers_are_told_apart(case: Case) -> None:
    found = case.adapter.authenticate({}, b"{}", case.connection)
    assert isinstance(found, Ok | Reject)
    if isinstance(found, Reject):
        assert 400 <= found.status < 500
    assert case.adapter.verify({}, {}, b"") is None


@EVERY
async def test_sending_answers_a_result_that_the_state_machine_takes(case: Case) -> None:
    result = await case.adapter.send(case.command())
    assert isinstance(result, contract.SendResult)
    if isinstance(result, Sent):
        assert states.may("sending", result.state)
    again = await case.adapter.reconcile(case.command())
    assert isinstance(again, contract.ReconcileResult)
    assert not isinstance(again, NotSent) or not case.adapter.capabilities(case.connection).local


@EVERY
async def test_local_channels_make_no_call(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if not case.adapter.capabilities(case.connection).local:
        return
    real = asyncio.get_running_loop()

    def no_network(*_: Any, **__: Any) -> Any:
        raise AssertionError("a local channel called somebody")

    monkeypatch.setattr(type(real), "create_connection", no_network, raising=False)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    async with asyncio.timeout(0.05):
        assert isinstance(await case.adapter.send(case.command()), Sent)


@EVERY
async def test_health_signals_profiles_and_errors_have_answers(case: Case) -> None:
    health = await case.adapter.health(case.connection)
    assert health.status in {"ok", "degraded", "disconnected"}
    await case.adapter.signal(case.connection, "t1", "typing")
    await case.adapter.erase(case.connection, "somebody")
    assert isinstance(await case.adapter.fetch_profile(case.connection, "somebody"), contract.Profile)
    assert await case.adapter.poll(case.connection, "cursor") == ([], "cursor")
    for code in case.codes:
        told = case.adapter.describe_error(code)
        assert told.text_key.count(".") >= 1


@EVERY
def test_an_idempotency_key_is_the_same_for_every_attempt(case: Case) -> None:
    command = case.command()
    assert msgspec.structs.replace(command, attempt=7).idempotency_key == command.idempotency_key
