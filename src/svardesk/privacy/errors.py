"""What can stand in the way of a privacy request."""

from svardesk.kit.errors import Conflict, NotFound


class NoSuchContact(NotFound):
    """There is no such contact."""

    code = "no_such_contact"


class NoSuchRequest(NotFound):
    """There is no such request."""

    code = "no_such_request"


class AlreadyErased(Conflict):
    """This contact has been erased already; nothing is left to show or to erase."""

    code = "already_erased"


class NotReady(Conflict):
    """The export is not ready yet; look at its state again in a moment."""

    code = "export_not_ready"


class FileExpired(NotFound):
    """The file of this export has been deleted, as its time was up; ask for a new export."""

    code = "export_expired"
