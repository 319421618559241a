"""How many sends may stand in imsg's pipe: many when they take microseconds, one when they take seconds. Pure."""

FASTEST, MOST = 0.0005, 128
PIPE_SECONDS = 0.05


class Pace:
    """How many requests may stand in the pipe: as many as it serves in ``PIPE_SECONDS``, from 1 to ``MOST``."""

    def __init__(self) -> None:
        self._seconds = PIPE_SECONDS
        self.depth = 1
        """Requests that may be under way at once."""

    def took(self, seconds: float) -> None:
        """A send took this long (a moving average over about eight)."""
        self._seconds += (max(seconds, FASTEST) - self._seconds) / 8
        self.depth = max(1, min(MOST, round(PIPE_SECONDS / self._seconds)))
