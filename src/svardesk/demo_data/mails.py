"""What Fjordnett's customers wrote by e-mail: the mails of ``eml/``, and what was answered to them."""

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from importlib import resources
from typing import Final, Literal
from zoneinfo import ZoneInfo

from svardesk.demo_data import letterbox
from svardesk.demo_data.ports import ORGANISATION

VOUCHED: Final = ("example.no", "example.dk", "example.se", "example.fi", "fjellheim.example", "postkasse.example")
"""Senders' domains that the demo's mail server finds genuine; mail from others is shown as unverified."""
SIGNATURES: Final = {
    "nb": "Vennlig hilsen\nKundeservice i Fjordnett\nfjordnett.example · Tlf. 55 00 14 00",
    "nn": "Venleg helsing\nKundeservice i Fjordnett\nfjordnett.example · Tlf. 55 00 14 00",
    "da": "Venlig hilsen\nKundeservice hos Fjordnett\nfjordnett.example · Tlf. +47 55 00 14 00",
    "sv": "Vänliga hälsningar\nKundservice på Fjordnett\nfjordnett.example · Tfn +47 55 00 14 00",
    "fi": "Ystävällisin terveisin\nFjordnettin asiakaspalvelu\nfjordnett.example · Puh. +47 55 00 14 00",
    "en": "Kind regards\nFjordnett customer service\nfjordnett.example · Tel. +47 55 00 14 00",
}
_ZONE: Final = ZoneInfo("Europe/Oslo")
_BYTES: Final = re.compile(r"\{\{base64 ([\w.-]+)\}\}")


@dataclass(frozen=True, slots=True)
class Answered:
    """What ``agent`` (first name) answered, and the mail that came of it: of the customer, or of their mail program."""

    agent: str
    body: str
    then: Literal["waiting", "open", "closed"] = "waiting"
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One mail by its file's name, written so long ago, and what was answered."""

    name: str
    ago: timedelta
    answered: Answered | None = field(default=None)


STORIES: Final = (
    Story("nyhetsbrev", timedelta(minutes=58)),
    Story(
        "gammel-adresse",
        timedelta(minutes=52),
        Answered(
            "Eirik",
            "Hei, Roar!\n\nTV-pakken er sagt opp fra 1. januar. Bredbåndet alene koster 499 kroner i måneden.",
            "closed",
        ),
    ),
    Story(
        "borettslag",
        timedelta(minutes=47),
        Answered(
            "Amira",
            "Hei, Silje!\n\nDet rekker vi. Du får et tilbud med alle tre punktene i løpet av uken, i god tid før "
            "styremøtet.\n\nKan du sende oss adressen til de to blokkene, så sjekker vi hvor kabelen ligger?",
            reply="borettslag-fravaer",
        ),
    ),
    Story(
        "utsettelse",
        timedelta(minutes=41),
        Answered(
            "Solveig",
            "Hei, Tor Arne!\n\nDet går fint. Jeg har flyttet forfallet en uke fram i tid, uten gebyr.",
            "closed",
            reply="utsettelse-svar",
        ),
    ),
    Story("hytta", timedelta(minutes=33)),
    Story("retur", timedelta(minutes=28)),
    Story("lasku", timedelta(minutes=21)),
    Story("levering", timedelta(minutes=15)),
    Story("trukket-to-ganger", timedelta(minutes=9)),
    Story("ruteren", timedelta(minutes=3)),
)


def identifier(name: str) -> str:
    """The Message-ID of a mail of ours, without its angle brackets."""
    return f"{name}.demo@postkasse.example"


def mail(name: str, at: datetime, answer: EmailMessage | None = None) -> bytes:
    """A mail as it went over the line, the same bytes each time. ``answer``: ours, to which it is a reply."""
    folder = resources.files("svardesk.demo_data").joinpath("eml")
    local = at.astimezone(_ZONE).replace(microsecond=0)
    values = {
        "us": ORGANISATION,
        "id": identifier(name),
        "date": format_datetime(local),
        "earlier": f"{local - timedelta(days=9):%d.%m.%Y %H:%M}",
    }
    if answer is not None:
        values |= {
            "reply_to": str(answer["Reply-To"] or answer["From"]),
            "answer_id": str(answer["Message-ID"]).strip("<> "),
            "references": str(answer["References"] or ""),
            "attribution": letterbox.attribution(answer),
            "quoted": letterbox.quoted(answer),
        }
    text = folder.joinpath(f"{name}.eml").read_text("utf-8")
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    text = _BYTES.sub(lambda found: base64.encodebytes(folder.joinpath(found[1]).read_bytes()).decode().strip(), text)
    return text.replace("\n", "\r\n").encode("utf-8")
