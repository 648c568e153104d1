"""Table A4 row by row: each code means what it must, for the answer, for the connection, for the agent."""

import pytest

from svardesk.channels.meta import errors
from svardesk.channels.meta.errors import GraphError, Meaning, meaning
from svardesk.kit.i18n import LOCALES, text


def of(code: int, subcode: int = 0, *, status: int = 400, tagged: bool = False, profile: bool = False) -> Meaning:
    return meaning(GraphError(code=code, subcode=subcode, status=status), tagged=tagged, profile=profile)


@pytest.mark.parametrize(("code", "subcode"), [(1, 99), (2, 0), (2, 1545133), (1200, 0)])
def test_temporary_errors_are_tried_again(code: int, subcode: int) -> None:
    assert (of(code, subcode).what, of(code, subcode).standing) == ("temporary", "same")


def test_http_5xx_without_a_body_is_temporary() -> None:
    assert meaning(errors.read_error(503, None)).what == "temporary"
    assert meaning(errors.read_error(502, {"error": "no"})).what == "temporary"
    assert of(99999, status=500).what == "temporary"


@pytest.mark.parametrize(("code", "subcode"), [(4, 0), (17, 0), (32, 0), (613, 0), (4, 2018022), (80006, 0)])
def test_rate_limits_pause_and_are_tried_again(code: int, subcode: int) -> None:
    assert of(code, subcode).what == "rate"


@pytest.mark.parametrize("subcode", [2018278, 2018065, 2534022])
def test_outside_the_window_is_blocked_by_window(subcode: int) -> None:
    found = of(10, subcode)
    assert (found.what, found.error_class, found.standing) == ("window", "window", "same")


@pytest.mark.parametrize(("code", "subcode"), [(10, 1893063), (368, 0), (368, 1390008)])
def test_a_restricted_page_stops_all_sending(code: int, subcode: int) -> None:
    found = of(code, subcode)
    assert (found.what, found.standing, found.error_class) == ("restricted", "paused", "policy")


@pytest.mark.parametrize(("code", "subcode"), [(10, 0), (10, 4711), (200, 0), (200, 2018028), (230, 0)])
def test_a_missing_permission_degrades_the_connection(code: int, subcode: int) -> None:
    found = of(code, subcode)
    assert (found.what, found.standing, found.error_class) == ("permission", "degraded", "connection")


def test_230_when_a_profile_is_read_is_normal() -> None:
    assert of(230, profile=True).standing == "same"


@pytest.mark.parametrize(("code", "subcode"), [(10, 2018108), (200, 1545041), (551, 0), (551, 1545041)])
def test_a_person_who_receives_nothing_is_permanent_and_no_fault_of_the_page(code: int, subcode: int) -> None:
    found = of(code, subcode)
    assert (found.what, found.standing, found.error_class) == ("person", "same", "address")


def test_100_2018001_no_matching_user() -> None:
    assert of(100, 2018001) == errors.NOT_THIS_PAGE


def test_100_33_not_reachable_with_this_token() -> None:
    assert of(100, 33) == errors.NOT_REACHABLE


def test_100_2018109_attachment_too_large() -> None:
    assert of(100, 2018109).error_class == "content"


def test_100_without_subcode_and_with_a_tag_is_a_retired_tag() -> None:
    assert of(100, tagged=True) == errors.RETIRED_TAG
    assert of(100) == errors.REFUSED
    assert of(100, 33, tagged=True) == errors.NOT_REACHABLE


@pytest.mark.parametrize("subcode", [0, 460, 463, 467])
def test_190_disconnects(subcode: int) -> None:
    found = of(190, subcode)
    assert (found.what, found.standing, found.error_class) == ("token", "disconnected", "connection")


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (10900, "delivery.meta_reply_used"),
        (10903, "delivery.meta_reply_impossible"),
        (10904, "delivery.meta_messages_off"),
    ],
)
def test_private_replies_that_cannot_be(code: int, key: str) -> None:
    found = of(code)
    assert (found.what, found.text_key, found.standing) == ("private_reply", key, "same")


def test_a_code_that_nobody_knows_is_refused_for_good() -> None:
    assert of(424242) == errors.REFUSED
    assert meaning(errors.read_error(404, None)) == errors.REFUSED


@pytest.mark.parametrize("body", [None, [], "x", {"error": None}, {"error": {"code": "x", "error_subcode": []}}])
def test_error_bodies_of_any_form_are_read(body: object) -> None:
    assert errors.read_error(400, body).code == 0


def test_an_error_is_read_whole() -> None:
    found = errors.read_error(
        400, {"error": {"code": 10, "error_subcode": "2018278", "fbtrace_id": "A1", "message": "outside"}}
    )
    assert (found.name, found.trace) == ("10.2018278", "A1")


EVERY = [
    *(f"{code}.{subcode}" if subcode else str(code) for code, subcode in errors.TABLE),
    "100", "http.503", "http.404", "window", "standby", "restricted", "disconnected", "no_token", "no_recipient",
    "unreachable", "rate", "too_large", "template", "empty", "anything",
]  # fmt: skip


@pytest.mark.parametrize("code", EVERY)
def test_every_code_has_a_sentence_for_agents_in_every_language(code: str) -> None:
    key = errors.describe(code).text_key
    sentences = [text(locale, "agent", key) for locale in LOCALES]
    assert all(sentence and sentence != key for sentence in sentences), key
    assert len(set(sentences)) >= 5, key
