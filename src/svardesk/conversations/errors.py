"""What can be refused around conversations."""

from svardesk.kit.errors import Conflict, Invalid, NotFound, Unprocessable


class NoConversation(NotFound):
    """There is no such conversation, or you may not see it."""

    code = "conversation_not_found"


class NoMessage(NotFound):
    """There is no such message, or you may not see it."""

    code = "message_not_found"


class NoView(NotFound):
    """There is no such view, or it is somebody else's."""

    code = "view_not_found"


class NoTag(NotFound):
    """There is no such tag."""

    code = "tag_not_found"


class NoFile(NotFound):
    """There is no such file, or you may not see it."""

    code = "file_not_found"


class FilesMissing(Unprocessable):
    """An attached file was not uploaded by you, or belongs to another message already. Upload it again."""

    code = "files_missing"


class EmptyMessage(Unprocessable):
    """Write something or attach a file."""

    code = "empty_message"


class ContactMissing(Unprocessable):
    """A new conversation needs to know whose it is."""

    code = "contact_missing"


class ClientIdTaken(Conflict):
    """This client_id was used for another message. Give each message an id of its own."""

    code = "client_id_taken"


class NewerExists(Conflict):
    """Something newer was said in this conversation. Read it, then send again with "confirm"."""

    code = "newer_exists"


class AnswerLocked(Conflict):
    """A colleague is answering this conversation right now. Send again with "confirm" to answer all the same."""

    code = "answer_locked"


class VersionConflict(Conflict):
    """The conversation was changed meanwhile. Look at it again, then decide."""

    code = "version_conflict"


class DraftConflict(Conflict):
    """This draft was changed in another window."""

    code = "draft_conflict"


class BadSendTime(Unprocessable):
    """An answer can wait for a time that is still to come, at most half a year away."""

    code = "bad_send_time"


class NotFailed(Conflict):
    """Only an answer that failed can be sent again."""

    code = "not_failed"


class NameTaken(Conflict):
    """There is one of that name already."""

    code = "name_taken"


class BadCursor(Invalid):
    """The cursor is not one that this list gave out. Begin again without it."""

    code = "bad_cursor"


class UnknownAssignee(Unprocessable):
    """This agent or team does not exist, is archived or may not answer."""

    code = "unknown_assignee"


class BadSnooze(Unprocessable):
    """A snooze needs a time in the future, at most a year ahead."""

    code = "bad_snooze"
