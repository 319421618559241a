"""Exit codes of the ``gateway`` command, and the error that carries one."""

OK = 0
ERROR = 1
USAGE = 2
NOT_RUNNING = 3
LOCK_HELD = 75
BAD_CONFIG = 78
INTERRUPTED = 130


class VerbError(Exception):
    """A verb cannot do what was asked: one message for the person, and the exit ``code``."""

    def __init__(self, message: str, code: int = ERROR) -> None:
        super().__init__(message)
        self.code = code
