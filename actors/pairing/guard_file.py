"""The pairing guard's memory, in a file beside the journal: it counts over restarts and for all processes at once.

In: what happened, from the gateway and the command line. Out: the answers of ``guard``. What cannot be read is
``StoreUnreadableError``: nobody is challenged or approved on a guess. Keys this gateway does not know are kept.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.pairing import guard
from actors.pairing.document import Document
from actors.pairing.guard import Mark, Record, Strikes
from actors.pairing.records import iso, seconds
from config.lockfile import Waits

MOVE_AWAY = (
    "move it away, and pairing works again. Forgotten then are today's challenges, denials and wrong codes, when "
    "people were let in, and who was revoked: an import lets those in again"
)
"""Nobody but this gateway writes the file, and there is no backup of it."""


class PairingGuard:
    """The guard of a state folder; ``path`` is ``<state>/gateway/pairing-guard.json``.

    Handles are canonical, ``now`` is unix seconds; ``wall``, ``sleep`` and ``waits`` only serve the lock. Every method
    may raise ``StoreUnreadableError``. For one thread.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        waits: Waits | None = None,
    ) -> None:
        self.path = path
        self._file = Document(path, "challenges", _record, wall, sleep, waits, MOVE_AWAY)
        self._is_held = False

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else guesses or is challenged meanwhile; the methods below may be called inside."""
        if self._is_held:
            yield
            return
        with self._file.exclusive():
            self._is_held = True
            try:
                yield
            finally:
                self._is_held = False

    def seen(self) -> Record:
        """What happened lately; the very same value as long as the file stays as it was. Costs a look."""
        return self._file.seen()

    def may_challenge(self, account: str, handle: str, now: float) -> str:
        """``""`` when ``handle`` may be given a new code, else the reason to drop its message. Costs a look."""
        return guard.may_challenge(self._file.seen(), account, handle, now)

    def challenged(self, account: str, handle: str, now: float, code: str = "", row: str = "") -> None:
        """``handle`` is about to be told ``code`` in answer to the row with GUID ``row``. A code counts once."""
        self._change(lambda record: guard.challenged(record, Mark(account, handle, now, code, row)))

    def row_of(self, code: str) -> str | None:
        """The GUID of the row that was answered with ``code``; None when nobody was told it. Costs a look."""
        return guard.row_of(self._file.seen(), code)

    def denied(self, account: str, handle: str, now: float) -> None:
        """The owner refused ``handle``: no new code for a day."""
        self._change(lambda record: guard.denied(record, account, handle, now))

    def approved(self, account: str, handle: str, now: float) -> None:
        """``handle`` is let in from ``now`` on: no denial or revocation stands against it any more."""
        self._change(lambda record: guard.approved(record, account, handle, now))

    def revoked(self, account: str, handle: str) -> None:
        """``handle`` is in no more."""
        self._change(lambda record: guard.revoked(record, account, handle))

    def shut_out(self, account: str, handle: str, now: float) -> None:
        """The owner revokes ``handle``: imports are to leave it out until it is approved."""
        self._change(lambda record: guard.shut_out(record, account, handle, now))

    def are_shut_out(self, account: str) -> frozenset[str]:
        """Who was revoked in ``account``, and not approved since; as the file has it now."""
        return guard.are_shut_out(self._file.read(), account)

    def forget(self, account: str, handle: str) -> None:
        """``handle`` was never denied, let in or revoked, as far as is known here."""
        self._change(lambda record: guard.forget(record, account, handle))

    def locked_until(self, now: float) -> float | None:
        """When approvals are open again (unix seconds), None when they are.

        A lock that is over is forgotten, or a clock set back and caught up would lock a second time.
        """
        record = self._file.read()
        until = guard.locked_until(record, now)
        if until is None and record.locked_at is not None:
            self._change(lambda record: record._replace(locked_at=None))
        return until

    def guessed_wrong(self, codes: tuple[str, ...], now: float) -> tuple[str, ...]:
        """A code was wrong for all requests with ``codes``; those that are burnt by it."""
        burnt: tuple[str, ...] = ()

        def count(record: Record) -> Record:
            nonlocal burnt
            record, burnt = guard.guessed_wrong(record, codes, now)
            return record

        self._change(count)
        return burnt

    def burnt(self) -> tuple[str, ...]:
        """The codes that were burnt lately: a request that still has one is to go."""
        return guard.burnt(self._file.read())

    def _change(self, change: Callable[[Record], Record]) -> None:
        with self.exclusive():
            before = self._file.read()
            after = change(before)
            if after is not before:
                self._file.write({**self._file.content(), **_content(after)})


def _record(content: dict[str, Any]) -> Record:
    locked = content.get("lockedAt")
    return Record(
        challenges=tuple(map(_mark, _listed(content, "challenges"))),
        denials=tuple(map(_mark, _listed(content, "denials"))),
        guesses=tuple(map(_time, _listed(content, "wrongGuesses"))),
        strikes=tuple(map(_strikes, _listed(content, "strikes"))),
        locked_at=None if locked is None else _time(locked),
        approvals=tuple(map(_mark, _listed(content, "approvals"))),
        revocations=tuple(map(_mark, _listed(content, "revoked"))),
    )


def _listed(content: dict[str, Any], key: str) -> list[Any]:
    items = content.get(key, [])
    if not isinstance(items, list):
        raise ValueError(f'holds no list "{key}"')
    return items


def _mark(raw: Any) -> Mark:
    match raw:
        case {"account": str(account), "id": str(handle), "at": at}:
            return Mark(account, handle, _time(at), _text(raw, "code"), _text(raw, "row"))
    raise ValueError("holds a mark without account, id and time")


def _strikes(raw: Any) -> Strikes:
    match raw:
        case {"code": str(code), "times": int(times), "at": at}:
            return Strikes(code, times, _time(at))
    raise ValueError("holds strikes without code, times and time")


def _time(raw: Any) -> float:
    at = seconds(raw)
    if at is None:
        raise ValueError("holds a time that is none")
    return at


def _text(raw: dict[str, Any], key: str) -> str:
    text = raw.get(key, "")
    return text if isinstance(text, str) else ""


def _content(record: Record) -> dict[str, Any]:
    return {
        "challenges": [_stored(mark) for mark in record.challenges],
        "denials": [_stored(mark) for mark in record.denials],
        "wrongGuesses": [iso(at) for at in record.guesses],
        "strikes": [{"code": one.code, "times": one.times, "at": iso(one.at)} for one in record.strikes],
        "lockedAt": None if record.locked_at is None else iso(record.locked_at),
        "approvals": [_stored(mark) for mark in record.approvals],
        "revoked": [_stored(mark) for mark in record.revocations],
    }


def _stored(mark: Mark) -> dict[str, str]:
    told = {"code": mark.code, "row": mark.row} if mark.code else {}
    return {"account": mark.account, "id": mark.handle, "at": iso(mark.at), **told}
