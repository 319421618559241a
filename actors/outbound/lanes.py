"""Who may send next: one lane per chat, one chunk of a lane under way, lanes take turns. Pure.

Within a lane chunks leave in order, so chunk n+1 of a reply never starts before n ended and replies of a chat
start in turn order; the parts of a reply are queued as they come. A deferred chunk holds its lane until its time; an
uncertain one holds it while evidence may still come, after that only the rest of its own reply stays behind. Times are
monotonic seconds.
"""

from collections import OrderedDict, deque
from itertools import chain
from math import inf

from actors.envelopes.outbound import Chunk
from actors.outbound.answers import reply_id

Key = tuple[int, str]

REMEMBERED = 4096
"""Answers remembered as taken in, after they ended too."""


def lane_of(chunk: Chunk) -> Key:
    """Which lane a chunk stands in: its chat, by the name that means the same in every era where there is one."""
    to = chunk.address
    return to.source, to.chat_guid or f"{to.era}/{to.chat_id}"


class _Lane:
    __slots__ = ("busy", "held", "queue", "until")

    def __init__(self) -> None:
        self.queue: deque[Chunk] = deque()
        self.busy: Chunk | None = None
        self.held = False
        self.until = 0.0


class Lanes:
    """The chunks of one account that have not ended."""

    def __init__(self) -> None:
        self._lanes: dict[Key, _Lane] = {}
        self._turn: deque[Key] = deque()
        self._parked: dict[int, list[Chunk]] = {}
        self._where: dict[int, Key] = {}
        self._taken: OrderedDict[int, None] = OrderedDict()
        self._again: OrderedDict[int, None] = OrderedDict()

    def inherit(self, before: "Lanes") -> None:
        """Know the answers that were taken in before."""
        self._taken.update(before._taken)
        self._again.update(before._again)

    def repeats(self, first: Chunk, part: int) -> bool:
        """Whether part ``part`` of an answer, which begins with this chunk, is of one that was taken in before."""
        answer = reply_id(first.key)
        if answer not in self._taken:
            return False
        if not part:
            _remember(self._again, answer)
        return answer in self._again

    def take(self, chunk: Chunk) -> None:
        """Its answer is taken in."""
        _remember(self._taken, reply_id(chunk.key))

    def add(self, chunk: Chunk) -> None:
        """A chunk was queued; it stands behind everything of its chat."""
        self.take(chunk)
        if (parked := self._parked.get(reply_id(chunk.key))) is not None:
            parked.append(chunk)
            return
        key = lane_of(chunk)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        lane.queue.append(chunk)
        if lane.busy is None and not lane.held and len(lane.queue) == 1:
            self._turn.append(key)

    def free(self, chunk: Chunk) -> bool:
        """Whether a chunk of this chat could start at once, with nobody before it in any lane."""
        lane = self._lanes.get(lane_of(chunk))
        return not self._turn and (lane is None or (lane.busy is None and not lane.held and not lane.queue))

    def start(self) -> Chunk | None:
        """The next chunk, from here on under way; None when all lanes are empty, busy or held."""
        while self._turn:
            key = self._turn.popleft()
            lane = self._lanes.get(key)
            if lane is None or lane.busy is not None or lane.held or not lane.queue:
                continue
            chunk = lane.busy = lane.queue.popleft()
            self._where[chunk.key] = key
            return chunk
        return None

    def ahead(self, chunk: Chunk) -> Chunk | None:
        """What is under way in the lane of this chunk, if anything is."""
        lane = self._lanes.get(lane_of(chunk))
        return lane.busy if lane is not None else None

    def waiting(self, key: int) -> Chunk | None:
        """The chunk with this key if it waits: in a lane, or behind one of its reply that is in doubt. Looks at all."""
        queues = chain((lane.queue for lane in self._lanes.values()), self._parked.values())
        return next((chunk for queue in queues for chunk in queue if chunk.key == key), None)

    def remove(self, chunk: Chunk) -> None:
        """A waiting chunk is given up: what stands behind it moves up."""
        if chunk in (behind := self._parked.get(reply_id(chunk.key), [])):
            behind.remove(chunk)
            return
        where = lane_of(chunk)
        lane = self._lanes[where]
        first = lane.queue[0] is chunk
        lane.queue.remove(chunk)
        if not lane.queue and lane.busy is None:
            del self._lanes[where]
        elif first and lane.held and lane.busy is None:
            self.resume(where)  # it was its pause that the others waited for

    def ended(self, key: int) -> None:
        """Sent or failed: the lane goes on."""
        where = self._where.pop(key, None)
        lane = self._lanes.get(where) if where is not None else None
        if where is None or lane is None:
            return
        lane.busy, lane.held = None, False
        if lane.queue:
            self._turn.append(where)
        else:
            del self._lanes[where]

    def hold(self, key: int, again: Chunk | None = None, until: float = 0.0) -> None:
        """The lane waits: for a deferred chunk's time (``again`` is that chunk, first in line), or for evidence."""
        where = self._where.get(key)
        lane = self._lanes.get(where) if where is not None else None
        if lane is None:
            return
        lane.held, lane.until = True, until
        if again is not None:
            lane.busy = None
            del self._where[key]
            lane.queue.appendleft(again)

    def adopt(self, chunk: Chunk) -> None:
        """A chunk that was under way when the last gateway ended: its lane waits for evidence."""
        self.take(chunk)
        key = lane_of(chunk)
        lane = self._lanes.setdefault(key, _Lane())
        lane.busy, lane.held = chunk, True
        self._where[chunk.key] = key

    def adopt_parked(self, chunk: Chunk) -> None:
        """A chunk that is uncertain since long: the rest of its reply stays behind."""
        self.take(chunk)
        self._parked.setdefault(reply_id(chunk.key), [])

    def wait(self, chunk: Chunk, until: float) -> None:
        """The lane of a queued chunk waits until ``resume`` at that time."""
        lane = self._lanes.get(lane_of(chunk))
        if lane is not None and lane.busy is None:
            lane.held, lane.until = True, until

    def resume(self, where: Key, now: float = inf) -> None:
        """A held lane's time has come; nothing happens where it was held anew until later."""
        lane = self._lanes.get(where)
        if lane is not None and lane.held and lane.busy is None and now >= lane.until:
            lane.held = False
            self._turn.append(where)

    def park(self, key: int) -> None:
        """No evidence came: the chunk and the rest of its reply stay behind, later replies go on."""
        where = self._where.get(key)
        lane = self._lanes.get(where) if where is not None else None
        if lane is not None:
            answer = reply_id(key)
            self._parked[answer] = [chunk for chunk in lane.queue if reply_id(chunk.key) == answer]
            lane.queue = deque(chunk for chunk in lane.queue if reply_id(chunk.key) != answer)
            self.ended(key)

    def settled(self, key: int, parked: bool) -> None:
        """No doubt any more: its chat goes on, or, where that went on long ago, the rest of its reply."""
        if parked:
            self.unpark(key)
        else:
            self.ended(key)

    def unpark(self, key: int) -> None:
        """A parked chunk has ended after all: the rest of its reply goes on, behind what is queued now."""
        for chunk in self._parked.pop(reply_id(key), []):
            self.add(chunk)

    def again(self, chunk: Chunk, parked: bool) -> None:
        """A chunk in doubt is to be sent again: in its old place, or with the rest of its reply behind the others."""
        if parked:
            behind = self._parked.pop(reply_id(chunk.key), [])
            for one in (chunk, *behind):
                self.add(one)
        else:
            self.hold(chunk.key, chunk)
            self.resume(lane_of(chunk))


def _remember(answers: OrderedDict[int, None], answer: int) -> None:
    answers[answer] = None
    if len(answers) > REMEMBERED:
        answers.popitem(last=False)
