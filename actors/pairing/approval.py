"""Letting people in by their code, and out again: the rules that span the pairing files, the guard and the owners.

For the command line, and for whoever else speaks for the owner. A code is compared in constant time; a wrong one is
counted, burns requests and locks approvals as ``guard`` says, and while they are locked the right one is refused too.
The first person let in becomes the owner when nobody is. Everything may raise ``StoreUnreadableError``.
"""

from datetime import datetime
from typing import NamedTuple

from actors.pairing.codes import Request
from actors.pairing.guard import LOCK_SECONDS, MOST_GUESSES
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore


class Approved(NamedTuple):
    """Whoever asked by ``request`` is in from now on; ``is_owner`` when that made them the owner."""

    request: Request
    is_owner: bool


class Refused(NamedTuple):
    """Nobody was let in, ``why`` in a sentence: locked until then (unix seconds), or no request has that code.

    ``burnt`` are the requests that count no more because of this guess.
    """

    why: str
    locked_until: float | None = None
    burnt: tuple[Request, ...] = ()


class Revoked(NamedTuple):
    """Whether the person was in by pairing, and whether they were an owner by it; neither is so now."""

    was_in: bool
    was_owner: bool


def approve(
    store: PairingStore,
    guard: PairingGuard,
    owners: OwnerFile,
    config_owners: bool,
    account: str | None,
    code: str,
    now: float,
) -> Approved | Refused:
    """Let in whoever was given ``code``, in any account when ``account`` is None; ``now`` is unix seconds.

    ``config_owners``: the config names owners, so that nobody becomes one by this.
    """
    claims: list[bool] = []

    def admitted(request: Request) -> None:
        guard.forget(request.account, request.id)
        if not config_owners:
            claims.append(owners.claim(request.id, request.account, now))

    # Under one lock, so that guesses of many processes at once are counted one by one.
    with guard.exclusive():
        until = guard.locked_until(now)
        if until is not None:
            return Refused(_locked(until), until)
        if not config_owners:
            owners.read()
        request = store.approve(account, code, now, admitted)
        if request is not None:
            return Approved(request, any(claims))
        return _guessed_wrong(store, guard, account, now)


def _guessed_wrong(store: PairingStore, guard: PairingGuard, account: str | None, now: float) -> Refused:
    tried = tuple(request.code for request in store.requests(account, now=now))
    burnt = store.burn(guard.guessed_wrong(tried, now), now)
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
        request = store.find(account, word, now)
        if request is not None:
            # Before it goes: in between it could be made anew.
            guard.denied(request.account, request.id, now)
            store.deny(request.account, request.code, now)
    return request


def revoke(store: PairingStore, owners: OwnerFile, account: str, handle: str) -> Revoked:
    """``handle`` (canonical) is in ``account`` by pairing no more, and no owner: that goes first."""
    dropped: list[bool] = []
    was_in = store.revoke(account, handle, lambda: dropped.append(owners.drop(handle, account)))
    return Revoked(was_in, any(dropped))
