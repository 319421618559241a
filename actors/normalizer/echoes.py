"""Echo memory: which incoming rows are our own words coming back (decisions, Inbound).

By GUID first: a row with the GUID of something we sent is an echo, for twelve hours and over restarts. By text
only where no GUID of ours is known to compare with: same chat, same text, while the send is under way and for four
seconds after its answer. Two different known GUIDs are never an echo: letting one through beats swallowing a person's
message. What gets through and is our own words all the same is counted; the eighth in ten minutes is a loop.

Rows that are from me are told apart as well, for the chat with oneself: those with a GUID of ours, and those with words
of ours whose row nobody has seen (``unseen``), are what we said; any other is a person's, who may say the same.
"""

from collections import OrderedDict, deque
from typing import NamedTuple

from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Inbound
from actors.normalizer.folding import fold
from actors.normalizer.unseen import LIVE_SECONDS, Unseen

TEXT_SECONDS = 4.0
UNDER_WAY_SECONDS = 240.0
"""The deadline of a send and the window for evidence about it (decisions, Outbound): no send is open for longer."""
APART_SECONDS, BACK_SECONDS = 1.0, 10.0
"""How much earlier and later than our own words their twin is dated."""
LOOP, LOOP_SECONDS = 8, 600.0
PREVIEW_SECONDS = 90.0
TEXTS_KEPT_SECONDS = 3600.0
"""Nobody asks for words that are older; they are forgotten once in that time."""
GUID_SECONDS = 12 * 3600.0
MOST = 16_384
NEVER = float("-inf")
"""When something was ``Spoken`` that did not start after all: nothing was said."""

Key = tuple[int, int, str]
"""Source, chat and folded text."""


class _Said(NamedTuple):
    since: float
    at: float
    guid: str
    open: bool


