"""The allow-list: exact origins and true subdomains, no tricks with suffixes, ports or schemes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.origins import BadOrigin, allowed, frame_ancestors, normalise, normalise_all

LISTED = [
    "https://www.example.no",
    "https://*.butikk.no",
    "https://shop.example.no:8443",
    "http://localhost:*",
    "http://127.0.0.1:3000",
    "https://xn--blbr-roah.no",
]


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.example.no",
        "https://WWW.Example.no",
        "https://www.example.no:443",
        "https://nett.butikk.no",
        "https://a.b.butikk.no",
        "https://shop.example.no:8443",
        "http://localhost",
        "http://localhost:8080",
        "http://127.0.0.1:3000",
        "https://xn--blbr-roah.no",
    ],
)
def test_listed_sites_may(origin: str) -> None:
    assert allowed(origin, LISTED)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://example.no",
        "http://www.example.no",
        "https://www.example.no.evil.com",
        "https://evil-www.example.no",
        "https://www.example.no:8443",
        "https://butikk.no",
        "https://evilbutikk.no",
        "https://.butikk.no",
        "https://*.butikk.no",
        "https://butikk.no.evil.com",
        "https://evil.com/.butikk.no",
        "https://evil.com#.butikk.no",
        "https://evil.com?.butikk.no",
        "https://user@www.example.no",
        "https://www.example.no@evil.com",
        "http://nett.butikk.no",
        "https://nett.butikk.no:444",
        "https://shop.example.no",
        "https://localhost:8080",
        "http://localhost.evil.com:8080",
        "http://localhost:*",
        "http://127.0.0.1",
        "https://www.example.no/",
        "https://www.example.no/path",
        "https://www.example.no\n",
        "javascript:alert(1)",
        "file://",
        "https://" + "a" * 400 + ".butikk.no",
    ],
)
def test_all_others_may_not(origin: str | None) -> None:
    assert not allowed(origin, LISTED)


def test_an_empty_list_lets_nobody_in() -> None:
    assert not allowed("https://www.example.no", [])
    assert frame_ancestors([]) == "'none'"
    assert frame_ancestors(LISTED[:2]) == "https://www.example.no https://*.butikk.no"


@pytest.mark.parametrize(
    ("entry", "stored"),
    [
        (" https://Shop.Example.NO/ ", "https://shop.example.no"),
        ("https://shop.example.no:443", "https://shop.example.no"),
        ("https://blåbær.no", "https://xn--blbr-roah.no"),
        ("https://*.example.no", "https://*.example.no"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_entries_are_stored_as_browsers_write_origins(entry: str, stored: str) -> None:
    assert normalise(entry) == stored


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "https://*",
        "https://*.no",
        "https://*.*.example.no",
        "https://a.*.no",
        "http://shop.example.no",
        "https://shop.example.no/path",
        "https://shop.example.no:*",
        "https://shop.example.no:99999",
        "shop.example.no",
        "ftp://shop.example.no",
        "https://shop.example.no; script-src *",
        "https://a b.no",
        "https://-a.no",
        "https://intranet",
        "https://*.192.168.0.1",
        "'self'",
        "",
    ],
)
def test_what_is_no_origin_is_refused(entry: str) -> None:
    with pytest.raises(BadOrigin):
        normalise(entry)


def test_a_list_holds_no_doubles_and_not_more_than_fifty() -> None:
    assert normalise_all(["https://a.no", "https://A.no/", "https://b.no"]) == ["https://a.no", "https://b.no"]
    with pytest.raises(BadOrigin, match="too_many_origins"):
        normalise_all([f"https://a{number}.no" for number in range(51)])


@given(st.text(max_size=60))
def test_whatever_is_stored_can_stand_in_a_policy(entry: str) -> None:
    try:
        stored = normalise(entry)
    except BadOrigin:
        return
    assert stored.isascii()
    assert not set(stored) & set(" ;,'\"\n\r")
    assert normalise(stored) == stored


@given(st.text(alphabet="abc.-:/@#?*\\ no", max_size=30))
def test_nothing_but_a_true_subdomain_passes_a_star(middle: str) -> None:
    origin = f"https://{middle}butikk.no"
    if allowed(origin, ["https://*.butikk.no"]):
        assert middle.endswith(".")
        assert not set(middle) & set("/@#?:*\\ ")
