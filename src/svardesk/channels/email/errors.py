"""What can go wrong between us and a mail server, sorted by who can mend it: time, or a person."""

from typing import ClassVar

from svardesk.kit.errors import SvardeskError


class MailServerError(SvardeskError):
    """The mail server does not do what we ask.

    ``retryable``: time may mend it. Where it is False a person must look. ``fields["said"]`` is what the server said.
    """

    status = 422
    code = "mail_server"
    retryable: ClassVar[bool] = False

    def __init__(self, said: str = "", code: str | None = None) -> None:
        super().__init__(code, None, said=said[:500])
        self.said = said[:500]

    def __str__(self) -> str:
        return f"{self.code}: {self.message} {self.said}".rstrip()


class ServerGone(MailServerError):
    """The mail server cannot be reached, hung up, or is busy: try again later."""

    code = "mail_server_gone"
    retryable = True


class ServerRefused(MailServerError):
    """The mail server refused a command."""

    code = "mail_server_refused"


class LoginRefused(MailServerError):
    """The mail server does not accept the user name and password: check them."""

    code = "mail_login_refused"


class TokenExpired(MailServerError):
    """The mail server does not accept the access token: fetch a fresh one, and if that is refused too, sign in again."""

    code = "mail_token_expired"


class FolderMissing(MailServerError):
    """The folder is not in the mailbox: choose another one."""

    code = "mail_folder_missing"


class Untrusted(MailServerError):
    """The server's certificate does not prove that it is the server that was named."""

    code = "mail_certificate"


class Insecure(MailServerError):
    """Without encryption the password could be read on its way: choose TLS, or allow this expressly."""

    code = "mail_insecure"
