"""Which channels there are: the only place that lists adapters."""

from typing import Final

from svardesk.channels.contract import Adapter, Capabilities, Connection
from svardesk.channels.email.adapter import EmailAdapter
from svardesk.channels.facebook.adapter import FacebookAdapter
from svardesk.channels.form.adapter import FormAdapter
from svardesk.channels.messenger.adapter import MessengerAdapter
from svardesk.channels.meta.adapter import MetaAdapter
from svardesk.channels.webchat.adapter import WebchatAdapter
from svardesk.kit.errors import NotFound

EMAIL: Final = EmailAdapter()
ADAPTERS: Final[dict[str, Adapter]] = {
    adapter.kind: adapter
    for adapter in (WebchatAdapter(), EMAIL, FormAdapter(), MetaAdapter(), MessengerAdapter(), FacebookAdapter())
}


class NoSuchChannel(NotFound):
    """No channel of that kind is built in."""

    code = "no_such_channel"


def adapter(kind: str) -> Adapter:
    """The adapter of a kind of connection; raises ``NoSuchChannel``."""
    try:
        return ADAPTERS[kind]
    except KeyError:
        raise NoSuchChannel(None, f"There is no channel called {kind!r} in this build.", kind=kind) from None


def capabilities(connection: Connection) -> Capabilities:
    """What a connection can do now."""
    return adapter(connection.kind).capabilities(connection)
