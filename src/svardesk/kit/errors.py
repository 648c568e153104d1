"""Errors that reach people: each has an HTTP status, a stable code and a sentence that one can act on."""

from typing import Any, ClassVar


class SvardeskError(Exception):
    """Root of all errors that are answered to a client as ``{"error": {code, message, fields}}``.

    ``code`` is stable and for machines; ``message`` is English for API clients (apps translate by code);
    ``fields`` holds what the sentence is about.
    """

    status: ClassVar[int] = 500
    code: str = "internal"

    def __init__(self, code: str | None = None, message: str | None = None, **fields: Any) -> None:
        self.code = code or type(self).code
        self.message = message or (type(self).__doc__ or "").split("\n", 1)[0]
        self.fields = fields
        super().__init__(f"{self.code}: {self.message}")

    def as_wire(self) -> dict[str, Any]:
        """Return the JSON object of the answer's body."""
        return {"error": {"code": self.code, "message": self.message, "fields": self.fields}}


class Invalid(SvardeskError):
    """The request is not understood."""

    status = 400
    code = "invalid"


class Unauthorised(SvardeskError):
    """Sign in first."""

    status = 401
    code = "not_signed_in"


class Forbidden(SvardeskError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(SvardeskError):
    """There is no such thing, or you may not see it."""

    status = 404
    code = "not_found"


class Conflict(SvardeskError):
    """Somebody was faster: read again, then decide."""

    status = 409
    code = "conflict"


class TooLarge(SvardeskError):
    """The body is larger than this route takes."""

    status = 413
    code = "too_large"


class Unprocessable(SvardeskError):
    """The request is understood, but a value in it cannot be accepted."""

    status = 422
    code = "unprocessable"


class TooMany(SvardeskError):
    """Too many attempts; wait before the next one."""

    status = 429
    code = "too_many"

    def __init__(
        self, code: str | None = None, message: str | None = None, *, retry_after: int = 1, **fields: Any
    ) -> None:
        super().__init__(code, message, retry_after=retry_after, **fields)
        self.retry_after = retry_after


class Unavailable(SvardeskError):
    """The desk cannot answer just now; try again in a moment."""

    status = 503
    code = "unavailable"
