"""What a reader needs to know of its account: which program, which database, which watch. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """``source`` is the journal's number of the database; ``waiting`` counts rows between reader and disk.

    ``patience`` is in seconds; ``debounce_ms`` is asked of the watch.
    """

    account: str
    source: int
    cli: str
    db_path: str | None
    attachments: bool
    debounce_ms: int
    patience: float
    waiting: Callable[[], int]

    @property
    def argv(self) -> tuple[str, ...]:
        """The child's command line (mission page: ``imsg rpc``, any program that speaks it)."""
        return (self.cli, "rpc", "--db", self.db_path) if self.db_path else (self.cli, "rpc")

    @property
    def name(self) -> str:
        """The database, for people."""
        return self.db_path or "the Messages database"

    @property
    def remedy_missing(self) -> str:
        """What to do when the program is not there."""
        return (
            f"install imsg (brew install steipete/tap/imsg) or point channels.imessage.cliPath at it; now: {self.cli}"
        )


def source_identity(cli: str, db_path: str | None, remote_host: str | None) -> str:
    """Names a Messages database over restarts: ``host:path``, a local path, or the program that knows (inbound 1.8)."""
    if db_path is None:
        return f"cli:{cli}"
    return f"{remote_host}:{db_path}" if remote_host else db_path


def watch_params(link: Link, cursor: int | None) -> dict[str, Any]:
    """Params of ``watch.subscribe``: keys every imsg accepts or ignores (imsg protocol 12.9).

    ``since_rowid`` is exclusive; absent means "from now"; 0 would mean that too and is never sent.
    """
    params: dict[str, Any] = {"attachments": link.attachments, "debounce_ms": link.debounce_ms}
    if cursor is not None:
        params["since_rowid"] = cursor or -1
    return params
