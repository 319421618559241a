"""Which Messages database each account reads now, and what that makes of open work. Pure.

A chat number means nothing in another database, so work belongs to an account and a database together. Where a newer
config has such a pair run again, its open work is to be told to whoever was told everything else before.
"""

from collections.abc import Mapping


class Current:
    """``sources`` by account id, None: whatever the rows say."""

    def __init__(self, sources: Mapping[str, int] | None) -> None:
        self.sources = _copied(sources)
        self._told: dict[str, Mapping[str, int] | None] = {}
        """By kind of row, what was current when its open ones were told last."""

    def change(self, sources: Mapping[str, int] | None) -> bool:
        """From now on it is these; False where they are the same."""
        before, self.sources = self.sources, _copied(sources)
        return self.sources != before

    def has(self, account: str, source: int) -> bool:
        """Whether this account reads that database."""
        return _has(self.sources, account, source)

    def told(self, kind: str) -> None:
        """All open rows of a kind were told that are of current accounts."""
        self._told[kind] = self.sources

    def has_news(self, kind: str) -> bool:
        """Whether there may be such rows as ``came`` says."""
        return kind in self._told and self._told[kind] != self.sources

    def came(self, kind: str, account: str, source: int) -> bool:
        """Whether open rows of a kind are to be told now that were not when the others were."""
        return kind in self._told and self.has(account, source) and not _has(self._told[kind], account, source)


def _copied(sources: Mapping[str, int] | None) -> Mapping[str, int] | None:
    return None if sources is None else dict(sources)


def _has(sources: Mapping[str, int] | None, account: str, source: int) -> bool:
    return sources is None or sources.get(account) == source
