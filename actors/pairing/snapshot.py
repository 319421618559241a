"""Who pairing has let in and who owns the gateway, as the access controller sees it: read when the files change.

A look costs a few ``stat`` calls. While a file cannot be read the snapshot says so: unreadable is not empty.
"""

from actors.access.allowed import Allowed
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore, StoreUnreadableError


class Snapshots:
    """The latest readable state of the pairing files, per account.

    ``owners`` is None where the config names the owners: then nobody is one by pairing.
    """

    def __init__(self, store: PairingStore, owners: OwnerFile | None = None) -> None:
        self._store = store
        self._owners = owners
        self._allowed: dict[str, Allowed] = {}
        self._parts: dict[str, tuple[object, ...]] = {}
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
        except StoreUnreadableError as error:
            self.trouble = str(error)
            now = Allowed(frozenset(), readable=False)
        else:
            self.trouble = ""
            # What did not change is the very same object: the comparison costs nothing however many people are in.
            parts, known = (*lists, owners), self._parts.get(account, ())
            is_same = len(parts) == len(known) and all(new is old for new, old in zip(parts, known, strict=True))
            if is_same and before is not None and before.readable:
                return False
            self._parts[account] = parts
            now = Allowed(frozenset[str]().union(*lists), owners=frozenset(owner.handle for owner in owners))
        self._allowed[account] = now
        return before is None or now != before
