"""Fjordnett's contact form. A topic's team is named here; the demo puts its id in."""

from typing import Any, Final

FORM: Final[dict[str, Any]] = {
    "name": "Kundeservice",
    "languages": ["nb", "nn", "da", "sv", "fi", "en"],
    "texts": {
        "nb": {"title": "Skriv til Fjordnett", "intro": "Du får svar fra et menneske, på e-post eller telefon."},
        "nn": {"title": "Skriv til Fjordnett", "intro": "Du får svar frå eit menneske, på e-post eller telefon."},
        "da": {"title": "Skriv til Fjordnett", "intro": "Du får svar fra et menneske, på e-mail eller telefon."},
        "sv": {"title": "Skriv till Fjordnett", "intro": "Du får svar av en människa, via e-post eller telefon."},
        "fi": {"title": "Kirjoita Fjordnettille", "intro": "Ihminen vastaa sinulle sähköpostilla tai puhelimitse."},
        "en": {"title": "Write to Fjordnett", "intro": "A person answers you, by email or phone."},
    },
    "answers": ["email", "phone"],
    "topics": [
        {
            "key": "invoice",
            "team_id": "Kundeservice",
            "labels": {
                "nb": "Faktura", "nn": "Faktura", "da": "Faktura", "sv": "Faktura", "fi": "Lasku", "en": "Invoice",
            },
        },
        {
            "key": "network",
            "team_id": "Teknisk",
            "labels": {
                "nb": "Feil på nettet", "nn": "Feil på nettet", "da": "Fejl på nettet", "sv": "Fel på nätet",
                "fi": "Vika verkossa", "en": "Trouble with the network",
            },
        },
        {
            "key": "order",
            "team_id": "Salg",
            "labels": {
                "nb": "Bestilling", "nn": "Tinging", "da": "Bestilling", "sv": "Beställning", "fi": "Tilaus", "en": "Order",
            },
        },
    ],
    "fields": [
        {
            "key": "order_number",
            "type": "order",
            "patterns": ["2026-#####", "FN-#####"],
            "labels": {
                "nb": "Ordrenummer", "nn": "Ordrenummer", "da": "Ordrenummer", "sv": "Ordernummer", "fi": "Tilausnumero",
                "en": "Order number",
            },
        },
        {
            "key": "picture",
            "type": "file",
            "labels": {
                "nb": "Bilde eller dokument", "nn": "Bilete eller dokument", "da": "Billede eller dokument",
                "sv": "Bild eller dokument", "fi": "Kuva tai asiakirja", "en": "Picture or document",
            },
        },
    ],
}  # fmt: skip
