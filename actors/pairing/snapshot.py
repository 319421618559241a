"""Who pairing has let in, as the access controller sees it: read when the files change, and never guessed.

A look costs one or two ``stat`` calls. While the files cannot be read the snapshot says so: unreadable is not empty.
"""

from typing import Any

from actors.access.policy import Allowed
from actors.pairing.store import PairingStore, StoreUnreadableError


class Snapshots:
    """The latest readable state of the pairing files, per account."""

    def __init__(self, store: PairingStore) -> None:
        self._store = store
        self._allowed: dict[str, Allowed] = {}
        self._stamps: dict[str, Any] = {}
        self.trouble = ""
        """Why the files cannot be read, empty when they can."""

    def allowed(self, account: str) -> Allowed:
        """The snapshot of an account, as of the last ``refresh``."""
        return self._allowed[account]

    def refresh(self, account: str) -> bool:
        """Look at the files again; True when the snapshot changed."""
        stamp = self._store.stamp(account)
        before = self._allowed.get(account)
        if before is not None and before.readable and stamp == self._stamps.get(account):
            return False
        try:
            now = Allowed(self._store.allowed(account))
        except StoreUnreadableError as error:
            self.trouble = str(error)
            now = Allowed(frozenset(), readable=False)
        else:
            self.trouble = ""
            self._stamps[account] = stamp
        self._allowed[account] = now
        return before is None or now != before
