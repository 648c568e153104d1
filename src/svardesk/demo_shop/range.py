"""What Fjordnett sells: made-up names, prices in kroner with VAT."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """One broadband subscription; ``speed`` in Mbit/s both ways, ``price`` in kroner a month."""

    name: str
    speed: int
    price: int
    line: str
    points: tuple[str, ...]
    favourite: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """One thing in the shop; ``picture`` names a drawing in the page template, ``before`` is the price without offer."""

    slug: str
    name: str
    kind: str
    price: int
    picture: str
    text: str
    facts: tuple[tuple[str, str], ...]
    stock: int
    before: int | None = None


PLANS = (
    Plan("Fiber 150", 150, 499, "Til leiligheten", ("Ruter inkludert", "Ingen bindingstid", "Fri installasjon")),
    Plan(
        "Fiber 500",
        500,
        649,
        "Til hele familien",
        ("Wi-Fi 7-ruter inkludert", "Dekning i hele boligen", "Ingen bindingstid", "Sikkerhetspakke"),
        favourite=True,
    ),
    Plan(
        "Fiber 1000",
        1000,
        849,
        "Til hjemmekontoret",
        ("Wi-Fi 7-ruter og forsterker", "Fast IP-adresse", "Svar fra kundeservice først"),
    ),
)

PRODUCTS = (
    Product(
        "nordlys-14",
        "Nordlys 14 bærbar PC",
        "Bærbar PC",
        11_990,
        "laptop",
        "Lett nok til sekken, sterk nok til en hel arbeidsdag. Stille vifte og skjerm som tåler sollys.",
        (("Skjerm", "14 tommer, 2880 × 1800"), ("Minne", "16 GB"), ("Lagring", "1 TB"), ("Vekt", "1,24 kg")),
        14,
        before=13_490,
    ),
    Product(
        "havn-7",
        "Havn 7 ruter",
        "Nettverk",
        2_490,
        "router",
        "Wi-Fi 7 til hele huset. Settes opp på fem minutter med telefonen.",
        (("Standard", "Wi-Fi 7 (802.11be)"), ("Dekning", "inntil 180 m²"), ("Porter", "4 × 2,5 Gbit/s")),
        37,
    ),
    Product(
        "svaberg-buds",
        "Svaberg øretelefoner",
        "Lyd",
        1_290,
        "buds",
        "Demper trikken, ikke stemmene. 30 timer med etuiet.",
        (("Batteri", "8 + 22 timer"), ("Tåler", "regn og svette (IPX5)"), ("Lading", "USB-C og trådløst")),
        52,
        before=1_590,
    ),
    Product(
        "fjell-55",
        "Fjell 55 TV",
        "TV",
        8_990,
        "tv",
        "55 tommer OLED med rolige farger og lyd som fyller stua.",
        (("Skjerm", "55 tommer OLED, 4K"), ("Bilder i sekundet", "120"), ("Strøm", "klasse F")),
        6,
    ),
    Product(
        "vidde-tab",
        "Vidde nettbrett",
        "Nettbrett",
        4_490,
        "tablet",
        "Til serier på hytta og tegninger i baksetet.",
        (("Skjerm", "11 tommer"), ("Batteri", "inntil 14 timer"), ("Lagring", "256 GB")),
        21,
    ),
    Product(
        "brygge-mesh",
        "Brygge forsterker",
        "Nettverk",
        990,
        "mesh",
        "Ett trykk, og Wi-Fi når helt ut i anneksene.",
        (("Standard", "Wi-Fi 6"), ("Dekning", "inntil 90 m²"), ("Passer til", "alle rutere fra Fjordnett")),
        88,
    ),
)

QUESTIONS = (
    (
        "Når kommer installatøren?",
        "Du får en SMS dagen før med et tidsrom på to timer. Passer det ikke, flytter du avtalen på Min side.",
    ),
    (
        "Nettet er tregt. Hva gjør jeg?",
        "Start ruteren på nytt og vent to minutter. Er det fortsatt tregt, så skriv til oss: vi måler linja mens du venter.",
    ),
    (
        "Kan jeg bytte abonnement?",
        "Ja, når som helst. Endringen gjelder fra neste døgn, og du betaler bare for dagene du bruker.",
    ),
    (
        "Hvordan sender jeg noe i retur?",
        "Du har 60 dagers åpent kjøp. Skriv til oss i chatten, så får du en returlapp på e-post.",
    ),
    (
        "Jeg skjønner ikke fakturaen",
        "Legg gjerne ved fakturaen i chatten. Da ser vi på den sammen, linje for linje.",
    ),
)


def kroner(amount: int) -> str:
    """12990 → "12 990,-" with a no-break space, as in Norwegian shops."""
    return f"{amount:,}".replace(",", "\u00a0") + ",-"
