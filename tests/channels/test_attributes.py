"""What the shop says of a visitor: the page's word as a claim, a signed token's word as a fact."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.webchat import attributes
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.channels.conftest import Browser, Widget, secret_of
from tests.channels.test_identity import make as sign
from tests.client import Client
from tests.factories import make_agent

Browse = Callable[..., Browser]
WORDS = st.dictionaries(
    st.text(min_size=1, max_size=60),
    st.text(max_size=500) | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.booleans() | st.none(),
    max_size=50,
)


@pytest.fixture
async def signer(client: Client, widget: Widget, clock: FixedClock) -> Callable[..., str]:
    """Signs as the shop's server would."""
    secret = await secret_of(client, widget)

    def make(**claims: Any) -> str:
        stamp = int(clock.now().timestamp())
        return sign(secret, **{"aud": widget.key, "iat": stamp, "exp": stamp + 600, "sub": "kunde-17", **claims})

    return make


async def shown(client: Client, conversation_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the agent sees: the page's word, the signed word."""
    visitor = (await client.get(f"/api/v1/conversations/{conversation_id}")).json()["visitor"]
    return visitor["attributes"], visitor["signed_attributes"]


async def test_the_agent_sees_what_the_page_says_as_a_claim(
    browse: Browse, client: Client, db: Database, widget: Widget
) -> None:
    await client.sign_in(await make_agent(db, widget.account))
    browser = browse()
    said = {"Abonnement": "Fiber 500", "Varer i kurven": 2, "Pris": 649.5, "Bedrift": False}
    await browser.open(attributes=said)
    await browser.say("Hei")
    conversation = (await browser.open())["conversation"]["id"]
    assert await shown(client, conversation) == (said, {})

    # Said anew it replaces what was said before; left out, as in the opening above, it stays.
    await browser.open(attributes={"Abonnement": "Fiber 1000", "Bedrift": None})
    assert await shown(client, conversation) == ({"Abonnement": "Fiber 1000"}, {})
    await browser.open(attributes={})
    assert await shown(client, conversation) == ({}, {})


async def test_the_contacts_own_fields_are_never_touched(browse: Browse, db: Database, widget: Widget) -> None:
    browser = browse()
    await browser.open(attributes={"name": "Kongen", "email": "kongen@example.no", "vip": True})
    await browser.say("Hei")
    await browser.open(attributes={"name": "Dronningen"})
    async with db.work(widget.account.id) as tx:
        contact = await tx.one("SELECT name, attributes FROM contacts")
        assert await tx.value("SELECT count(*) FROM identities WHERE kind = 'email'") == 0
    assert contact == {"name": None, "attributes": {}}


async def test_what_the_server_signed_counts_and_is_kept_apart(
    browse: Browse, signer: Callable[..., str], client: Client, db: Database, widget: Widget
) -> None:
    await client.sign_in(await make_agent(db, widget.account))
    browser = browse()
    await browser.open(user_token=signer(attributes={"Abonnement": "Fiber 500"}), attributes={"Abonnement": "Gratis"})
    await browser.say("Hei")
    conversation = (await browser.open())["conversation"]["id"]
    assert await shown(client, conversation) == ({"Abonnement": "Gratis"}, {"Abonnement": "Fiber 500"})

    # The page cannot take away what was signed; only a new proof changes it.
    await browser.open(attributes={})
    assert await shown(client, conversation) == ({}, {"Abonnement": "Fiber 500"})
    await browser.open(user_token=signer(attributes={"Abonnement": "Fiber 1000"}))
    assert await shown(client, conversation) == ({}, {"Abonnement": "Fiber 1000"})
    await browser.open(user_token=signer())
    assert await shown(client, conversation) == ({}, {})


@pytest.mark.parametrize(
    "claim", [["Fiber"], "Fiber", {"x": {"deep": 1}}, {"x" * 61: 1}, {"x": "y" * 501}, {str(n): n for n in range(51)}]
)
async def test_signed_attributes_of_another_form_are_refused(
    browse: Browse, signer: Callable[..., str], claim: object
) -> None:
    refused = await browse().open(expect=401, user_token=signer(attributes=claim))
    assert refused["error"]["code"] == "user_token_claims"
    assert refused["error"]["fields"]["claim"] == "attributes"


@pytest.mark.parametrize(
    "said", [{"x" * 61: 1}, {"": 1}, {"x": "y" * 501}, {"x": [1]}, {"x": {}}, {str(n): n for n in range(51)}, [], "x"]
)
async def test_more_than_fits_is_refused_and_leaves_nothing(
    browse: Browse, db: Database, widget: Widget, said: object
) -> None:
    assert (await browse().open(expect=400, attributes=said))["error"]["code"] == "invalid"
    async with db.work(widget.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM webchat_sessions") == 0


async def test_a_change_is_told_once_and_only_when_there_is_a_conversation(
    browse: Browse, db: Database, widget: Widget
) -> None:
    browser = browse()

    async def told() -> list[str]:
        async with db.system() as tx:
            rows = await tx.all(
                "SELECT stream::text AS stream FROM event_outbox"
                " WHERE type = 'visitor_attributes_changed' AND account_id = %(id)s",
                id=widget.account.id,
            )
        return [row["stream"] for row in rows]

    await browser.open(attributes={"a": 1})
    await browser.open(attributes={"a": 2})
    assert await told() == []
    await browser.say("Hei")
    conversation = (await browser.open(attributes={"a": 2}))["conversation"]["id"]
    assert await told() == []
    await browser.open(attributes={"a": 3})
    await browser.open(attributes={"a": 3})
    assert await told() == [conversation]


@given(WORDS)
def test_whatever_is_kept_fits_and_is_one_readable_line(said: dict[str, Any]) -> None:
    kept = attributes.read(said)
    assert attributes.read(kept) == kept
    for name, value in kept.items():
        assert name.isprintable()
        assert name == name.strip() != ""
        assert not isinstance(value, str) or (value.isprintable() and value == value.strip() != "")


def test_empty_names_texts_and_nothing_are_left_out() -> None:
    said = {"a": " Fiber\u0000\n500 ", "\u0007": "klokke", "b": "", "c": None, "d": 0, "e": False, " f  g ": "1"}
    assert attributes.read(said) == {"a": "Fiber 500", "d": 0, "e": False, "f g": "1"}
    with pytest.raises(msgspec.ValidationError):
        attributes.read({"x": 2**60})
