"""Graph's errors: what stands in the body, and with which HTTP status it comes."""

import secrets
from typing import Any


class GraphError(Exception):
    """A refusal, as Graph words it. Callers decide by ``code`` and ``subcode``."""

    def __init__(
        self,
        code: int,
        subcode: int | None = None,
        message: str | None = None,
        *,
        status: int | None = None,
        kind: str = "OAuthException",
        title: str | None = None,
        text: str | None = None,
        transient: bool | None = None,
    ) -> None:
        self.code, self.subcode, self.kind = code, subcode, kind
        self.message = message or MESSAGES.get((code, subcode)) or MESSAGES.get((code, None)) or f"(#{code}) Error"
        self.status = status or STATUS.get(code, 400)
        self.title, self.text, self.transient = title, text, transient
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.transient or (self.transient is None and self.code in {1, 2, 4, 17, 32, 613, 1200}):
            error["is_transient"] = True
        if self.title:
            error["error_user_title"] = self.title
        if self.text:
            error["error_user_msg"] = self.text
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(17)
        return {"error": error}


STATUS = {1: 500, 2: 500, 4: 403, 10: 403, 200: 403, 230: 403, 1200: 500}
"""HTTP statuses that are not 400."""

MESSAGES: dict[tuple[int, int | None], str] = {
    (1, 99): "An unknown error occurred",
    (1, None): "An unknown error occurred",
    (2, None): "Service temporarily unavailable",
    (2, 1545133): "Service temporarily unavailable",
    (4, None): "(#4) Application request limit reached",
    (4, 2018022): "(#4) Too many send requests to phone numbers",
    (17, None): "(#17) User request limit reached",
    (32, None): "(#32) Page request limit reached",
    (613, None): "(#613) Calls to this api have exceeded the rate limit.",
    (1200, None): "(#1200) Temporary send message failure. Please try again later.",
    (80006, None): "(#80006) There have been too many calls to this messenger account. Wait a bit and try again.",
    (10, 2018278): "(#10) This message is sent outside of allowed window.",
    (10, 2018065): "(#10) This message is sent outside of allowed window.",
    (10, 1893063): "(#10) The Page is temporarily restricted from sending messages.",
    (
        10,
        2018108,
    ): "(#10) This Person Cannot Receive Messages: This person isn't receiving messages from you right now.",
    (10, 2018300): "(#10) Message not sent: another app is controlling this thread now.",
    (10, None): "(#10) Application does not have permission for this action",
    (100, 2018001): "(#100) No matching user found",
    (100, 2018008): "(#100) Failed to fetch the file from the url",
    (100, 2018047): "(#100) Upload attachment failure.",
    (100, 2018109): "(#100) Attachment size exceeds allowable limit",
    (100, None): "(#100) Invalid parameter",
    (190, None): "Error validating access token: The session has been invalidated.",
    (
        190,
        460,
    ): "Error validating access token: The session has been invalidated because the user changed their password.",
    (190, 463): "Error validating access token: Session has expired.",
    (200, None): "(#200) Permissions error",
    (200, 1545041): "(#200) This person isn't available right now.",
    (
        200,
        2018028,
    ): "(#200) Cannot message users who are not admins, developers or testers of the app until it is reviewed.",
    (230, None): "(#230) Requires consent of the person to share profile information with the Page",
    (368, None): "(#368) The action attempted has been deemed abusive or is otherwise disallowed",
    (551, None): "(#551) This person isn't available right now.",
    (551, 1545041): "(#551) This person isn't available right now.",
    (10900, None): "(#10900) Activity already replied to",
    (10903, None): "(#10903) This user cannot reply to this activity",
    (10904, None): "(#10904) Page has disabled messaging",
}


def missing(object_id: str, verb: str = "get") -> GraphError:
    """The object is not there, or not for this token: Graph does not tell the two apart."""
    return GraphError(
        100,
        33,
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation",
        kind="GraphMethodException",
    )


def invalid(text: str) -> GraphError:
    """A parameter that is not as it must be."""
    return GraphError(100, None, f"(#100) {text}")


def no_permission(name: str) -> GraphError:
    """The token does not hold a permission."""
    return GraphError(200, None, f"(#200) Requires {name} permission to manage the object")
