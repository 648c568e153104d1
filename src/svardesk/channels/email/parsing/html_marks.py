"""What class names, ids and styles of the usual mail programs say of a part of an HTML mail."""

import re

from svardesk.channels.email.parsing.html_tokens import Tag
from svardesk.channels.email.parsing.lines import Mark

_QUOTES = re.compile(
    r"\b(?:yahoo_quoted|protonmail_quote|zmail_extra|tutanota_quote|hey_quote|iwcquote|"
    r"ms-outlook-mobile-reference-message)\b"
)
_INTRODUCTIONS = re.compile(r"\b(?:gmail_attr|moz-cite-prefix|protonmail_attr)\b")
_SIGNATURES = re.compile(
    r"\b(?:gmail_signature|moz-signature|protonmail_signature_block|applemailsignature|ms-outlook-mobile-signature|"
    r"ymail_android_signature|ydp[0-9a-f]+signature|outlookmobilesignature|x_signature|"
    r"elementtoproof_signature)\b|\Asignature\Z"
)
_TAILS = {
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "x_divrplyfwdmsg",
    "x_appendonsend",
}
_CITE_CLASSES = re.compile(r"\b(?:gmail_quote|moz-cite|protonmail_quote|quote|cite|webmail-quote)\b")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|!|\Z)|"
    r"max-height\s*:\s*0(?:px)?\s*(?:;|!|\Z)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|\Z)",
    re.IGNORECASE,
)
_NO_BORDER = re.compile(r"border\s*:\s*(?:none|0)", re.IGNORECASE)
_INDENTED = re.compile(r"margin\s*:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px", re.IGNORECASE)


def mark(tag: Tag) -> Mark:
    """What the element says of everything in it (of everything after it, for TAIL)."""
    given = tag.attributes
    if "id" not in given and "class" not in given:
        return Mark.NONE
    name = given.get("id", "").strip().lower()
    if name in _TAILS:
        return Mark.TAIL
    both = f"{name} {given.get('class', '').lower()}"
    if _INTRODUCTIONS.search(both):
        return Mark.INTRODUCTION
    if tag.name != "blockquote" and _QUOTES.search(both):
        return Mark.QUOTE
    if _SIGNATURES.search(both) or _SIGNATURES.search(name):
        return Mark.SIGNATURE
    return Mark.NONE


def is_citation(tag: Tag) -> bool:
    """Whether a blockquote quotes; the other kind is how mail programs indent a paragraph."""
    given = tag.attributes
    if (
        given.get("type", "").lower() == "cite"
        or given.get("cite")
        or _CITE_CLASSES.search(given.get("class", "").lower())
    ):
        return True
    style = given.get("style", "")
    return not (_NO_BORDER.search(style) or _INDENTED.search(style))


def is_hidden(tag: Tag) -> bool:
    """Whether nobody sees the element (preheaders, counting pixels, fallbacks)."""
    given = tag.attributes
    if "hidden" in given:
        return True
    style = given.get("style")
    return style is not None and _HIDDEN.search(style) is not None


def is_tight(tag: Tag) -> bool:
    """Whether a paragraph has no margin: Outlook writes each line as one."""
    given = tag.attributes
    style = given.get("style", "").replace(" ", "").lower()
    return (
        given.get("class", "").lower().startswith(("mso", "x_mso", "elementtoproof", "x_elementtoproof", "xmso"))
        or "margin:0" in style
        or "margin-bottom:0" in style
        or ("margin-top:0" in style and "margin-bottom" not in style)
    )