class EchoMemory:
    """What we said lately. Pure: times (unix seconds) come with the calls.

    Words whose row nobody saw are kept for ``kept`` seconds. The text of a row is folded once: ``key`` is ``key_of``
    it, and is made where none is given.
    """

    def __init__(self, kept: float = LIVE_SECONDS) -> None:
        self._guids: OrderedDict[str, float] = OrderedDict()
        self._texts: OrderedDict[Key, _Said] = OrderedDict()
        self._returns: OrderedDict[tuple[int, int], deque[float]] = OrderedDict()
        self._unseen = Unseen(max(kept, LIVE_SECONDS))
        self._swept_at = 0.0

    def keep(self, seconds: float) -> None:
        """Words whose row nobody saw are kept for so long from now on."""
        self._unseen.kept = max(seconds, LIVE_SECONDS)

    def recalled(self, said: Spoken) -> None:
        """Remember what was sent before a restart, as the journal has it.

        Words without a GUID only tell rows that are from me: four seconds are over by then.
        """
        key = (said.source, said.chat_id, fold(said.text))
        if said.guid:
            self._remember(said, key)
        else:
            self._unseen.recalled(key[:2], key[2], said.at)

    def spoken(self, said: Spoken) -> None:
        """Remember an attempt, or what became of it."""
        key = (said.source, said.chat_id, fold(said.text))
        if said.at == NEVER:
            self._take_back(key)
            return
        self._look_out_for(said, key)
        self._remember(said, key)

    def _take_back(self, key: Key) -> None:
        self._unseen.taken_back(key[:2], key[2])
        entry = self._texts.get(key)
        if entry is not None and entry.open:
            del self._texts[key]

    def _look_out_for(self, said: Spoken, key: Key) -> None:
        """What row from me is to be expected, where its GUID does not tell it."""
        chat, text = key[:2], key[2]
        if said.guid:
            if not said.open and said.guid.lower() not in self._guids:
                self._unseen.named(chat, text)
        elif said.open or key not in self._texts:
            self._unseen.begun(chat, text, said.at)
        if not said.open:
            self._unseen.ended(chat, text)

    def _remember(self, said: Spoken, key: Key) -> None:
        before = self._texts.get(key)
        # An answer without a GUID does not take away what our own row told meanwhile.
        known = before.guid if before is not None and not said.open else ""
        is_same = before is not None and before.open and said.at - before.since <= UNDER_WAY_SECONDS
        since = before.since if before is not None and is_same else said.at
        self._texts[key] = _Said(since, said.at, said.guid or known, said.open)
        self._texts.move_to_end(key)
        if said.guid:
            self._guids[said.guid.lower()] = said.at
        if len(self._texts) > MOST:
            self._texts.popitem(last=False)
        if said.at - self._swept_at > TEXTS_KEPT_SECONDS:
            self._sweep(said.at)
        if len(self._guids) > MOST:
            self._guids.popitem(last=False)

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        kept = ((key, entry) for key, entry in self._texts.items() if entry.at >= now - TEXTS_KEPT_SECONDS)
        self._texts = OrderedDict(kept)

    def knows(self, row: Inbound) -> bool:
        """Whether the row has the GUID of something we said, however long ago."""
        return row.guid.lower() in self._guids

    def own_row(self, row: Inbound, key: Key | None = None) -> bool:
        """A row that is marked as ours came: whether we said it, not a person by hand.

        If it is something we said without knowing its GUID, now we know.
        """
        if self.knows(row):
            return True
        key = key or key_of(row)
        if not self._unseen.take(key[:2], key[2], moment_of(row)):
            return False
        entry = self._texts.get(key)
        self._guids[row.guid.lower()] = row.received_at if entry is None else entry.at
        if entry is not None and not entry.guid:
            self._texts[key] = entry._replace(guid=row.guid, open=False)
        return True

    def is_echo(self, row: Inbound, key: Key | None = None) -> bool:
        """Whether a row that claims to be someone else's is ours."""
        said = self._guids.get(row.guid.lower())
        if said is not None:
            return row.received_at - said <= GUID_SECONDS
        entry = self._texts.get(key or key_of(row))
        if entry is None or entry.guid:
            return False
        if entry.open:
            return row.received_at - entry.since <= UNDER_WAY_SECONDS
        return 0 <= row.received_at - entry.at <= TEXT_SECONDS

    def is_preview(self, row: Inbound, key: Key | None = None) -> bool:
        """Whether a row from me is what Messages made of a link we sent: the same words once more (imsg protocol 6)."""
        if "://" not in row.text:
            return False
        entry = self._texts.get(key or key_of(row))
        return entry is not None and moment_of(row) - entry.at <= PREVIEW_SECONDS

    def repeats(self, row: Inbound, key: Key | None = None) -> bool:
        """Whether the row has words that we said in its chat lately."""
        entry = self._texts.get(key or key_of(row))
        return entry is not None and 0 <= row.received_at - entry.at <= LOOP_SECONDS

    def comes_back(self, row: Inbound, key: Key | None = None) -> bool:
        """Whether the row has words of ours, and the date of a moment at which we said them or just had."""
        entry = self._texts.get(key or key_of(row))
        if entry is None or moment_of(row) < entry.since - APART_SECONDS:
            return False
        return entry.open or moment_of(row) <= entry.at + BACK_SECONDS

    def returns(self, row: Inbound, key: Key | None = None) -> int:
        """How often, this row included, our own words came back in its chat lately as somebody else's.

        Only rows that are no recognised echo are asked about; from ``LOOP`` on it is a loop, not a conversation.
        """
        if not self.repeats(row, key):
            return 0
        chat = (row.source, row.chat.id)
        times = self._returns.setdefault(chat, deque(maxlen=LOOP))
        self._returns.move_to_end(chat)
        if len(self._returns) > MOST:
            self._returns.popitem(last=False)
        times.append(row.received_at)
        return sum(1 for at in times if row.received_at - at <= LOOP_SECONDS)


def key_of(row: Inbound) -> Key:
    """Where a row stands and what it says."""
    return row.source, row.chat.id, fold(row.text)


def moment_of(row: Inbound) -> float:
    """When it was said: a row that comes late, after a restart, has the date of that."""
    return row.received_at if row.sent_at is None else min(row.sent_at, row.received_at)
