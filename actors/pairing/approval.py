"""Letting people in by code or handle, and out again: the rules that span the pairing files, the guard, the owners.

For the command line, and for whoever else speaks for the owner. A code is compared in constant time; a wrong one is
counted, burns requests and locks approvals as ``guard`` says, and while they are locked the right one is refused too.
Who is named by handle is no guess. The first person let in becomes the owner when nobody is. Everything may raise
``StoreUnreadableError``.
"""

from contextlib import nullcontext, suppress
from datetime import datetime
from typing import NamedTuple

from actors.pairing.codes import Request, is_code
from actors.pairing.files import StoreUnreadableError
from actors.pairing.guard import LOCK_SECONDS, MOST_GUESSES
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore


class Approved(NamedTuple):
    """Whoever asked by ``request`` is in from now on; ``is_owner`` when that made them the owner."""

    request: Request
    is_owner: bool


class Refused(NamedTuple):
    """Nobody was let in, ``why`` in a sentence: locked until then (unix seconds), or nobody or several are meant.

    ``burnt`` are the requests that count no more because of this guess, ``several`` those that may be meant.
    """

    why: str
    locked_until: float | None = None
    burnt: tuple[Request, ...] = ()
    several: tuple[Request, ...] = ()


class Revoked(NamedTuple):
    """Whether the person was in by pairing, and whether they were an owner by it; neither is so now.

    ``unmarked`` is why it could not be noted that imports are to leave them out, empty when it was.
    """

    was_in: bool
    was_owner: bool
    unmarked: str = ""


def approve(
    store: PairingStore,
    guard: PairingGuard,
    owners: OwnerFile,
    config_owners: bool,
    account: str | None,
    word: str,
    now: float,
) -> Approved | Refused:
    """Let in whoever was given the code ``word``, or asks under that handle; ``now`` is unix seconds.

    ``account`` None: in any account. ``config_owners``: the config names owners, so that nobody becomes one by this.
    """
    claims: list[bool] = []

    def first(request: Request) -> None:
        # Before they are in: nobody is ever in of whom it is not known since when.
        guard.approved(request.account, request.id, now)

    def admitted(request: Request) -> None:
        if not config_owners:
            claims.append(owners.claim(request.id, request.account, now))

    # Under one lock, so that guesses of many processes at once are counted one by one.
    with guard.exclusive():
        until = guard.locked_until(now)
        if until is not None:
            return Refused(_locked(until), until)
        if not config_owners:
            owners.read()
        # A kill or an unreadable file may have left the request of a burnt code behind.
        left = store.burn(guard.burnt(), now)
        meant = store.find(account, word, now)
        if not meant and is_code(word):
            return _guessed_wrong(store, guard, account, now, left)
        if len(meant) > 1:
            return Refused("they ask in more than one account: name the one that is meant", several=meant)
        for one in meant:
            if (request := store.approve(one.account, one.code, now, admitted, first)) is not None:
                return Approved(request, any(claims))
    return Refused("no pending pairing request has this code or is of this handle", burnt=left)


def _guessed_wrong(
    store: PairingStore, guard: PairingGuard, account: str | None, now: float, left: tuple[Request, ...]
) -> Refused:
    tried = tuple(request.code for request in store.requests(account, now=now))
    burnt = left + store.burn(guard.guessed_wrong(tried, now), now)
    until = guard.locked_until(now)
    return Refused("no pending pairing request has this code" if until is None else _locked(until), until, burnt)


def _locked(until: float) -> str:
    moment = datetime.fromtimestamp(until).astimezone().strftime("%H:%M:%S")
    minutes = round(LOCK_SECONDS / 60)
    return (
        f"approvals are locked until {moment}: {MOST_GUESSES} wrong codes came within {minutes} minutes. "
        "If they were not yours, somebody is guessing: see who else uses this computer. "
        "Then approve once more, with the code that pairing list shows"
    )


def deny(store: PairingStore, guard: PairingGuard, account: str | None, word: str, now: float) -> Request | None:
    """Refuse the request with this code or of this handle: it goes, and its sender gets no new code for a day.

    None when there is none. One request at a time: somebody may ask in several accounts.
    """
    with guard.exclusive():
        request = next(iter(store.find(account, word, now)), None)
        if request is not None:
            # Before it goes: in between it could be made anew.
            guard.denied(request.account, request.id, now)
            store.deny(request.account, request.code, now)
    return request


def revoke(
    store: PairingStore,
    owners: OwnerFile,
    account: str,
    handle: str,
    guard: PairingGuard | None = None,
    now: float = 0.0,
) -> Revoked:
    """``handle`` (canonical) is in ``account`` by pairing no more, and no owner: that goes first.

    With ``guard`` it is noted, before they are out, that they were revoked at ``now`` (unix seconds), so that no import
    lets them in again; and forgotten, last, since when they were in. Neither is a reason to leave anybody in: a guard
    that cannot be used is told, not raised.
    """
    dropped: list[bool] = []
    troubles: list[str] = []

    def first() -> None:
        dropped.append(owners.drop(handle, account))
        if guard is not None and (any(dropped) or store.is_allowed(account, handle)):
            try:
                guard.shut_out(account, handle, now)
            except StoreUnreadableError as error:
                troubles.append(str(error))

    # Under the lock of approvals: one that comes in between keeps its moment.
    with guard.exclusive() if guard is not None else nullcontext():
        was_in = store.revoke(account, handle, first)
        if guard is not None:
            with suppress(StoreUnreadableError):
                guard.revoked(account, handle)
    return Revoked(was_in, any(dropped), "".join(troubles))
