"""What the keeper of the config has done by others: those who can read files, build children, see files change."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from actors.runtime.child import Child
from config import Loaded
from config.edit import Set, Unset


class House(Protocol):
    """What the keeper has done by those who can: reading the files, building children, starting over."""

    overrides: Mapping[str, object]

    def load(self, overrides: Mapping[str, object]) -> Loaded:
        """The files as they are now, with these overrides on top. Never raises for bad input."""

    def overridden(self, edits: Sequence[Set | Unset], *, reset: bool) -> Mapping[str, object]:
        """The overrides with these edits. Raises ``CannotEditError``."""

    def names(self, loaded: Loaded) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What the Messages database of each account that runs is known as."""

    def children(self, loaded: Loaded, sources: Mapping[str, int]) -> tuple[Child, ...]:
        """The children a config makes."""

    def taken(self, loaded: Loaded, sources: Mapping[str, int]) -> None:
        """The children of this config are in place."""

    def release(self) -> None:
        """Let go of databases the config in use does not name."""

    def keep(self, loaded: Loaded) -> bool:
        """Copy the files as the last good ones. Raises ``OSError``."""

    def restart(self) -> None:
        """Let the gateway start over."""


class Watching(Protocol):
    """What says that files changed; see ``actors.reload.watcher``."""

    def watch(self, paths: Iterable[Path]) -> None:
        """These, from now on."""

    def stop(self) -> None:
        """Nothing any more."""
