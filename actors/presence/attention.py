"""Which turns run in which chats of one account, and which call is due. Pure.

In: turns that begin, speak and end (``Attend``), what imsg can do, the time (monotonic seconds). Out: one ``Act`` at a
time, in the order people need them: typing, the tapback, the read mark. An answer comes first: nothing is due in the
first moment of a turn, which may be all it takes, nor in the moment after something was said, when its send is on its
way. What is not done for long is not done at all. Everything here may be forgotten at any time.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from math import inf
from typing import Any, NamedTuple

from msgspec import Struct

from actors.envelopes.steering import Attend
from actors.presence.manners import Manners, tapback
from actors.rpc.capabilities import Capabilities

GRACE_SECONDS = 0.25
"""After the beginning of a turn, after its end, and after anything it says."""
LONGEST_SECONDS = 600.0
"""Nobody is seen typing for longer."""
STALE_SECONDS = 60.0
"""A read mark or a tapback that could not be made for so long is not made."""
FORGOTTEN_SECONDS = 86_400.0
MOST_CHATS, MOST_WISHES = 512, 256


class Act(NamedTuple):
    """A call to make; ``of`` is for ``done``."""

    method: str
    params: dict[str, Any]
    of: Any


class _Turn(Struct):
    guid: str
    begun: float
    types_at: float
    acked: str = ""
    over: bool = False


class _Chat(Struct):
    turns: dict[int, _Turn]
    typing: bool = False
    said_at: float = -inf


class _Wish(NamedTuple):
    kind: str
    chat: str
    guid: str
    turn: _Turn
    at: float


class Attention:
    """Of one account and one child of imsg."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._chats: dict[str, _Chat] = {}
        self._wishes: deque[_Wish] = deque(maxlen=MOST_WISHES)
        """Tapbacks that are to be made, or taken back; the oldest first."""
        self._reads: dict[str, float] = {}
        """Chats that are to be marked as read, and since when; the oldest first."""
        self._quiet_until = 0.0

    def attend(self, message: Attend, now: float) -> None:
        """A turn begins, said something, or ended."""
        name = message.address.chat_guid
        # In an SMS chat nobody sees typing, and a tapback is a message of its own. A number may mean another chat.
        if not name or message.address.service == "sms" or name.startswith("SMS;"):
            return
        chat = self._chats.get(name)
        turn = chat.turns.get(message.number) if chat is not None else None
        if message.done or message.spoke:
            self._quiet_until = now + GRACE_SECONDS
        if message.done and not message.number:
            self._wish(message, _Turn(message.guid, now, inf, over=True), now)
        elif message.done:
            if chat is not None and turn is not None:
                self._end(name, chat, message.number, now)
        elif turn is not None:
            if message.spoke and self._manners.types_once_said():
                turn.types_at = min(turn.types_at, now + GRACE_SECONDS)
        elif chat is not None or self._has_room(now):
            self._begin(message, now)

    def _has_room(self, now: float) -> bool:
        if len(self._chats) >= MOST_CHATS:
            self._tidy(now)
        return len(self._chats) < MOST_CHATS

    def _begin(self, message: Attend, now: float) -> None:
        name = message.address.chat_guid
        after = self._manners.types_after(message.is_group, message.mentioned)
        turn = _Turn(message.guid, now, now + max(after, GRACE_SECONDS) if after is not None else inf)
        chat = self._chats.setdefault(name, _Chat({}))
        # A message whose turn was cut off with its sessions is answered by another turn.
        chat.turns = {number: other for number, other in chat.turns.items() if other.guid != message.guid}
        chat.turns[message.number] = turn
        self._wish(message, turn, now)

    def _wish(self, message: Attend, turn: _Turn, now: float) -> None:
        """The message of a turn was seen. A tapback that would be taken back at once is not made."""
        name, manners = message.address.chat_guid, self._manners
        acks = message.guid and manners.acks(message.is_group, message.mentioned)
        if acks and not (turn.over and manners.takes_back):
            self._wishes.append(_Wish("ack", name, message.guid, turn, now))
        if manners.reads and len(self._reads) < MOST_CHATS:
            self._reads.setdefault(name, now)

    def _end(self, name: str, chat: _Chat, number: int, now: float) -> None:
        turn = chat.turns.pop(number)
        turn.over = True
        if not chat.turns and not chat.typing:
            del self._chats[name]
        if self._manners.takes_back:
            self._forget_wishes(lambda wish: wish.kind == "ack" and wish.turn is turn)
            if turn.acked:
                self._take_back(name, turn, now)

    def _take_back(self, name: str, turn: _Turn, now: float) -> None:
        self._wishes.append(_Wish("unack", name, turn.acked, turn, now))

    def _forget_wishes(self, whose: Callable[[_Wish], bool]) -> None:
        if any(map(whose, self._wishes)):
            self._wishes = deque((wish for wish in self._wishes if not whose(wish)), maxlen=MOST_WISHES)

    def next(self, now: float, able: Capabilities) -> Act | None:
        """The call to make now; None: nothing is due."""
        if now < self._quiet_until:
            return None
        self._tidy(now)
        return (self._typing(now) if able.can("typing") else None) or self._tapback(now, able) or self._read(now, able)

    def due(self, now: float, able: Capabilities) -> float | None:
        """In how many seconds something may be due; None: nothing is, until something is told."""
        times = [at + GRACE_SECONDS for at in self._oldest()]
        if able.can("typing"):
            times += [self._typing_due(chat, now) for chat in self._chats.values()]
        soonest = min(times, default=inf)
        return max(soonest, self._quiet_until, now) - now if soonest < inf else None

    def _oldest(self) -> Iterator[float]:
        """Since when the oldest tapback waits, and the oldest read mark."""
        yield from (wish.at for wish in islice(self._wishes, 1))
        yield from islice(self._reads.values(), 1)

    def _typing_due(self, chat: _Chat, now: float) -> float:
        typists = list(self._typists(chat, now))
        if not chat.typing:
            return min((turn.types_at for turn in typists), default=inf)
        ends = max((turn.begun + LONGEST_SECONDS for turn in typists if turn.types_at <= now), default=now)
        return min(chat.said_at + self._manners.interval, ends)

    def done(self, act: Act, now: float) -> None:
        """It was made, and went well."""
        match act.of:
            case (str(name), bool(typing)):
                chat = self._chats.setdefault(name, _Chat({}))
                chat.typing, chat.said_at = typing, now
            case _Wish("ack", name, guid, turn):
                turn.acked = guid
                if turn.over and self._manners.takes_back:
                    self._take_back(name, turn, now)

    def _tidy(self, now: float) -> None:
        self._forget_wishes(lambda wish: now - wish.at > STALE_SECONDS)
        self._reads = {name: at for name, at in self._reads.items() if now - at <= STALE_SECONDS}
        for name, chat in list(self._chats.items()):
            for number in [n for n, turn in chat.turns.items() if now - turn.begun > FORGOTTEN_SECONDS]:
                del chat.turns[number]
            if not chat.turns and not chat.typing:
                del self._chats[name]

    def _typists(self, chat: _Chat, now: float) -> Iterator[_Turn]:
        return (turn for turn in chat.turns.values() if turn.types_at < inf and now - turn.begun < LONGEST_SECONDS)

    def _typing(self, now: float) -> Act | None:
        for name, chat in self._chats.items():
            wanted = any(turn.types_at <= now for turn in self._typists(chat, now))
            if wanted and (not chat.typing or now - chat.said_at >= self._manners.interval):
                return Act("typing", {"chat_guid": name, "typing": True}, (name, True))
            if chat.typing and not wanted:
                return Act("typing", {"chat_guid": name, "typing": False}, (name, False))
        return None

    def _tapback(self, now: float, able: Capabilities) -> Act | None:
        while self._wishes and self._wishes[0].at + GRACE_SECONDS <= now:
            wish = self._wishes.popleft()
            emoji = tapback(self._manners.ack, able.any_tapback)
            if emoji is not None and able.can("tapback"):
                params = {"chat_guid": wish.chat, "message_id": wish.guid, **emoji}
                return Act("tapback", params if wish.kind == "ack" else {**params, "remove": True}, wish)
        return None

    def _read(self, now: float, able: Capabilities) -> Act | None:
        name, at = next(iter(self._reads.items()), ("", inf))
        if at + GRACE_SECONDS > now:
            return None
        if not able.can("read"):
            self._reads.clear()
            return None
        del self._reads[name]
        return Act("read", {"chat_guid": name}, None)
