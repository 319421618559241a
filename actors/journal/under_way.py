"""Answers on their way out: how much of each is left, and which rows hold a place until it is through. Pure.

An answer may come in parts. The row that carries it is settled with the last one: until then more may follow, however
much of it has gone out.
"""

from collections.abc import Callable

from msgspec import Struct

from actors.envelopes.facts import Queued
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.outbound import chunk_key, reply_of
from actors.outbound.answers import answer_of, is_later

PARKED = 1 << 30
"""Chunks less than none: the rest of the answer may wait for a person, the places do not."""

Rows = tuple[int, ...]


class _Answer(Struct, gc=False):
    left: int
    rows: Rows
    to: ReplyAddress
    goes_on: bool


class UnderWay:
    """Every method returns the rows whose places are free now."""

    def __init__(self) -> None:
        self._answers: dict[int, _Answer] = {}

    def queued(self, fact: Queued, is_current: Callable[[str, int], bool]) -> Rows:
        """An answer, or a part of one, is in the outbox. One to an account that does not run now holds no place."""
        chunks, rows = fact.chunks, tuple([seq for seq, _ in fact.settles])
        if not chunks:
            return self.settled(rows)
        key, to = chunks[0].key, chunks[0].address
        if is_later(key) and not rows:
            return ()
        if not is_current(to.account, to.source):
            before = self._answers.pop(answer_of(key), None)
            return rows if before is None else before.rows + rows
        goes_on = reply_of(key) not in rows and not is_later(key)
        answer = self._answers.get(answer_of(key)) if fact.part else None
        if answer is None:
            self._answers[answer_of(key)] = _Answer(len(chunks), rows, to, goes_on)
            return ()
        answer.left += len(chunks)
        answer.rows += rows
        answer.goes_on = goes_on
        return self._through(answer_of(key), answer)

    def settled(self, rows: Rows) -> Rows:
        """These rows ended without anything more to say."""
        free: Rows = ()
        for seq in rows:
            first = answer_of(chunk_key(seq, 0))
            answer = self._answers.get(first)
            if answer is None or not answer.goes_on:
                free += (seq,)
                continue
            answer.rows += (seq,)
            answer.goes_on = False
            free += self._through(first, answer)
        return free

    def ended(self, key: int, chunks: int = 1) -> Rows:
        """So many chunks of the answer that ``key`` belongs to have ended."""
        answer = self._answers.get(answer_of(key))
        if answer is None:
            return ()
        answer.left -= chunks
        return self._through(answer_of(key), answer)

    def _through(self, number: int, answer: _Answer) -> Rows:
        if answer.left > 0:
            return ()
        if not answer.goes_on:
            del self._answers[number]
            return answer.rows
        if answer.left > -PARKED // 2:
            return ()
        rows, answer.rows = answer.rows, ()
        return rows

    def let_go(self, is_current: Callable[[str, int], bool]) -> Rows:
        """Accounts read other databases: answers that wait until they read theirs again hold no place."""
        free: Rows = ()
        for number, answer in list(self._answers.items()):
            if not is_current(answer.to.account, answer.to.source):
                del self._answers[number]
                free += answer.rows
        return free
