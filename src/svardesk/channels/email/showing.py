"""The formatted form of a mail, made harmless each time it is shown, by the rules of today.

Three walls, each of which would do: the sanitiser here, a policy of its own that lets nothing run and nothing be fetched,
and the sandboxed frame that the app shows it in. Pictures from elsewhere tell their sender that and when a mail was read:
they are left out until an agent asks for them.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from html import escape
from typing import Final

import nh3

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:{more}; sandbox allow-popups"
    " allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
FRAME_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
FRAME: Final = (
    b'<!doctype html>\n<html><head><meta charset="utf-8"><title>Svardesk</title></head><body></body></html>\n'
)
"""An empty page of our own, in which the app puts the sandboxed frame with the mail. What is written into a frame lives
under the policy of the page around it, and the app's own policy allows neither the styles nor the pictures of a mail. This
page allows them and nothing else, not even a script of ours; the mail's own policy inside is narrower still.
"""
_STYLES: Final = frozenset(
    {
        "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-right",
        "border-spacing", "border-style", "border-top", "border-width", "color", "direction", "font-family", "font-size",
        "font-style", "font-weight", "height", "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom",
        "margin-left", "margin-right", "margin-top", "max-width", "padding", "padding-bottom", "padding-left",
        "padding-right", "padding-top", "text-align", "text-decoration", "text-indent", "vertical-align", "white-space",
        "width",
    }
)  # fmt: skip
_TAGS: Final = frozenset((nh3.ALLOWED_TAGS | {"font", "center"}) - {"form", "input", "button", "map", "area"})
_ATTRIBUTES: Final = {
    **{tag: set(names) for tag, names in deepcopy(nh3.ALLOWED_ATTRIBUTES).items()},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "cid"})
_REMOTE: Final = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
_LINK: Final = re.compile(r"\s*(https?://|//|mailto:|tel:)", re.IGNORECASE)
_FETCHES: Final = re.compile(r"url\s*\(|image|expression|@|\\|/\*|script", re.IGNORECASE)
"""What no harmless value of a style holds; an escaped letter could spell any of it."""

_PAGE: Final = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<base target="_blank"><style>
html {{ color-scheme: light; background: #fff; }}
body {{ margin: 12px; font: 15px/1.5 system-ui, sans-serif; color: #1a1d21; overflow-wrap: anywhere; }}
img {{ max-width: 100%; height: auto; }} table {{ max-width: 100%; }} pre {{ white-space: pre-wrap; }}
blockquote {{ margin: 0 0 0 8px; padding-left: 12px; border-left: 2px solid #cbd2d9; }}
</style><title>{title}</title></head><body>{body}</body></html>
"""


class Shown:
    """A page for the sandboxed frame. ``held_back``: pictures from elsewhere that were left out."""

    def __init__(self, page: str, held_back: int, policy: str) -> None:
        self.page = page
        self.held_back = held_back
        self.policy = policy


def shown(html: str, files: Mapping[str, str], *, title: str = "", pictures: bool = False) -> Shown:
    """Return a mail's HTML as a page. ``files``: Content-ID → address of our own; ``pictures``: also those from elsewhere."""
    held_back = 0

    def attribute(tag: str, name: str, value: str) -> str | None:
        nonlocal held_back
        if tag == "img" and name == "src":
            if value.lower().startswith("cid:"):
                return files.get(value[4:].strip("<> "))
            if (remote := _REMOTE.match(value)) is None:
                return None
            if not pictures:
                held_back += 1
                return None
            return value if remote[1] else f"https:{value.strip()}"
        if name == "href":
            # What names no place of its own would lead to us.
            return value if _LINK.match(value) else None
        if name == "style":
            return ";".join(one for one in value.split(";") if not _FETCHES.search(one)) or None
        return value

    body = cleaned(html, attribute)
    more = " https: http:" if pictures else ""
    return Shown(_PAGE.format(title=escape(title), body=body), held_back, POLICY.format(more=more))


def cleaned(html: str, attribute: Callable[[str, str, str], str | None] | None = None) -> str:
    """Return HTML without anything that runs, fetches or covers the page."""
    attributes = {tag: set(names) for tag, names in _ATTRIBUTES.items()}
    for tag in (
        "td",
        "th",
        "table",
        "tr",
        "div",
        "p",
        "span",
        "img",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "li",
        "ul",
        "ol",
        "font",
    ):
        attributes.setdefault(tag, set()).update({"style", "align", "valign", "width", "height", "color", "dir"})
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags={"script", "style", "head", "title", "noscript", "template", "svg", "math", "object"},
        attributes=attributes,
        attribute_filter=attribute,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        filter_style_properties=set(_STYLES),
    )
