"""The demo shop over HTTP. Its pages have a strict policy of their own, as a careful shop's would."""

from importlib import resources
from typing import Annotated, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.params import QueryParameter

from svardesk.demo_shop import FORM_KEY, WIDGET_KEY
from svardesk.demo_shop.range import PLANS, PRODUCTS, QUESTIONS, kroner
from svardesk.kit.errors import NotFound
from svardesk.kit.http import Route, route

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""No inline script or style, no connections of the page's own: the chat must work under it."""

_PAGES = {
    "": ("home.html", "Fiber og elektronikk"),
    "bredband": ("broadband.html", "Bredbånd"),
    "butikk": ("products.html", "Nettbutikk"),
    "kundeservice": ("help.html", "Kundeservice"),
}
_ASSETS = {"shop.css": "text/css", "logo.svg": "image/svg+xml"}
_templates = Environment(
    loader=PackageLoader("svardesk.demo_shop"), autoescape=True, trim_blocks=True, undefined=StrictUndefined
)
_templates.filters["kroner"] = kroner

LANGUAGES = ("nb", "nn", "da", "sv", "fi", "en")
Language = Annotated[str, QueryParameter(name="lang", max_length=5, required=False)]


def _page(template: str, title: str, language: str, **values: Any) -> Response[str]:
    html = _templates.get_template(template).render(
        title=title,
        widget=WIDGET_KEY,
        form=FORM_KEY,
        lang=language if language in LANGUAGES else "nb",
        plans=PLANS,
        products=PRODUCTS,
        questions=QUESTIONS,
        **values,
    )
    return Response(html, media_type="text/html", headers={"content-security-policy": CSP})


async def shop_home(lang: Language = "nb") -> Response[str]:
    """The front page of the demo shop. ``lang`` only changes the page's language tag, and with it the chat's."""
    return _page(*_PAGES[""], lang)


async def shop_page(page: str, lang: Language = "nb") -> Response[str]:
    """One of the shop's other pages."""
    if page not in _PAGES or not page:
        raise NotFound("not_found", "The shop has no such page.")
    return _page(*_PAGES[page], lang)


async def shop_product(slug: str, lang: Language = "nb") -> Response[str]:
    """The page of one product."""
    product = next((one for one in PRODUCTS if one.slug == slug), None)
    if product is None:
        raise NotFound("not_found", "The shop does not sell that.")
    return _page("product.html", product.name, lang, product=product)


async def shop_asset(name: str) -> Response[bytes]:
    """The shop's style sheet and mark."""
    if name not in _ASSETS:
        raise NotFound("not_found", "There is no such file.")
    body = resources.files("svardesk.demo_shop").joinpath("assets", name).read_bytes()
    return Response(body, media_type=_ASSETS[name], headers={"cache-control": "public, max-age=300"})


ROUTES: tuple[Route, ...] = (
    route("GET", "/demo/shop", shop_home, public=True, schema=False),
    route("GET", "/demo/shop/assets/{name:str}", shop_asset, public=True, schema=False),
    route("GET", "/demo/shop/vare/{slug:str}", shop_product, public=True, schema=False),
    route("GET", "/demo/shop/{page:str}", shop_page, public=True, schema=False),
)
