"""What can be wrong with opening hours."""

from svardesk.kit.errors import NotFound, Unprocessable


class BadCalendar(Unprocessable):
    """The opening hours cannot be understood."""

    code = "bad_calendar"

    def __init__(self, message: str) -> None:
        super().__init__(None, message)


class NoSuchCalendar(NotFound):
    """There is no such calendar."""

    code = "no_such_calendar"
