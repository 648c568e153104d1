"""What can go wrong with the embedded PostgreSQL, each with a sentence that says what to do."""


class PostgresError(Exception):
    """The database cannot be started, stopped or reached.

    `code` is stable and short (`other_major`, `unreachable_folder`, …); `str(error)` is one sentence or two for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code: str = code
        self.message: str = message
