"""What is there at the beginning of a demo: four people, the page's posts, what visitors wrote under them."""

from tests.doubles.graph.server import GraphDouble

HOUR = 3_600_000


async def seed(double: GraphDouble) -> None:
    """Fill an empty world. Nobody is told: it all was before anybody listened."""
    double.page.about = "Fiber, Wi-Fi og elektronikk. Vi svarer alle dager 8–20, lørdag 10–16."
    double.page.username = "fjordnett"
    ase = double.person(name="Åse Ødegård")
    bjorn = double.person(name="Bjørn Æsøy 🎣")
    linnea = double.person(name="Linnéa Sjöström", locale="sv_SE")
    vaino = double.person(name="Väinö Mäkelä", locale="fi_FI", profile="empty")
    now = double.world.ms
    praise = await double.posts(
        "Tusen takk til Jonas som kom helt ut til hytta og fikk fiberen i gang. 👏",
        by=ase,
        recommends=True,
        at=now - 52 * HOUR,
        tell=False,
    )
    await double.comments(praise, None, "Så hyggelig, Åse! Vi skal hilse Jonas. 😊", at=now - 51 * HOUR, tell=False)
    advert = await double.posts(
        "Fiber 500 til hele familien: 649 kr i måneden, uten bindingstid. Wi-Fi 7-ruter er med.",
        ad_id="120210000000001",
        at=now - 30 * HOUR,
        tell=False,
    )
    await double.comments(advert, linnea, "Går det att beställa även på Tjøme?", at=now - 29 * HOUR, tell=False)
    work = await double.posts(
        "Natt til torsdag oppgraderer vi nettet i Bergen sentrum mellom kl. 01 og 04. Nettet kan være nede i inntil "
        "20 minutter. Takk for tålmodigheten!",
        at=now - 5 * HOUR,
        tell=False,
    )
    first = await double.comments(work, bjorn, "Gjelder det Laksevåg også? 🐟", at=now - 4 * HOUR, tell=False)
    await double.comments(
        work, None, "Nei, Bjørn, bare Bergen sentrum denne gangen.", parent=first, at=now - 3 * HOUR, tell=False
    )
    work.reactions[vaino.commenter_id] = "like"
