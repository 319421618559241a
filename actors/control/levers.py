"""What the command line may have done inside a running gateway: each lever tells one actor, and returns at once."""

from collections.abc import Callable, Mapping
from typing import Any

from actors.envelopes.control import AllowedChanged, Discard, Order, Probe, Ref, Replay


class Levers:
    """Over the roster of living actors. False: no such actor lives now."""

    def __init__(self, roster: Mapping[str, Ref]) -> None:
        self._roster = roster

    def pairing_changed(self) -> bool:
        """The pairing files were written."""
        return self._tell("access", AllowedChanged())

    def order(self, account: str, order: Order) -> bool:
        """Something is to be done with a chunk."""
        return self._tell(f"sender:{account}", order)

    def release(self, seqs: tuple[int, ...]) -> bool:
        """Held rows are to be judged again."""
        access = self._roster.get("access")
        return access is not None and self._tell("journal", Replay("held", access, seqs=seqs))

    def discard(self, seqs: tuple[int, ...]) -> bool:
        """Held rows are to be given up."""
        return self._tell("journal", Discard(seqs))

    def probe(self, account: str, done: Callable[[], None]) -> bool:
        """Find out how a link does; ``done`` is called when that is known."""
        return self._tell(f"reader:{account}", Probe(done))

    def _tell(self, name: str, message: Any) -> bool:
        ref = self._roster.get(name)
        if ref is None or not ref.is_alive():
            return False
        ref.tell(message)
        return True
