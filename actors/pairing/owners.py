"""Who owns the gateway while the config names nobody: ``<state>/gateway/owners.json``.

In: the first approval. Out: the canonical handles of the owners. ``{version: 1, owners: [{id, account, since}]}``,
0600, locked and replaced like the pairing files; what cannot be read is ``StoreUnreadableError``, never "no owner".
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from actors.pairing.document import Document
from actors.pairing.records import handle_of, iso
from config.lockfile import Waits


class Owner(NamedTuple):
    """An owner, by canonical handle, and the account whose approval made them one."""

    handle: str
    account: str


class OwnerFile:
    """The owners kept in ``path``. Every method may raise ``StoreUnreadableError``."""

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        waits: Waits | None = None,
    ) -> None:
        self.path = path
        self._file = Document(path, "owners", _owners, wall, sleep, waits)

    def read(self) -> frozenset[str]:
        """The owners' canonical handles, as the file has them now."""
        return frozenset(owner.handle for owner in self._file.read())

    def seen(self) -> tuple[Owner, ...]:
        """The owners; the very same value as long as the file stays as it was, at the price of a look."""
        return self._file.seen()

    def claim(self, handle: str, account: str, now: float) -> bool:
        """``handle`` owns the gateway from ``now`` (unix seconds) on if nobody does; whether it is so now by this."""
        with self._file.exclusive():
            if self._file.read():
                return False
            new = {"id": handle, "account": account, "since": iso(now)}
            self._file.write({**self._file.content(), "owners": [new]})
        return True

    def drop(self, handle: str, account: str | None = None) -> bool:
        """``handle`` is an owner no more; whether it was one. With ``account`` only if that account made it one."""
        gone = {one for one in self._file.read() if one.handle == handle and account in {None, one.account}}
        if not gone:
            return False
        with self._file.exclusive():
            content = self._file.content()
            kept = [raw for raw in content["owners"] if _owner(raw) not in gone]
            self._file.write({**content, "owners": kept})
        return True


def _owners(content: dict[str, Any]) -> tuple[Owner, ...]:
    return tuple(map(_owner, content["owners"]))


def _owner(raw: Any) -> Owner:
    match raw:
        case {"id": str(handle)} if handle_of(handle):
            account = raw.get("account")
            return Owner(handle_of(handle), account if isinstance(account, str) else "")
    raise ValueError('holds an owner whose "id" is no handle')
