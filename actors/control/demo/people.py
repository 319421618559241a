"""The people of the demo and their phones: what they write, and what they see.

Writing and reading go straight to chat.db, as Messages itself would do beside the gateway: nobody tells it anything.
"""

from pathlib import Path
from typing import NamedTuple

from actors.control.demo.folder import AGENT, LIBRARIAN, SECOND
from actors.simulator.dates import unix_ns
from actors.simulator.messages_db import MessagesDb


class Person(NamedTuple):
    """Somebody with a phone. Numbers are of the block that is kept free for fiction."""

    name: str
    handle: str


MIA = Person("Mia", "+12025550143")
BEN = Person("Ben", "+12025550178")


class Bubble(NamedTuple):
    """A message in Messages: ``at`` in unix seconds, ``own`` for those the gateway sent, ``where`` for people."""

    row: int
    at: float
    chat: int
    where: str
    who: str
    own: bool
    text: str


class Phones:
    """Messages for all of the demo: three direct-looking threads and two groups, and what is new in them."""

    def __init__(self, path: Path) -> None:
        self._db = MessagesDb.open(path)
        self.direct = self._db.direct_chat(MIA.handle)
        self.club = self._db.create_chat("group", [MIA.handle, BEN.handle], name="Climbing club")
        self.flat = self._db.create_chat("group-ish", [MIA.handle], name="Flat 12")
        self.bens = self._db.direct_chat(BEN.handle)
        self.books = self._db.create_chat("group", [MIA.handle, BEN.handle], name="Book club")
        self.all: list[Bubble] = []
        self._agents = {self.bens: SECOND, self.books: LIBRARIAN}

    def write(self, person: Person, chat: int, text: str) -> int:
        """``person`` writes; the row's number."""
        return self._db.incoming(chat, person.handle, text).id

    def look(self) -> list[Bubble]:
        """What is new since the last look, oldest first."""
        last = self.all[-1].row if self.all else 0
        new = [self._bubble(row) for row in self._db.connection.execute(_NEW, (last,)).fetchall()]
        self.all.extend(new)
        return new

    def answers(self, chat: int, after: int) -> list[str]:
        """What the gateway has said in ``chat`` after row ``after``, as seen so far."""
        return [bubble.text for bubble in self.all if bubble.own and bubble.chat == chat and bubble.row > after]

    def _bubble(self, row: tuple[int, int, int, str, str, int, str]) -> Bubble:
        number, date, chat, where, handle, own, text = row
        who = self._agents.get(chat, AGENT) if own else _NAMES.get(handle, handle)
        return Bubble(number, unix_ns(date) / 1e9, chat, where, who, bool(own), text)

    def close(self) -> None:
        """Put the phones away."""
        self._db.close()


_NEW = """
SELECT m.ROWID, m.date, j.chat_id, c.display_name, coalesce(h.id, ''), m.is_from_me, coalesce(m.text, '')
FROM message m JOIN chat_message_join j ON j.message_id = m.ROWID JOIN chat c ON c.ROWID = j.chat_id
LEFT JOIN handle h ON h.ROWID = m.handle_id WHERE m.ROWID > ? ORDER BY m.ROWID
"""
_NAMES = {person.handle: person.name for person in (MIA, BEN)}
