"""What a reader needs to know of its account: which program, which database, which watch. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.rpc.capabilities import BUFFER_LIMIT, Capabilities
from actors.rpc.health import Problem


@dataclass(frozen=True, slots=True)
class Link:
    """``source`` is the journal's number of the database, ``local`` whether its file is on this machine.

    ``waiting`` counts rows between reader and disk; ``delivered`` is the newest row of this source on disk and
    ``visible`` the newest of those a history shows (0: none in this run). ``refusal`` says why no child may be
    started (an unsafe program, another gateway); None when it may. ``patience`` is in seconds; ``debounce_ms`` is
    asked of the watch.
    """

    account: str
    source: int
    cli: str
    db_path: str | None
    local: bool
    attachments: bool
    debounce_ms: int
    patience: float
    waiting: Callable[[], int]
    delivered: Callable[[], int]
    visible: Callable[[], int]
    refusal: Callable[[], Problem | None]
    standard: str = ""
    """What imsg reads without a ``db_path``, where that is certain."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The child's command line (mission page: ``imsg rpc``, any program that speaks it)."""
        return (self.cli, "rpc", "--db", self.db_path) if self.db_path else (self.cli, "rpc")

    def file(self, told: str) -> str:
        """The path of the database here, as far as it is known; ``told`` is what imsg says of it."""
        return (self.db_path or self.standard or told) if self.local else ""

    @property
    def name(self) -> str:
        """The database, for people."""
        return self.db_path or "the Messages database"


def watch_params(link: Link, capabilities: Capabilities, cursor: int | None) -> dict[str, Any]:
    """Params of ``watch.subscribe``: keys this imsg accepts or ignores (imsg protocol 12.9).

    ``since_rowid`` is exclusive; absent means "from now"; 0 would mean that too and is never sent.
    """
    params: dict[str, Any] = {
        "attachments": link.attachments,
        "include_reactions": True,
        "debounce_ms": link.debounce_ms,
    }
    if capabilities.strict:
        params["buffer_limit"] = BUFFER_LIMIT
    if cursor is not None:
        params["since_rowid"] = cursor or -1
    return params
