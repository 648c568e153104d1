"""HTML as readable text, and what its marks say."""

import time

import pytest

from svardesk.channels.email.parsing import html_text
from svardesk.channels.email.parsing.lines import Mark, joined
from tests.email.mails import html


def text(source: str) -> str:
    return joined(html_text.lines(source))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<p>Hei</p><p>du &amp; jeg</p>", "Hei\n\ndu & jeg"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("a<br>b<br/><br />c", "a\nb\n\nc"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>", "a\nb"),
        ("mye     luft\n her&nbsp;", "mye luft her"),
        ("<ul><li>en<li>to<ul><li>dypt</ul></ul>slutt", "- en\n- to\n  - dypt\nslutt"),
        ("<ol start=3><li>tre</li><li><p>fire</p></li></ol>", "3. tre\n4. fire"),
        ("<table><tr><th>Vare<th>Pris<tr><td><p>Bok</p><td>10 kr</table>", "Vare | Pris\nBok | 10 kr"),
        ('<a href="https://ex.no/a?utm_source=x&id=1">her</a>', "her (https://ex.no/a?id=1)"),
        ('<a href="https://www.ex.no/">ex.no</a>', "ex.no"),
        ('<a href="mailto:a@b.no?subject=x">a@b.no</a>', "a@b.no"),
        ('<a href="mailto:a@b.no">Kari</a>', "Kari <a@b.no>"),
        ('<a href="tel:+4799999999">999 99 999</a>', "999 99 999 (+4799999999)"),
        ('<a href="javascript:alert(1)">klikk</a>', "klikk"),
        (
            '<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fex.no%2Fa&amp;data=05">se</a>',
            "se (https://ex.no/a)",
        ),
        ('<div style="display:none">preheader</div><span style="font-size:0px">skjult</span>synlig', "synlig"),
        ('<div style="MAX-HEIGHT: 0; overflow:hidden">x</div><p hidden>y</p>synlig', "synlig"),
        ('<img src="https://spor.no/p.gif" width=1 height=1 alt="spor">a<img alt="logo.png">', "a"),
        ('bra <img alt="👍" src="cid:x">', "bra 👍"),
        ('<a href="https://ex.no/tilbud"><img alt="Se tilbudet"></a>', "[Se tilbudet] (https://ex.no/tilbud)"),
        ("<pre>a\n  b</pre>c", "a\n  b\nc"),
        ("<style>p{}</style><script>x</script><title>t</title>a<!-- b -->c", "ac"),
        (
            "<blockquote type=cite>sitat<br>mer<blockquote type=cite>eldre</blockquote></blockquote>svar",
            "> sitat\n> mer\n>> eldre\nsvar",
        ),
        ('<blockquote style="margin:0 0 0 40px;border:none;padding:0px">innrykk</blockquote>', "innrykk"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("a <b", "a <b"),
        ("<p>a<p>b", "a\n\nb"),
        ("&#99999999999999999999;x", "\ufffdx"),
        ("zero\u200bwidth&shy;", "zerowidth"),
    ],
)
def test_readable(source, told):
    assert text(source) == told


def test_marks_of_mail_programs():
    def marks(source: str) -> list[tuple[str, str]]:
        return [(line.text, line.mark.name) for line in html_text.lines(source) if line.text]

    assert marks(
        'svar<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg">Fra: x</div><div>gammelt</div>'
    ) == [("svar", "NONE"), ("_" * 32, "TAIL"), ("Fra: x", "TAIL"), ("gammelt", "TAIL")]
    assert marks(
        'svar<div class="gmail_quote"><div class="gmail_attr">skrev:</div><blockquote class="gmail_quote">q</blockquote></div>'
    ) == [("svar", "NONE"), ("skrev:", "INTRODUCTION"), ("> q", "NONE")]
    assert marks('svar<div class="yahoo_quoted">q</div>etter') == [("svar", "NONE"), ("q", "QUOTE"), ("etter", "NONE")]
    assert marks('a<div class="gmail_signature">Kari</div>') == [("a", "NONE"), ("Kari", "SIGNATURE")]
    # Outlook's marks inside a quotation do not swallow what stands below it
    assert marks('<blockquote type="cite"><div id="divRplyFwdMsg">x</div></blockquote>svar') == [
        ("> x", "NONE"),
        ("svar", "NONE"),
    ]
    assert Mark.NONE == 0


def test_quoted_html_is_split_off():
    mail = html(
        '<div>Ja takk!</div><div id="Signature">Kari<br>99 99 99 99</div><div id="appendonsend"></div><hr tabindex="-1">'
        '<div id="divRplyFwdMsg"><b>Fra:</b> Oss<br><b>Emne:</b> x</div><div>Vil du ha den?</div>',
        subject="SV: x",
    )
    assert mail.visible == "Ja takk!"
    assert mail.signature == "Kari\n99 99 99 99"
    assert "Vil du ha den?" in mail.quoted


@pytest.mark.slow
@pytest.mark.parametrize(
    "bomb",
    [
        "<" * 1_000_000,
        "<a " * 300_000,
        '<a "' * 250_000,
        "<a '\"" * 200_000 + ">",
        "<a<a" * 250_000 + ">",
        "<div>" * 200_000,
        "<div>" * 100_000 + "</p>" * 100_000 + "</span>" * 50_000,
        "<blockquote>" * 80_000 + "x",
        "<!--" * 250_000,
        "<style>" * 140_000,
        "<table><tr><td>" * 60_000,
        "<ul><li>" * 100_000,
        "&#" * 500_000,
        "&#" + "9" * 900_000 + ";",
        "<a href=x>" * 100_000,
        "<p style='" + "a:b;" * 200_000,
        "</div>" * 160_000,
        '<a href="' * 100_000 + '">',
        '<a href="https://x.no/">' * 40_000 + "z",
    ],
    ids=range(19),
)
def test_no_html_is_slow(bomb):
    began = time.process_time()
    _ = html(bomb)
    assert time.process_time() - began < 8
