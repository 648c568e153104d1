"""Only what our own server says about the sender counts."""

import pytest

from svardesk.channels.email.parsing import parse
from tests.email.mails import raw

PASS = "mx.ours.no; spf=pass smtp.mailfrom=example.no; dkim=pass header.d=example.no; dmarc=pass (p=REJECT) header.from=example.no"
MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=example.no; dkim=pass (signature was verified)\n"
    " header.d=example.no;dmarc=pass action=none header.from=example.no;compauth=pass reason=100"
)


@pytest.mark.parametrize(
    ("results", "trusted", "told"),
    [
        ([PASS], ["mx.ours.no"], True),
        ([PASS], ["MX.Ours.no."], True),
        ([PASS.replace("mx.ours.no;", "mx.ours.no 1;")], ["mx.ours.no"], True),
        ([PASS], [], False),
        ([PASS], ["mx.other.no"], False),
        ([PASS], ["", "microsoft"], False),
        ([MICROSOFT], [""], True),
        ([MICROSOFT], ["microsoft"], True),
        ([MICROSOFT], ["mx.ours.no"], False),
        ([PASS.replace("dmarc=pass", "dmarc=fail")], ["mx.ours.no"], False),
        ([PASS.replace("dmarc=pass", "dmarc=bestguesspass")], ["mx.ours.no"], False),
        # only the topmost of the trusted server counts
        ([PASS.replace("dmarc=pass", "dmarc=fail"), PASS], ["mx.ours.no"], False),
        (["mx.evil.no; dmarc=fail header.from=example.no", PASS], ["mx.ours.no"], True),
        ([MICROSOFT.replace("dmarc=pass", "dmarc=fail"), MICROSOFT], [""], False),
        ([PASS.replace("header.from=example.no", "header.from=annen.no")], ["mx.ours.no"], False),
        ([PASS.replace("header.from=example.no", "header.from=no")], ["mx.ours.no"], False),
        ([PASS.replace(" header.from=example.no", "")], ["mx.ours.no"], False),
        # a pass that stands in a comment or in another's value
        (["mx.ours.no; dmarc=fail (dmarc=pass header.from=example.no) header.from=example.no"], ["mx.ours.no"], False),
        (['mx.ours.no; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.no'], ["mx.ours.no"], False),
        (["(mx.ours.no) mx.evil.no; dmarc=pass header.from=example.no"], ["mx.ours.no"], False),
        ([""], [""], False),
    ],
)
def test_results(results, trusted, told):
    mail = "".join(f"Authentication-Results: {one}\n" for one in results).encode() + raw()
    got = parse(mail, trusted_authserv=trusted)
    assert got.trust == ("domain_verified" if told else "unverified")
    assert got.trust_because


def test_a_subdomain_is_verified_by_its_organisations_domain():
    mail = raw(**{"from": "kari@mail.example.no"})
    assert (
        parse(f"Authentication-Results: {PASS}\n".encode() + mail, trusted_authserv=["mx.ours.no"]).trust
        == "domain_verified"
    )
    mail = raw(**{"from": "kari@notexample.no"})
    assert (
        parse(f"Authentication-Results: {PASS}\n".encode() + mail, trusted_authserv=["mx.ours.no"]).trust
        == "unverified"
    )
    shared = PASS.replace("header.from=example.no", "header.from=co.uk").encode()
    mail = raw(**{"from": "kari@example.co.uk"})
    assert (
        parse(b"Authentication-Results: " + shared + b"\n" + mail, trusted_authserv=["mx.ours.no"]).trust
        == "unverified"
    )


@pytest.mark.parametrize(
    ("sender", "because"),
    [
        ("A <a@example.no>, B <b@evil.no>", "several From addresses"),
        ("A <a@example.no>\nFrom: B <b@example.no>", "several From fields"),
        ('"kundeservice@bank.no" <a@example.no>', "the display name shows another address"),
        ("=?utf-8?Q?sjef=40bank=2Eno?= <a@example.no>", "the display name shows another address"),
        ("", "no From address"),
    ],
)
def test_senders_that_are_not_what_they_show(sender, because):
    mail = f"Authentication-Results: {PASS}\n".encode() + raw(**{"from": sender})
    got = parse(mail, trusted_authserv=["mx.ours.no"])
    assert (got.trust, got.trust_because) == ("unverified", because)


def test_a_name_that_repeats_the_address_is_none():
    mail = f"Authentication-Results: {PASS}\n".encode() + raw(**{"from": '"kari@example.no" <kari@example.no>'})
    assert parse(mail, trusted_authserv=["mx.ours.no"]).trust == "domain_verified"
