"""Whether the database is still the one whose rows the journal knows, by the rows themselves. Pure.

A file can be restored in place, or stand on another Mac, so its name on the file system may not tell. A row number
that bears another GUID than the journal knows is proof that it is another database, or went back; the newest known
row under its own GUID is proof that nothing changed. Rows that are gone prove nothing: people delete messages.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Landmark, SourceState
from actors.envelopes.link import Answer
from actors.normalizer.guids import guid_key
from actors.rpc.baseline import Question, objects

CHATS, MESSAGES = 10, 50


class Ground(Enum):
    """What the rows say."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


class Landmarks:
    """Ask ``first``, feed every answer to ``answered``: the next question, or what is proved.

    ``known`` are rows of this era, the newest first; ``can`` tells which methods imsg has.
    """

    def __init__(self, known: Sequence[Landmark], can: Callable[[str], bool]) -> None:
        self._newest = known[0]
        self._keys = {mark.rowid: mark.key for mark in known}
        self._least = min(self._keys)
        self._by_row = can("messages.after")
        self._asked = 0
        self._chats: list[int] = []
        self._met = False

    def first(self) -> Question:
        """The first question: the newest row we know."""
        if self._by_row:
            return "messages.after", {"since_rowid": self._newest.rowid - 1, "limit": 1}
        return self._history(self._newest.chat_id)

    def answered(self, result: Mapping[str, Any] | None) -> Question | Ground:
        """Take an answer (None: it failed) in."""
        self._asked += 1
        if self._asked == 2 and not self._by_row:
            chats = [chat.get("id") for chat in objects(result, "chats")]
            self._chats = [chat for chat in chats if type(chat) is int and chat != self._newest.chat_id]
        found = self._compare(result)
        return found if found is not None else self._next()

    def _compare(self, result: Mapping[str, Any] | None) -> Ground | None:
        for message in objects(result, "messages"):
            rowid, guid = message.get("id"), message.get("guid")
            key = self._keys.get(rowid) if type(rowid) is int else None
            if key is None or not isinstance(guid, str) or not guid:
                continue
            if guid_key(guid) != key:
                return Ground.OTHER
            self._met = True
            if rowid == self._newest.rowid:
                return Ground.SAME
        return None

    def _next(self) -> Question | Ground:
        over = Ground.SAME if self._met else Ground.UNKNOWN
        if self._by_row:
            params = {"since_rowid": self._least - 1, "limit": len(self._keys)}
            return ("messages.after", params) if self._asked == 1 else over
        if self._asked == 1:
            return "chats.list", {"limit": CHATS}
        return self._history(self._chats.pop(0)) if self._chats else over

    def _history(self, chat: int) -> Question:
        return "messages.history", {"chat_id": chat, "limit": MESSAGES}


class Marks:
    """The landmarks of the last look, kept over children and watches.

    Rows that came since are those of whatever stands there now: only older ones can tell that it is another database.
    """

    def __init__(self) -> None:
        self._era = 0
        self._known: tuple[Landmark, ...] = ()

    def note(self, state: SourceState) -> None:
        """These are known when the next look is taken."""
        self._era, self._known = state.era, state.landmarks

    def older(self, state: SourceState) -> SourceState:
        """The state with the landmarks of the last look, where there was one in this era."""
        return replace(state, landmarks=self._known) if self._known and self._era == state.era else state


class GroundCheck:
    """Runs ``Landmarks`` for whoever has the questions asked; ``then`` is told what they prove."""

    NAME = "landmark"

    def __init__(self, call: Callable[[str, dict[str, Any], str], None], then: Callable[[Ground], None]) -> None:
        self._call = call
        self._then = then
        self._landmarks: Landmarks | None = None

    @property
    def is_open(self) -> bool:
        """Whether an answer is awaited."""
        return self._landmarks is not None

    def begin(self, known: Sequence[Landmark], can: Callable[[str], bool]) -> None:
        """Ask; with nothing to compare, nothing is known."""
        self._landmarks = Landmarks(known, can) if known else None
        if self._landmarks is None:
            self._then(Ground.UNKNOWN)
        else:
            self._call(*self._landmarks.first(), self.NAME)

    def answered(self, answer: Answer) -> None:
        """The answer to the question that is open."""
        if self._landmarks is None:
            return
        found = self._landmarks.answered(answer.result)
        if isinstance(found, Ground):
            self._landmarks = None
            self._then(found)
        else:
            self._call(*found, self.NAME)
