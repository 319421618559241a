"""Apple's clock: nanoseconds since 2001-01-01T00:00:00Z (imsg protocol 9), to and from what people write.

Pure. Out: integers in Apple nanoseconds, and the one timestamp form imsg puts on the wire.
"""

import re
from datetime import UTC, datetime, timedelta

APPLE_EPOCH_UNIX_S = 978_307_200
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def apple_ns(unix_ns: int) -> int:
    """Unix nanoseconds (`time.time_ns()`) as Apple nanoseconds."""
    return unix_ns - APPLE_EPOCH_UNIX_S * 1_000_000_000


def unix_ns(apple: int) -> int:
    """Apple nanoseconds as Unix nanoseconds."""
    return apple + APPLE_EPOCH_UNIX_S * 1_000_000_000


def iso(apple: int | None) -> str:
    """`2026-05-16T12:34:56.789Z`: UTC, always three fractional digits; None is the epoch (imsg protocol 5).

    Dates outside the years 1 to 9999 come out as the nearest one that can be written.
    """
    try:
        moment = _EPOCH + timedelta(microseconds=(apple or 0) // 1000)
    except OverflowError:
        moment = datetime.max if (apple or 0) > 0 else datetime.min
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_iso(text: str) -> int:
    """An ISO 8601 moment with its zone, as Apple nanoseconds. Raises ValueError for anything else."""
    if _ISO.fullmatch(text) is None:
        raise ValueError(text)
    elapsed = datetime.fromisoformat(text) - _EPOCH
    return (elapsed // timedelta(microseconds=1)) * 1000
