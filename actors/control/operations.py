"""What the command line asks a running gateway to do: orders for chunks, held rows, probes, its chats, sessions.

In: values of a request, from outside and checked here. Out: dicts for the reply. Everything is only told to the actors
whose concern it is; what became of it is in the journal, where the command line looks.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from actors.control import channels, chat_lists, shelf
from actors.control.inbox import Question
from actors.control.reading import JournalReader
from actors.control.view import AccountView, GatewayView
from actors.envelopes.control import OpenChunk, Order
from actors.envelopes.link import Answer
from actors.journal.schema import JournalError, explain
from actors.runtime.logs import stamp

WHATS = ("sent", "failed", "retry", "discard")
GRACE_SECONDS = 2.0
"""How long a probe may take beyond the account's ``probeTimeoutMs``."""
SETTLED_SECONDS = 10.0
"""How long it is waited for that something about a session is on disk."""
PAUSE_SECONDS = 0.05
_LARGEST = 2**63


class BadRequestError(Exception):
    """The request makes no sense, or nobody can carry it out; the message says why."""


class Operations:
    """For one running gateway; safe to call from many threads."""

    def __init__(self, view: GatewayView, journal: JournalReader) -> None:
        self._view = view
        self._journal = journal
        self._waiting: set[threading.Event] = set()
        self._closed = False

    def close(self) -> None:
        """Nobody reads the answers any more: whoever waits for a probe goes on at once."""
        self._closed = True
        for over in tuple(self._waiting):
            over.set()

    def order(self, what: str, keys: Any) -> dict[str, Any]:
        """``{ordered: [key], refused: [{key, why}]}``. Raises ``BadRequestError``."""
        if what not in WHATS:
            raise BadRequestError(f"unknown order {what[:80]!r}; known: {', '.join(WHATS)}")
        numbers = _numbers(keys)
        try:
            chunks = shelf.open_chunks(self._view.places.journal, numbers)
        except JournalError as error:
            raise BadRequestError(str(error)) from error
        except sqlite3.Error as error:
            raise BadRequestError(explain(error, self._view.places.journal)) from error
        refused = {key: self._give(what, key, chunks.get(key)) for key in numbers}
        return {
            "ordered": [key for key, why in refused.items() if not why],
            "refused": [{"key": key, "why": why} for key, why in refused.items() if why],
        }

    def _give(self, what: str, key: int, chunk: OpenChunk | None) -> str:
        """Tell the sender; the reason why not, empty when it was told."""
        if chunk is None:
            return "there is no such chunk"
        account = chunk.address.account
        if what != "discard" and (why := self._elsewhere(chunk)):
            return why if what == "retry" else why + ": stop the gateway, then do this again"
        if not self._view.order(account, Order(key, what, chunk)):
            return (
                f"account {account} does not run: see `gateway channels status`. Without a gateway the order is "
                "written into the journal: stop it, then do this again"
            )
        return ""

    def _elsewhere(self, chunk: OpenChunk) -> str:
        """A chat number means nothing in another database than the one it was taken from."""
        to = chunk.address
        reading = {one.source for one in self._view.accounts if one.id == to.account and one.enabled}
        if reading and to.source not in reading:
            return f"account {to.account} reads another Messages database now; this chunk belongs to the one before"
        return ""

    def release(self, seqs: Any) -> dict[str, Any]:
        """``{told: n}``: these held rows are judged again, in order. Raises ``BadRequestError``."""
        return self._tell(seqs, self._view.release)

    def discard(self, seqs: Any) -> dict[str, Any]:
        """``{told: n}``: these held rows are given up. Raises ``BadRequestError``."""
        return self._tell(seqs, self._view.discard)

    def _tell(self, seqs: Any, journal: Callable[[tuple[int, ...]], bool]) -> dict[str, Any]:
        numbers = tuple(sorted(set(_numbers(seqs))))
        if not any(account.enabled for account in self._view.accounts):
            raise BadRequestError(
                "the gateway is idle, no account is enabled: nothing is judged or answered. See: gateway channels list"
            )
        if not journal(numbers):
            raise BadRequestError("the journal is just being started again: try once more")
        return {"told": len(numbers)}

    def renew(self, session: str) -> dict[str, Any]:
        """``{session}``: it began anew, on disk. Raises ``BadRequestError``."""
        return self._settle(session, self._view.renew)

    def lift(self, session: str) -> dict[str, Any]:
        """``{session}``: its failures are forgotten, on disk. Raises ``BadRequestError``."""
        return self._settle(session, self._view.lift)

    def _settle(self, session: str, lever: Callable[[str, float, Callable[[bool], None]], bool]) -> dict[str, Any]:
        over, done = threading.Event(), list[bool]()

        def settled(is_done: bool) -> None:
            done.append(is_done)
            over.set()

        self._waiting.add(over)
        told = not self._closed and lever(session, SETTLED_SECONDS, settled)
        if told:
            over.wait(SETTLED_SECONDS + GRACE_SECONDS)
        self._waiting.discard(over)
        if not told:
            raise BadRequestError("the sessions or the journal are just being started again: try once more")
        if not any(done):
            raise BadRequestError(
                f"it was not done within {SETTLED_SECONDS:g} s, and may be done yet: see gateway sessions list and "
                "gateway logs"
            )
        return {"session": session}

    def accounts(self) -> dict[str, Any]:
        """``{ts, accounts, patience: {account: seconds}}``, without a probe."""
        view, reading = self._view, self._journal.read()
        return {
            "ts": stamp(time.time()),
            "accounts": [channels.running(one, view, reading) for one in view.accounts],
            "patience": {one.id: one.patience + GRACE_SECONDS for one in view.accounts if one.enabled},
        }

    def probe(self, name: str) -> dict[str, Any]:
        """``{account}``: how an account does, found out now over its live child; blocks for at most its patience.

        Raises ``BadRequestError``.
        """
        found = next((one for one in self._view.accounts if one.id == name), None)
        if found is None or not found.enabled:
            raise BadRequestError(f"no account {name[:80]!r} runs; see: gateway channels list")
        return {"account": channels.running(found, self._view, self._journal.read(), self._look(found))}

    def chats(self, name: str | None, limit: int) -> dict[str, Any]:
        """``{digest, accounts: [{id, chats, error?}]}``: what the live children say to ``chats.list``, for at most
        ``limit`` chats each; blocks for at most the longest patience of those asked.

        ``digest`` is that of the config in use, ``chats`` are imsg's own objects, ``error`` is a ``{code, reason,
        remedy}``. ``name`` None: all accounts that run or should. Raises ``BadRequestError``.
        """
        if not 0 < limit <= chat_lists.MOST:
            raise BadRequestError(f"a limit is a whole number from 1 to {chat_lists.MOST}")
        view = self._view
        meant = [one for one in view.accounts if one.id == name or (name is None and (one.enabled or one.unavailable))]
        if name is not None and not meant:
            raise BadRequestError(f"no account {name[:80]!r} in the running gateway; see: gateway channels list")
        # All are asked before any is waited for.
        listed = [(one.id, self._list(one, limit)) for one in meant]
        return {
            "digest": view.config.digest,
            "accounts": [{"id": each, **answered().json()} for each, answered in listed],
        }

    def _list(self, one: AccountView, limit: int) -> Callable[[], chat_lists.Listed]:
        """Ask one child; what is returned waits for its answer."""
        if (problem := one.health.reading) is not None:
            return lambda: chat_lists.failed(problem)
        over, answers, occupied = threading.Event(), list[Answer | None](), _is_occupied(one)
        most = one.patience + GRACE_SECONDS

        def done(answer: Answer | None) -> None:
            answers.append(answer)
            over.set()

        question = Question(chat_lists.METHOD, {"limit": limit}, one.patience, most)
        if not self._view.call(one.id, question, done):
            return lambda: chat_lists.failed(chat_lists.UNSETTLED)
        self._waiting.add(over)

        def wait() -> chat_lists.Listed:
            if not self._closed:
                over.wait(most + GRACE_SECONDS)
            self._waiting.discard(over)
            return chat_lists.answered(one, answers[0] if answers else None, most, occupied)

        return wait

    def _look(self, one: AccountView) -> channels.Probed:
        begun, at, sent, most = time.monotonic(), time.time(), self._sent(one), one.patience + GRACE_SECONDS
        end, remedy = begun + most, channels.LOOK_INSIDE
        why = self._ask(one, end, most)
        # Where a send is in the way nothing was asked: sends that go out show as much, one that does not ends the wait.
        while not why and _is_occupied(one) and self._sent(one) == sent and not self._closed:
            if time.monotonic() > end:
                why, remedy = channels.AT_A_SEND.format(most), channels.LOOK_AT_THE_MAC
            else:
                time.sleep(PAUSE_SECONDS)
                if not _is_occupied(one):
                    why = self._ask(one, end, most)
        return channels.Probed(channels.GATEWAY, time.monotonic() - begun, at, why, remedy)

    def _ask(self, one: AccountView, end: float, most: float) -> str:
        """Have the reader look, until ``end`` (monotonic seconds); why that came to nothing."""
        over = threading.Event()
        self._waiting.add(over)
        if self._closed or not self._view.probe(one.id, over.set):
            why = "its reader does not run just now"
        else:
            why = "" if over.wait(max(0.0, end - time.monotonic())) else f"the probe did not end within {most:g} s"
        self._waiting.discard(over)
        return why

    def _sent(self, one: AccountView) -> float | None:
        return self._view.ledger.last_sent.get(one.id)


def _is_occupied(one: AccountView) -> bool:
    """Whether its imsg serves one request after the other, is at one, and is not known to be down."""
    health = one.health
    return health.busy > 0 and not health.capabilities.strict and health.reading is None


def _numbers(values: Any) -> list[int]:
    if not isinstance(values, list) or not all(type(one) is int and 0 < one < _LARGEST for one in values):
        raise BadRequestError("numbers are whole numbers from 1, in a list")
    return values
