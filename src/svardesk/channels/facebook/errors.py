"""What can be refused around comments and posts: by us, and by Meta, row by row of its table."""

from svardesk.channels.meta import errors
from svardesk.channels.meta.client import Answered, NotReached, Outcome, Refused
from svardesk.kit.errors import Conflict, NotFound, SvardeskError, TooMany, Unavailable, Unprocessable

RATE_SECONDS = 60


class NoComment(NotFound):
    """There is no such comment, or you may not see it."""

    code = "comment_not_found"


class CommentGone(Conflict):
    """The comment was taken away: nothing can be done about it any more."""

    code = "comment_gone"


class OurOwn(Conflict):
    """That is the page's own comment."""

    code = "our_own_comment"


class ReplyUsed(Conflict):
    """There was a private reply to this comment already, and Meta lets us send one only."""

    code = "private_reply_used"


class ReplyLate(Conflict):
    """A private reply can be sent within seven days of the comment only."""

    code = "private_reply_late"


class ReplyImpossible(Conflict):
    """Meta does not say who wrote this comment, so that nobody can be written to."""

    code = "private_reply_impossible"


class NoPost(NotFound):
    """There is no such post of yours."""

    code = "post_not_found"


class PostChanged(Conflict):
    """The post was changed meanwhile. Look at it again, then decide."""

    code = "version_conflict"


class PostState(Conflict):
    """In its present state this cannot be done with the post."""

    code = "post_state"


class BadTime(Unprocessable):
    """A post can be planned for 10 minutes to 30 days ahead."""

    code = "bad_publish_time"


class NoPage(Unprocessable):
    """There is no such page among your connections, or it is signed out."""

    code = "no_page"


class MetaRefused(Conflict):
    """Meta does not do this."""

    code = "meta_refused"


class MetaUnavailable(Unavailable):
    """Meta does not answer just now; try again in a moment."""

    code = "meta_temporary"


class MetaTooMany(TooMany):
    """Meta lets the page do no more just now; try again in a moment."""

    code = "meta_rate"


class MetaTooLarge(Unprocessable):
    """Meta takes nothing so large."""

    code = "meta_too_large"


SENTENCES = {
    "meta_restricted": "Meta has restricted the page; an administrator must look at it.",
    "meta_permission": "The page has not given us the permission for this; sign in to it again.",
    "meta_person": "This person receives nothing from the page.",
    "meta_object": "Meta does not find it (any more).",
    "meta_token": "The page is signed out: an administrator must sign in to it again.",
    "meta_reply_used": "There was a private reply already.",
    "meta_reply_impossible": "A private reply is not possible here.",
    "meta_messages_off": "The page takes no messages.",
    "meta_refused": "Meta does not do this.",
}


def refusal(outcome: Outcome) -> SvardeskError:
    """The error that a call's outcome is; its ``code`` is the row of the table."""
    match outcome:
        case Refused(error=error, retry_after=after):
            meant = errors.meaning(error)
            key = meant.text_key.removeprefix("delivery.")
            more = {"provider_code": error.name}
            if meant.what == "temporary":
                return MetaUnavailable("meta_temporary", None, **more)
            if meant.what == "rate":
                return MetaTooMany("meta_rate", None, retry_after=int(after or RATE_SECONDS), **more)
            if meant.what == "too_large":
                return MetaTooLarge("meta_too_large", None, **more)
            code = "meta_person" if key == "meta_no_person" else key
            return MetaRefused(code, SENTENCES.get(code), **more)
        case NotReached():
            return MetaUnavailable("meta_unreachable", "Meta cannot be reached just now; try again in a moment.")
        case Answered():
            return MetaUnavailable("meta_temporary", None)
        case _:
            return MetaUnavailable(
                "meta_uncertain", "Meta has not answered: perhaps it was done. Look again in a moment."
            )
