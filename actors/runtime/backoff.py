"""Growing pauses between attempts, with jitter. Pure: the random number is passed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """``first`` seconds times ``factor`` per earlier attempt, at most ``cap``, plus or minus ``jitter`` of it."""

    first: float
    factor: float
    cap: float
    jitter: float = 0.1

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait before attempt number ``attempt`` (from 0); ``chance`` is uniform in [0, 1)."""
        # 2**64 first steps are above any cap; the bound keeps float powers from overflowing.
        base = min(self.cap, self.first * self.factor ** min(attempt, 64))
        return base * (1 + self.jitter * (2 * chance - 1))


CHILD = Backoff(first=5.0, factor=2.0, cap=300.0)
"""imsg children (inbound 1.6)."""

ACTORS = Backoff(first=0.5, factor=2.0, cap=60.0)
"""Supervised actors."""
