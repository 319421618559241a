"""Who pairing has let in and since when, and who owns the gateway: read for the access controller when files change.

A look costs a few ``stat`` calls. While a file cannot be read the snapshot says so: unreadable is not empty.
"""

import time
from collections.abc import Callable, Mapping

from actors.access.allowed import Allowed
from actors.pairing.guard import Mark
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore, StoreUnreadableError


class Snapshots:
    """The latest readable state of the pairing files, per account.

    ``owners`` is None where the config names the owners: then nobody is one by pairing. ``guard`` knows since when
    people are in; without it nobody does. ``wall`` is unix seconds. For one thread: ``guard`` is not shared.
    """

    def __init__(
        self,
        store: PairingStore,
        owners: OwnerFile | None = None,
        guard: PairingGuard | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._owners = owners
        self._guard = guard
        self._wall = wall
        self._allowed: dict[str, Allowed] = {}
        self._parts: dict[str, tuple[object, ...]] = {}
        self._approved: dict[str, Mapping[str, float]] = {}
        self.trouble = ""
        """Why the files cannot be read, empty when they can."""

    def allowed(self, account: str) -> Allowed:
        """The snapshot of an account, as of the last ``refresh``."""
        return self._allowed[account]

    def refresh(self, account: str) -> bool:
        """Look at the files again; True when the snapshot changed."""
        before = self._allowed.get(account)
        try:
            lists = self._store.lists(account)
            owners = self._owners.seen() if self._owners is not None else ()
            approvals = self._guard.seen().approvals if self._guard is not None else ()
        except StoreUnreadableError as error:
            self.trouble = str(error)
            now = Allowed(frozenset(), readable=False)
        else:
            self.trouble = ""
            # What did not change is the very same object: the comparison costs nothing however many people are in.
            parts, known = (*lists, owners, approvals), self._parts.get(account, ())
            is_same = len(parts) == len(known) and all(new is old for new, old in zip(parts, known, strict=True))
            if is_same and before is not None and before.readable and not self._is_ahead(before):
                return False
            self._parts[account] = parts
            handles = frozenset[str]().union(*lists)
            since = self._since(account, [mark for mark in approvals if mark.handle in handles])
            now = Allowed(handles, owners=frozenset(owner.handle for owner in owners), since=since)
        self._allowed[account] = now
        return before is None or now != before

    def _since(self, account: str, approvals: list[Mark]) -> dict[str, float]:
        """Since when those people are in. A moment a clock set back left ahead of it is the one it was seen at first.

        Not a later one each time: they would be strangers until the clock is there again.
        """
        now, known = self._wall(), self._approved.get(account, {})
        shown = self._allowed[account].since if account in self._allowed else {}
        approved = {mark.handle: mark.at for mark in approvals if mark.account == account}
        self._approved[account] = approved
        return {
            handle: min(now, shown.get(handle, at) if known.get(handle) == at else at)
            for handle, at in approved.items()
        }

    def _is_ahead(self, shown: Allowed) -> bool:
        """Whether the clock was set back behind a moment that is shown."""
        return bool(shown.since) and max(shown.since.values()) > self._wall()
