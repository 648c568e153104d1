"""When we may write: the function over every kind of channel, author and hour."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.contract import Capabilities, Window
from svardesk.channels.windows import Allow, Deny, NeedOtherChannel, NeedTemplate, decide, free, until

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PEOPLE = Window("human_agent", 168, ("human",))
DAY = Window("standard", 24)
PLAIN = Capabilities(windows=(DAY,))
LONG = Capabilities(windows=(PEOPLE, DAY), templates=True)
ALWAYS = Capabilities()


def hours(count: float) -> datetime:
    return AT + timedelta(hours=count)


@pytest.mark.parametrize(
    ("after", "author", "purpose", "caps", "expected"),
    [
        (0, "human", "reply", LONG, Allow("standard", hours(24))),
        (23.99, "bot", "reply", LONG, Allow("standard", hours(24))),
        (24, "human", "reply", LONG, Allow("human_agent", hours(168))),
        (24, "human", "promised_update", LONG, Allow("human_agent", hours(168))),
        (24, "human", "incident", LONG, Deny("window_closed")),
        (24, "human", "survey", LONG, Deny("window_closed")),
        (24, "bot", "reply", LONG, Deny("window_closed")),
        (24, "system", "promised_update", LONG, Deny("window_closed")),
        (24, "human", "reply", PLAIN, Deny("window_closed")),
        (168, "human", "reply", LONG, Deny("window_closed")),
        (167.99, "human", "reply", LONG, Allow("human_agent", hours(168))),
        (5000, "system", "incident", ALWAYS, Allow("always")),
        (0, "human", "reply", Capabilities(windows=()), Deny("no_way")),
    ],
)
def test_who_may_write_when(after: float, author: str, purpose: str, caps: Capabilities, expected: object) -> None:
    assert decide(hours(after), AT, author, purpose, caps) == expected  # pyright: ignore[reportArgumentType]


def test_what_remains_when_the_window_is_shut() -> None:
    late = hours(200)
    assert decide(late, AT, "human", "reply", LONG, templates=("levert",), others=("email",)) == NeedTemplate(
        ("levert",)
    )
    assert decide(late, AT, "human", "reply", LONG, others=("email",)) == NeedOtherChannel(("email",))
    assert decide(late, AT, "human", "reply", PLAIN, templates=("levert",)) == Deny("window_closed")
    assert decide(AT, None, "human", "reply", LONG) == Deny("never_wrote")


def test_a_countdown_shows_the_window_that_is_open_to_everybody() -> None:
    assert free(LONG) == DAY
    assert free(ALWAYS) is None
    assert free(Capabilities(windows=(PEOPLE,))) is None
    assert until(DAY, AT) == hours(24)
    assert until(Window("always", None), AT) is None


@given(
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)),
    st.sampled_from(["human", "bot", "system"]),
    st.sampled_from(["reply", "promised_update", "incident", "survey"]),
    st.sampled_from([PLAIN, LONG]),
)
def test_only_people_write_after_a_day_and_nobody_after_a_week(
    after: timedelta, author: str, purpose: str, caps: Capabilities
) -> None:
    found = decide(AT + after, AT, author, purpose, caps)  # pyright: ignore[reportArgumentType]
    if isinstance(found, Allow):
        assert found.until is not None and AT + after < found.until
        if after >= timedelta(hours=24):
            assert (author, caps) == ("human", LONG) and purpose in {"reply", "promised_update"}
            assert after < timedelta(days=7)
    else:
        assert after >= timedelta(hours=24)
