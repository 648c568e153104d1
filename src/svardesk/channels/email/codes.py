"""What each code of mail means to people: the one place, from which the browser's table is written too (`make openapi`).

Codes are our own words, or what a mail server said (RFC 3463: ``5.1.1``). A code is looked up by itself and by what stands
before its dots; the first that fits counts, so the narrower ones stand first.
"""

from typing import Final

from svardesk.channels.contract import ErrorText

_ADDRESS: Final = ErrorText(error_class="address", text_key="delivery.address")
_FULL: Final = ErrorText(error_class="address", text_key="delivery.mailbox_full")
_LARGE: Final = ErrorText(error_class="content", text_key="delivery.too_large")
_SIGN_IN: Final = ErrorText(error_class="connection", text_key="delivery.sign_in")
_GONE: Final = ErrorText(error_class="connection", text_key="delivery.unreachable")
_SET_UP: Final = ErrorText(error_class="connection", text_key="delivery.no_smtp")
_BUSY: Final = ErrorText(error_class="provider", text_key="delivery.unreachable")
FAILED: Final = ErrorText(error_class="provider", text_key="delivery.failed")

DELIVERY: Final = {
    "address_suppressed": ErrorText(error_class="policy", text_key="delivery.suppressed"),
    "address": _ADDRESS,
    "no_recipient": _ADDRESS,
    "smtputf8": _ADDRESS,
    "5.1.7": _SET_UP,
    "5.1.8": _SET_UP,
    "5.1": _ADDRESS,
    "4.1": _ADDRESS,
    "5.2.2": _FULL,
    "4.2.2": _FULL,
    "too_large": _LARGE,
    "5.2.3": _LARGE,
    "5.3.4": _LARGE,
    "4.3.4": _LARGE,
    "552": _LARGE,
    "eight_bit": ErrorText(error_class="content", text_key="delivery.refused"),
    "5.7": ErrorText(error_class="policy", text_key="delivery.refused"),
    "auth_refused": _SIGN_IN,
    "token_expired": _SIGN_IN,
    "mail_login_refused": _SIGN_IN,
    "mail_token_expired": _SIGN_IN,
    "oauth": _SIGN_IN,
    "oauth_client": _SIGN_IN,
    "oauth_consent": _SIGN_IN,
    "oauth_no_refresh": _SIGN_IN,
    "oauth_revoked": _SIGN_IN,
    "oauth_state": _SIGN_IN,
    "oauth_unavailable": _GONE,
    "unreachable": _GONE,
    "greeting": _GONE,
    "timeout": _GONE,
    "lost": _GONE,
    "mail_server_gone": _GONE,
    "4": _BUSY,
    "no_smtp": _SET_UP,
    "no_starttls": _SET_UP,
    "mail_no_starttls": _SET_UP,
    "certificate": _SET_UP,
    "mail_certificate": _SET_UP,
    "mail_insecure": _SET_UP,
    "mail_unverified": _SET_UP,
    "no_connection": _SET_UP,
    "mail_server": FAILED,
    "mail_server_refused": FAILED,
}
"""Why an answer does not go out, for whoever wrote it."""

MAILBOX: Final = {
    "mail_server_gone": "mailbox_error.mail_server_gone",
    "unreachable": "mailbox_error.mail_server_gone",
    "greeting": "mailbox_error.mail_server_gone",
    "oauth_unavailable": "mailbox_error.mail_server_gone",
    "mail_login_refused": "mailbox_error.mail_login_refused",
    "auth_refused": "mailbox_error.mail_login_refused",
    "mail_token_expired": "mailbox_error.mail_token_expired",
    "token_expired": "mailbox_error.mail_token_expired",
    "mail_folder_missing": "mailbox_error.mail_folder_missing",
    "mail_certificate": "mailbox_error.mail_certificate",
    "certificate": "mailbox_error.mail_certificate",
    "mail_insecure": "mailbox_error.mail_insecure",
    "mail_unverified": "mailbox_error.mail_insecure",
    "mail_imap_off": "mailbox_error.mail_imap_off",
    "mail_no_starttls": "mailbox_error.mail_no_starttls",
    "no_starttls": "mailbox_error.mail_no_starttls",
    "oauth_revoked": "mailbox_error.oauth_revoked",
    "oauth_no_refresh": "mailbox_error.oauth_revoked",
    "oauth_consent": "mailbox_error.oauth_consent",
    "oauth_state": "mailbox_error.oauth_consent",
    "oauth_client": "mailbox_error.oauth_client",
    "mail_no_uids": "mailbox_error.other",
}
"""What is wrong with a mailbox, for whoever can mend it. What is not here is told as ``mailbox_error.other``."""


def delivery(code: str) -> ErrorText:
    """What a code of an attempt to send means to an agent."""
    return next((text for known, text in DELIVERY.items() if code == known or code.startswith(f"{known}.")), FAILED)


def typescript() -> str:
    """Both tables for the browser."""
    lines = [
        "// Written by `make openapi` from src/svardesk/channels/email/codes.py. Do not edit.",
        "",
        "/** Why an answer does not go out; the first whose code, or what stands before its dots, fits. */",
        "export const DELIVERY: readonly (readonly [string, string])[] = [",
        *(f'  ["{code}", "{text.text_key}"],' for code, text in DELIVERY.items()),
        "];",
        "",
        "/** What is wrong with a mailbox. */",
        "export const MAILBOX: Readonly<Record<string, string>> = {",
        *(f'  {code}: "{key}",' for code, key in MAILBOX.items()),
        "};",
    ]
    return "\n".join(lines) + "\n"
