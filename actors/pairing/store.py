"""The pairing store: who was let in by a code, and who waits, in files OpenClaw reads and writes too.

``imessage-pairing.json`` holds the requests of all accounts, ``imessage-<account>-allowFrom.json`` the approved
handles of one. The default account also has the older ``imessage-allowFrom.json``: both are read, and both written,
so that OpenClaw of any version that keeps files sees the same people. What cannot be read is ``StoreUnreadableError``,
never empty and never written over. Keys this gateway does not know are kept.

Whatever changes who is in holds the lock of the pending file all the while, then that of each list: an approval and a
revocation of the same person come one after the other, never mixed.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

from actors.pairing import codes, records
from actors.pairing.codes import DEFAULT_ACCOUNT, Request
from actors.pairing.document import Document
from actors.pairing.files import StoreUnreadableError
from actors.pairing.records import Approvals, RegionOf, handle_of, no_region
from config.lockfile import Waits

__all__ = ["PairingStore", "StoreUnreadableError"]

CHANNEL = "imessage"
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]|\.\.')


class PairingStore:
    """The pairing files in the folder ``credentials``. Every method may raise ``StoreUnreadableError``.

    ``wall`` (unix seconds), ``sleep`` and ``waits`` only serve the lock files. ``now`` is unix seconds, handles are
    canonical: numbers in the files that have no ``+`` are of the region ``region_of`` gives for their account.
    """

    def __init__(
        self,
        credentials: Path,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        waits: Waits | None = None,
        region_of: RegionOf = no_region,
    ) -> None:
        self.folder = credentials
        self._wall = wall
        self._sleep = sleep
        self._waits = waits
        self._region_of = region_of
        read = partial(records.requests, region_of=region_of)
        self._pending = Document(self.pending_file, "requests", read, wall, sleep, waits)
        self._lists: dict[str, tuple[Document[Approvals], ...]] = {}

    @property
    def pending_file(self) -> Path:
        """Where requests wait."""
        return self.folder / f"{CHANNEL}-pairing.json"

    def allow_files(self, account: str) -> tuple[Path, ...]:
        """Where the approved handles of ``account`` stand. Raises ``ValueError`` for a blank account."""
        own = self.folder / f"{CHANNEL}-{_file_part(account)}-allowFrom.json"
        return (own, self.folder / f"{CHANNEL}-allowFrom.json") if _file_part(account) == DEFAULT_ACCOUNT else (own,)

    def lists(self, account: str) -> tuple[frozenset[str], ...]:
        """The approved handles, file by file: the very same sets as long as the files stay as they were."""
        return tuple(each.seen().handles for each in self._documents(account))

    def allowed(self, account: str) -> frozenset[str]:
        """The approved canonical handles. Wildcards and chats in the files count for nothing."""
        return frozenset[str]().union(*self.lists(account))

    def is_allowed(self, account: str, handle: str) -> bool:
        """Whether ``handle`` is approved; a look at one or two file names as long as the files stay."""
        return any(handle in handles for handles in self.lists(account))

    def requests(self, account: str | None = None, *, now: float) -> tuple[Request, ...]:
        """The requests that wait (of all accounts when None), oldest first."""
        waiting = codes.live(self._pending.seen(), now)
        chosen = (request for request in waiting if account in {None, request.account})
        return tuple(sorted(chosen, key=lambda request: request.created_at or 0.0))

    def request_of(self, account: str, handle: str, now: float) -> Request | None:
        """The request of ``handle`` that waits, if any; a look at a file name as long as the file stays."""
        return codes.of_handle(self._pending.seen(), handle, now, account)

    def challenge(
        self,
        account: str,
        handle: str,
        now: float,
        meta: Mapping[str, str],
        may_ask: Callable[[], bool] = lambda: True,
    ) -> tuple[str, bool]:
        """Let ``handle`` (canonical) ask for access: its code, and whether the request is new.

        ``("", False)`` when too many wait, or when a new request would be made and ``may_ask``, called under the lock,
        has something against it. ``meta`` may carry ``sender`` and ``chatId``. What changes nothing takes no lock, and
        reads or writes nothing while the file stays as it was. Raises ``ValueError`` before it stores what is no
        handle.
        """
        before = self._pending.seen()
        after, code, created = codes.upsert(before, handle, now, meta, account)
        if after is before:
            return code, created
        _check(handle)
        with self._pending.exclusive():
            before = self._pending.read()
            after, code, created = codes.upsert(before, handle, now, meta, account)
            if created and not may_ask():
                return "", False
            if after is not before:
                self._write(after)
        return code, created

    def approve(
        self,
        account: str | None,
        code: str,
        now: float,
        then: Callable[[Request], object] | None = None,
        first: Callable[[Request], object] | None = None,
    ) -> Request | None:
        """Let in whoever was given ``code``; None when no live request has it. ``account`` None: in any account.

        ``first`` is called, the handle added, ``then`` called, and the request removed last: a crash in between loses
        nothing, and the same code does the rest.
        """
        with self._pending.exclusive():
            before = self._pending.read()
            request = codes.find(before, code, now, account)
            if request is not None:
                if first is not None:
                    first(request)
                self._add(request.account, (request.id,))
                if then is not None:
                    then(request)
                self._write(codes.live(codes.without(before, request), now))
        return request

    def admit(self, account: str, handles: Iterable[str], now: float) -> tuple[str, ...]:
        """Let in ``handles`` (canonical) without a code, for imports; those that were new, in their order.

        Their requests go, as nobody needs to approve them any more. Raises ``ValueError`` for what is no handle.
        """
        wanted = tuple(dict.fromkeys(handles))
        for handle in wanted:
            _check(handle)
        with self._pending.exclusive():
            before = self._pending.read()
            known = frozenset[str]().union(*(each.read().handles for each in self._documents(account)))
            self._add(account, wanted)
            left = tuple(one for one in before if one.account != account or one.id not in wanted)
            if len(left) < len(before):
                self._write(codes.live(left, now))
        return tuple(handle for handle in wanted if handle not in known)

    def revoke(self, account: str, handle: str, first: Callable[[], object] | None = None) -> bool:
        """Take ``handle`` (canonical) out of every file that lets it into ``account``; whether it was in one.

        ``first`` is called before that: whoever is let in meanwhile is let in after all of it.
        """
        found = False
        with self._pending.exclusive():
            if first is not None:
                first()
            for document in self._documents(account):
                found |= self._remove(document, handle, self._region_of(account))
        return found

    def find(self, account: str | None, code_or_handle: str, now: float) -> tuple[Request, ...]:
        """The live request with this code, else those of this handle, oldest first; of any account when it is None."""
        return self._find(self._pending.seen(), account, code_or_handle, now)

    def deny(self, account: str | None, code_or_handle: str, now: float) -> Request | None:
        """Remove the first request ``find`` finds. Nobody is let in, or kept from asking again, by this alone."""
        with self._pending.exclusive():
            before = self._pending.read()
            request = next(iter(self._find(before, account, code_or_handle, now)), None)
            if request is not None:
                self._write(codes.live(codes.without(before, request), now))
        return request

    def burn(self, burnt: Collection[str], now: float) -> tuple[Request, ...]:
        """Remove the live requests with these codes: nobody gets in by them any more. Those there were."""
        if not burnt:
            return ()
        with self._pending.exclusive():
            waiting = codes.live(self._pending.read(), now)
            gone = tuple(request for request in waiting if request.code in burnt)
            if gone:
                self._write(tuple(request for request in waiting if request.code not in burnt))
        return gone

    def _documents(self, account: str) -> tuple[Document[Approvals], ...]:
        found = self._lists.get(account)
        if found is None:
            read = partial(records.approvals, region=self._region_of(account))
            found = self._lists[account] = tuple(
                Document(path, "allowFrom", read, self._wall, self._sleep, self._waits)
                for path in self.allow_files(account)
            )
        return found

    def _add(self, account: str, handles: Iterable[str]) -> None:
        for document in self._documents(account):
            with document.exclusive():
                there, content = document.read().handles, document.content()
                if new := [handle for handle in handles if handle not in there]:
                    document.write({**content, "allowFrom": [*content["allowFrom"], *new]})

    def _remove(self, document: Document[Approvals], handle: str, region: str | None) -> bool:
        if handle not in document.read().handles:
            return False
        with document.exclusive():
            content = document.content()
            kept = [entry for entry in content["allowFrom"] if handle_of(entry, region) != handle]
            document.write({**content, "allowFrom": kept})
        return True

    def _find(self, requests: tuple[Request, ...], account: str | None, text: str, now: float) -> tuple[Request, ...]:
        if (by_code := codes.find(requests, text, now, account)) is not None:
            return (by_code,)
        waiting = (one for one in codes.live(requests, now) if account in {None, one.account})
        found = (one for one in waiting if one.id == handle_of(text, self._region_of(one.account)))
        return tuple(sorted(found, key=lambda one: one.created_at or 0.0))

    def _write(self, requests: tuple[Request, ...]) -> None:
        self._pending.write({**self._pending.content(), "requests": [records.as_stored(one) for one in requests]})


def _check(handle: str) -> None:
    if not handle_of(handle):
        raise ValueError(f"{handle!r} is no handle")


def _file_part(account: str) -> str:
    part = _UNSAFE.sub("_", account.strip().lower())
    if not part:
        raise ValueError("a blank account has no pairing files")
    return part
