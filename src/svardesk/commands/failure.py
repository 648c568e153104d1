"""How a command ends badly: with a sentence, not with a traceback."""


class CommandError(Exception):
    """A command cannot do what it was asked; the message says why and what to do. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code: int = code
