"""Whether the process has a terminal: a hang-up then means that its window was closed."""

import os


def has_terminal() -> bool:
    """Whether there is a terminal this process belongs to: not for a service, nor after its window was closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
