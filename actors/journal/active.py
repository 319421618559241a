"""The window over the journal: which admitted rows are live beyond the gate, which wait on disk.

At most ``limit`` rows live at a time and ``per_chat`` of one chat; waiting chats take turns. Rows whose agent
takes its time do not count towards ``limit``, so slow agents cannot starve quick ones. A live row frees its
place when its reply has gone out, not when it is queued. Pure: it decides, the journal actor reads and tells.
"""

from collections import deque
from collections.abc import Collection, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

LIMIT = 512
PER_CHAT = 20


class _Lane(Generic[Item]):
    __slots__ = ("in_turn", "live", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, bool, Item]] = deque()
        self.live = 0
        self.in_turn = False


class Window(Generic[Item]):
    """Rows in, rows out in order per chat and round robin over chats."""

    def __init__(self, limit: int = LIMIT, per_chat: int = PER_CHAT) -> None:
        self._limit = limit
        self._per_chat = per_chat
        self._lanes: dict[tuple[int, int], _Lane[Item]] = {}
        self._live: dict[int, tuple[tuple[int, int], bool]] = {}
        # Chats whose next row does not count towards the limit, and those whose next row does.
        self._turns: tuple[deque[tuple[int, int]], deque[tuple[int, int]]] = (deque(), deque())
        self._counted = 0
        self.waiting = 0

    @property
    def live(self) -> int:
        """How many rows are beyond the gate."""
        return len(self._live)

    def seqs(self) -> set[int]:
        """The rows in it: beyond the gate, or waiting. It looks through all of them."""
        return self._live.keys() | {seq for lane in self._lanes.values() for seq, *_ in lane.waiting}

    def is_live(self, seq: int) -> bool:
        """Whether the row is beyond the gate."""
        return seq in self._live

    def live_of(self, chat: tuple[int, int]) -> list[int]:
        """The rows of a chat that are. It looks through those of all."""
        return [seq for seq, (where, _) in self._live.items() if where == chat]

    def offer(self, seq: int, chat: tuple[int, int], counts: bool, item: Item) -> bool:
        """A row wants in. True: it is live now, pass it on. False: it waits its turn."""
        lane = self._lanes.get(chat)
        if lane is None:
            lane = self._lanes[chat] = _Lane()
        # Whoever waits for a place goes first: a newcomer of another chat must not take it from them.
        free = not counts or (self._counted < self._limit and not self._turns[True])
        if free and not lane.waiting and lane.live < self._per_chat:
            self._enter(seq, chat, counts, lane)
            return True
        lane.waiting.append((seq, counts, item))
        self.waiting += 1
        self._queue(chat, lane)
        return False

    def release(self, seq: int) -> None:
        """The row is through. Unknown numbers are ignored (a reply may end twice)."""
        entry = self._live.pop(seq, None)
        if entry is None:
            return
        chat, counts = entry
        lane = self._lanes[chat]
        lane.live -= 1
        self._counted -= counts
        if lane.waiting:
            self._queue(chat, lane)
        elif not lane.live:
            del self._lanes[chat]

    def admit(self) -> Iterator[tuple[int, Item]]:
        """The waiting rows that may go now, one a chat and turn, each live from here on."""
        while self._turns[False] or (self._turns[True] and self._counted < self._limit):
            counts = not self._turns[False]
            chat = self._turns[counts].popleft()
            lane = self._lanes[chat]
            seq, counts, item = lane.waiting.popleft()
            lane.in_turn = False
            self.waiting -= 1
            self._enter(seq, chat, counts, lane)
            self._queue(chat, lane)
            yield seq, item

    def waiting_of(self, chat: tuple[int, int] | None) -> list[int]:
        """The rows of a chat, or (None) of all, that wait for a place."""
        lanes = self._lanes.values() if chat is None else [lane] if (lane := self._lanes.get(chat)) is not None else []
        return [seq for lane in lanes for seq, *_ in lane.waiting]

    def forget(self, seqs: Collection[int]) -> list[Item]:
        """These rows wait no longer; their items."""
        gone: list[Item] = []
        for chat, lane in list(self._lanes.items()):
            found = [item for seq, _, item in lane.waiting if seq in seqs]
            if not found:
                continue
            gone += found
            self.waiting -= len(found)
            lane.waiting = deque(one for one in lane.waiting if one[0] not in seqs)
            if lane.in_turn:
                # Another row is next now, or none.
                next(turns for turns in self._turns if chat in turns).remove(chat)
                lane.in_turn = False
            self._queue(chat, lane)
            if not lane.waiting and not lane.live:
                del self._lanes[chat]
        return gone

    def _enter(self, seq: int, chat: tuple[int, int], counts: bool, lane: _Lane[Item]) -> None:
        lane.live += 1
        self._counted += counts
        self._live[seq] = (chat, counts)

    def _queue(self, chat: tuple[int, int], lane: _Lane[Item]) -> None:
        if not lane.in_turn and lane.waiting and lane.live < self._per_chat:
            lane.in_turn = True
            self._turns[lane.waiting[0][1]].append(chat)
