"""The agenda of one session: what waits, which messages make the next turn, and when to look again. Pure.

Messages of one chat stand in one lane, in the order of their rows, and leave it in that order. A turn takes messages
from the head of one lane, for one agent, so it never mixes reply addresses. Of the lanes that are ready the one goes
first whose head came first.

Inbound debounce: quick messages of one sender stand together (a bucket) until they have been quiet for the window, at
most five windows long, and are one turn. Anything else in that chat closes the bucket, so that the order is kept.

Where a rule takes waiting messages together, those that came while a turn ran are one turn once it has been quiet in
their chat, at most ``cap`` of them; the others wait for the next. Nothing is left out.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from actors.envelopes.inbound import Admitted

FOLLOWUP = "followup"
COLLECT = "collect"
STEER = "steer"
INTERRUPT = "interrupt"

LONGEST_WINDOWS = 5
"""How many windows a bucket may stay open while messages keep coming (inbound 5.6)."""


class QueueRule(NamedTuple):
    """What becomes of messages that come while a turn runs.

    ``together``: those that wait are one turn, of at most ``cap``, after ``quiet`` seconds without another. Otherwise
    each is its own. ``mode`` may say besides that the running turn is told (``steer``) or given up (``interrupt``).
    """

    mode: str = FOLLOWUP
    together: bool = False
    quiet: float = 0.0
    cap: int = 20


Address = tuple[str, int, int, int]


def address_of(message: Admitted) -> Address:
    """Account, source, era and chat: messages that are answered in the same place."""
    to = message.address
    return to.account, to.source, to.era, to.chat_id


@dataclass(slots=True)
class _Bucket:
    """Quick messages of one sender: ready at ``due``, and not open longer than until ``last``."""

    sender: str
    agent: str
    due: float
    last: float
    size: int = 1


@dataclass(slots=True)
class _Entry:
    """``number`` counts arrivals; ``queued``: it came while a turn ran, or behind one that did."""

    message: Admitted
    number: int
    at: float
    queued: bool
    bucket: _Bucket | None


class Agenda:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._lanes: dict[Address, deque[_Entry]] = {}
        self._seqs: set[int] = set()
        self._arrived = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._seqs)

    def add(self, message: Admitted, now: float, *, busy: bool, window: float = 0.0, cap: int = 20) -> None:
        """A message came. ``busy``: a turn runs. ``window`` is that of the inbound debounce, 0 for none.

        One that waits already is not taken in twice.
        """
        if message.seq in self._seqs:
            return
        lane = self._lanes.get(address := address_of(message), deque())
        place = len(lane)
        while place and lane[place - 1].message.seq > message.seq:
            place -= 1  # it was on another way meanwhile, or held
        last = lane[place - 1] if place else None
        bucket = _bucket(message, last.bucket if last is not None else None, now, window, cap)
        queued = busy or (last is not None and last.queued)
        self._arrived += 1
        lane.insert(place, _Entry(message, self._arrived, now, queued, bucket))
        self._lanes[address] = lane
        self._seqs.add(message.seq)

    def put_back(self, messages: tuple[Admitted, ...], now: float) -> None:
        """Messages of one turn that does not happen after all: they are first in their chat again."""
        lane = self._lanes.setdefault(address_of(messages[0]), deque())
        lane.extendleft(_Entry(message, 0, now, False, None) for message in reversed(messages))
        self._seqs.update(message.seq for message in messages)

    def next(self, now: float, rule: Callable[[str], QueueRule | None]) -> tuple[Admitted, ...] | float | None:
        """The messages of the next turn, which wait no longer; or when to look again; or None: nobody knows.

        ``rule`` gives that of an agent, None where it is not decided yet what becomes of its messages.
        """
        best: tuple[int, deque[_Entry], int] | None = None
        soonest: float | None = None
        for lane in self._lanes.values():
            found = rule(lane[0].message.agent)
            if found is None:
                continue
            count, at = _ready(lane, found)
            if at > now:
                soonest = at if soonest is None else min(soonest, at)
            elif best is None or lane[0].number < best[0]:
                best = lane[0].number, lane, count
        return soonest if best is None else self._taken(best[1], best[2])

    def _taken(self, lane: deque[_Entry], count: int) -> tuple[Admitted, ...]:
        messages = tuple(lane.popleft().message for _ in range(count))
        self._seqs.difference_update(message.seq for message in messages)
        if not lane:
            del self._lanes[address_of(messages[0])]
        return messages

    def behind(self, message: Admitted) -> tuple[Admitted, ...]:
        """What waits to be answered in the place of ``message``, by its agent."""
        lane = self._lanes.get(address_of(message), ())
        return tuple(entry.message for entry in lane if entry.message.agent == message.agent)

    def ahead(self, message: Admitted) -> tuple[Admitted, ...]:
        """What waits in its chat and is to be answered before it."""
        lane = self._lanes.get(address_of(message), ())
        return tuple(entry.message for entry in lane if entry.message.seq < message.seq)

    def remove(self, unwanted: Callable[[Admitted], object]) -> tuple[Admitted, ...]:
        """These wait no longer; they come back in the order they came."""
        found: list[_Entry] = []
        for address, lane in list(self._lanes.items()):
            kept: deque[_Entry] = deque()
            for entry in lane:
                (found if unwanted(entry.message) else kept).append(entry)
            self._lanes[address] = kept
            if not kept:
                del self._lanes[address]
        self._seqs.difference_update(entry.message.seq for entry in found)
        return tuple(entry.message for entry in sorted(found, key=lambda entry: entry.number))

    def change(self, become: Callable[[Admitted], Admitted]) -> None:
        """Each message that waits becomes another of the same row and address: its agent may differ."""
        for lane in self._lanes.values():
            for entry in lane:
                entry.message = become(entry.message)


def _bucket(message: Admitted, last: _Bucket | None, now: float, window: float, cap: int) -> _Bucket | None:
    """The bucket of a message behind one with the bucket ``last``, which is closed unless both share it."""
    row = message.row
    # Files, blank texts, and what somebody decided about before, do not wait for more (inbound 5.6).
    waits = window > 0 and row.text.strip() and not row.attachments and not message.released and message.text is None
    if last is not None and last.due > now:
        shares = waits and (last.sender, last.agent) == (row.sender, message.agent) and last.size < cap
        if shares:
            last.size += 1
            last.due = min(now + window, last.last)
            return last
        last.due = now
    return _Bucket(row.sender, message.agent, now + window, now + LONGEST_WINDOWS * window) if waits else None


def _ready(lane: deque[_Entry], rule: QueueRule) -> tuple[int, float]:
    """How many messages at the head of a lane are the next turn, and from when on."""
    first = lane[0]
    count, due, latest = 0, first.at, float("-inf")
    for entry in lane:
        shares = entry.bucket is not None and entry.bucket is first.bucket
        if count and not (rule.together or shares):
            break
        if count == rule.cap or entry.message.agent != first.message.agent:
            break
        count += 1
        if entry.bucket is not None:
            due = max(due, entry.bucket.due)
        if entry.queued:
            latest = max(latest, entry.at)
    return count, max(due, latest + rule.quiet) if rule.together and count < rule.cap else due
