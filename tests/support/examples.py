"""How many examples a property is tried with: some in every run, as they are others each time, many more in a soak."""

SOAK_FACTOR = 10
_factor = [1]


def soak() -> None:
    """From now on there are many: ``-m soak`` was asked for."""
    _factor[0] = SOAK_FACTOR


def examples(count: int) -> int:
    """This many, or ten times as many."""
    return count * _factor[0]
