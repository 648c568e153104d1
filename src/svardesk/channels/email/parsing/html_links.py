"""How a link of an HTML mail is written in its text."""

import re
from urllib.parse import unquote

_TRACKED = re.compile(r"(?i)[?&](?:utm_[a-z]+|mc_[a-z]+|_hs[a-z]+|fbclid|gclid|mkt_tok|ref_src)=[^&#]*")
_SAFELINKS = re.compile(r"(?i)https://[a-z0-9.]+\.safelinks\.protection\.outlook\.com/\?url=([^&]+)")
_LONG_LINK = 160


def shown(link: str) -> str:
    """The address that is written behind a link's text: without counters, unwrapped, never very long."""
    low = link.lower()
    if low.startswith("mailto:"):
        return link[7:].partition("?")[0]
    if low.startswith("tel:"):
        return link[4:]
    wrapped = _SAFELINKS.match(link)
    if wrapped is not None:
        link = unquote(wrapped[1])
    link = _TRACKED.sub("", link)
    if "?" not in link and "&" in link:
        link = link.replace("&", "?", 1)
    return link if len(link) <= _LONG_LINK else link.partition("?")[0][:_LONG_LINK]


def same(text_shown: str, target: str) -> bool:
    """Whether the text of a link is the link."""

    def core(text: str) -> str:
        text = re.sub(r"(?i)^(?:https?://)?(?:www\.)?", "", text.strip().strip("<>()[]"))
        return re.sub(r"[\s().-]", "", text).rstrip("/").lower()

    a, b = core(text_shown), core(target)
    return a == b or (len(b) > 5 and b in a) or (a.endswith("…") and b.startswith(a[:-1]))
