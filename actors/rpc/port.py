"""What a watch and its probes can have done: the narrow side of the reader that they see."""

from typing import Any, Protocol

from actors.rpc.capabilities import Capabilities
from actors.rpc.health import Problem


class Port(Protocol):
    """What a watch can have done."""

    def call(self, method: str, params: dict[str, Any], name: str, patience: float | None = None) -> None:
        """Ask imsg; the answer comes back under ``name``."""

    def record(self, fact: Any) -> None:
        """Tell the journal."""

    def deliver(self, raw: bytes, era: int) -> None:
        """A row came by another way than the watch."""

    def begins(self, era: int, since: float | None) -> None:
        """Rows from now on are of this era; what is dated since then was missed (None: nothing)."""

    def capable(self, capabilities: Capabilities) -> None:
        """What this child can do is known."""

    def live(self, cursor: int | None, caught_up: bool) -> None:
        """The watch runs; what was missed is delivered already, or comes with it."""

    def grounded(self) -> None:
        """While live: nothing shows that it is another database than before."""

    def down(self, problem: Problem) -> None:
        """Nothing comes in."""

    def notice(self, problem: Problem) -> None:
        """Something the operator should know."""

    def later(self, name: str, seconds: float) -> None:
        """Call ``due(name)`` in so many seconds."""

    def refresh(self) -> None:
        """Ask the journal anew where to begin; ``resume`` follows."""

    def give_up(self) -> None:
        """This child is of no use any more."""

    def now(self) -> float:
        """Unix seconds."""

    def file_of(self, path: str) -> str:
        """What names a database file on its file system, empty when there is none."""
