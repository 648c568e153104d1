"""The delivery state machine: monotone towards the outside, with two ways back that only persons and bounces have."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from svardesk.channels import states
from svardesk.conversations.models import DELIVERY_STATES

ANY = st.sampled_from(sorted(states.RANK))


def test_the_machine_knows_the_states_that_the_database_knows() -> None:
    assert set(DELIVERY_STATES) == set(states.RANK) == set(states.TRANSITIONS)
    assert all(wanted in states.RANK for to in states.TRANSITIONS.values() for wanted in to)


def test_a_late_delivered_does_not_lower_read() -> None:
    assert states.advance("read", "delivered") == "read"
    assert states.advance("sending", "read") == "read"
    assert states.advance("cancelled", "delivered") == "cancelled"


def test_a_bounce_turns_sent_and_delivered_into_failed_but_not_read() -> None:
    assert states.advance("sent", "failed_permanent") == "failed_permanent"
    assert states.advance("delivered", "failed_permanent") == "failed_permanent"
    assert states.advance("read", "failed_permanent") == "read"


@pytest.mark.parametrize("current", sorted(states.RANK))
def test_only_failed_blocked_and_unknown_messages_are_sent_again_by_a_person(current: str) -> None:
    if current in {"failed_temporary", "failed_permanent", "blocked_by_window", "blocked_by_policy", "unknown"}:
        assert states.retry(current) == "queued"
    else:
        with pytest.raises(states.NotThatWay):
            states.retry(current)


def test_check_names_both_states() -> None:
    with pytest.raises(states.NotThatWay) as caught:
        states.check("read", "sending")
    assert caught.value.fields == {"current": "read", "wanted": "sending"}


@given(st.lists(ANY, max_size=12), ANY)
def test_news_in_any_order_end_at_the_same_rank_or_higher(news: list[str], start: str) -> None:
    state = start
    for told in news:
        after = states.advance(state, told)
        assert states.RANK[after] >= states.RANK[state]
        assert after in {state, told}
        assert states.advance(after, told) == after
        state = after


@given(st.permutations(["sent", "delivered", "read"]))
def test_receipts_in_any_order_end_at_read(order: list[str]) -> None:
    state = "sending"
    for told in order:
        state = states.advance(state, told)
    assert state == "read"


def test_the_wait_grows_and_the_providers_wish_counts() -> None:
    assert [states.backoff(attempt) for attempt in (1, 2, 3, 4)] == [5, 20, 80, 320]
    assert states.backoff(20) == 3600
    assert states.backoff(1, 60) == 60
    assert all(a <= b for a, b in itertools.pairwise(states.backoff(n) for n in range(1, 30)))


class Delivery(RuleBasedStateMachine):
    """Workers, a person and the outside pull at one message: the provider is called again only when that is safe."""

    def __init__(self) -> None:
        super().__init__()
        self.state = "queued"
        self.calls_that_may_have_gone_out = 0
        self.allowed_again = True

    @precondition(lambda self: states.may(self.state, "sending"))
    @rule()
    def claim_and_call(self) -> None:
        assert self.allowed_again
        self.state = "sending"
        self.allowed_again = False
        self.calls_that_may_have_gone_out += 1

    @precondition(lambda self: self.state == "sending")
    @rule(result=st.sampled_from(["sent", "unknown", "failed_temporary", "failed_permanent", "blocked_by_window"]))
    def settle(self, result: str) -> None:
        states.check(self.state, result)
        self.state = result
        # A provider that answered "no" has nothing; a person may decide to send again after a permanent failure.
        self.allowed_again = result in {"failed_temporary", "failed_permanent", "blocked_by_window"}

    @precondition(lambda self: self.state == "unknown")
    @rule(has_it=st.booleans())
    def reconcile(self, has_it: bool) -> None:
        wanted = "sent" if has_it else "queued"
        states.check(self.state, wanted)
        self.state = wanted
        self.allowed_again = not has_it

    @rule(told=st.sampled_from(["sent", "delivered", "read", "failed_permanent"]))
    def outside(self, told: str) -> None:
        if told != "failed_permanent" and self.calls_that_may_have_gone_out == 0:
            return  # nobody reports on what never went out
        before = self.state
        self.state = states.advance(self.state, told)
        if self.state != before:
            self.allowed_again = told == "failed_permanent"

    @precondition(lambda self: self.state in {"failed_temporary", "failed_permanent", "blocked_by_window"})
    @rule()
    def person_retries(self) -> None:
        self.state = states.retry(self.state)
        self.allowed_again = True

    @invariant()
    def known(self) -> None:
        assert self.state in states.RANK

    @invariant()
    def nothing_that_arrived_is_ever_sent_again(self) -> None:
        if self.state in states.ARRIVED:
            assert not states.may(self.state, "sending")
            assert not states.may(self.state, "queued")


TestDelivery = Delivery.TestCase
