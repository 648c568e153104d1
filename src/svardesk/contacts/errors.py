"""What can be refused around contacts."""

from svardesk.kit.errors import Conflict, NotFound, Unprocessable


class NoContact(NotFound):
    """There is no such contact."""

    code = "contact_not_found"


class NoMerge(NotFound):
    """There is no such merge, or it has been undone already."""

    code = "merge_not_found"


class AlreadyOne(Conflict):
    """These two are the same person already."""

    code = "already_one_person"


class MergeFinal(Conflict):
    """This merge was made before merges could be undone."""

    code = "merge_final"


class NoField(NotFound):
    """There is no such field."""

    code = "field_not_found"


class VersionConflict(Conflict):
    """The contact was changed meanwhile. Look at it again, then decide."""

    code = "version_conflict"


class FieldTaken(Conflict):
    """There is a field of that key already."""

    code = "field_taken"


class BadValue(Unprocessable):
    """A value does not fit its field."""

    code = "bad_value"


class BadZone(Unprocessable):
    """This is no time zone. Write it as in Europe/Oslo."""

    code = "bad_timezone"
