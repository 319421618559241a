"""Echo memory: which incoming rows are our own words coming back (decisions, Inbound).

By GUID first: a row with the GUID of something we sent is an echo, for twelve hours and over restarts. By text
only where no GUID of ours is known to compare with: same chat, same text, while the send is under way and for four
seconds after its answer. Two different known GUIDs are never an echo: letting one through beats swallowing a person's
message. What gets through and is our own words all the same is counted; the eighth in ten minutes is a loop.
"""

from collections import OrderedDict, deque
from typing import NamedTuple
from unicodedata import normalize

from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import OBJECT_REPLACEMENT

TEXT_SECONDS = 4.0
LOOP, LOOP_SECONDS = 8, 600.0
GUID_SECONDS = 12 * 3600.0
MOST = 16_384
Key = tuple[int, int, str]
DAMAGE = "\x00\ufeff\ufffd\ufffe\uffff"
"""What a damaged attributedBody can put in front of a text (inbound 5.1)."""


class _Said(NamedTuple):
    at: float
    guid: str
    open: bool


class EchoMemory:
    """What we said lately. Pure: times (unix seconds) come with the calls."""

    def __init__(self) -> None:
        self._guids: OrderedDict[str, float] = OrderedDict()
        self._texts: OrderedDict[Key, _Said] = OrderedDict()
        self._returns: OrderedDict[tuple[int, int], deque[float]] = OrderedDict()

    def spoken(self, said: Spoken) -> None:
        """Remember an attempt, or what became of it."""
        key = (said.source, said.chat_id, fold(said.text))
        before = self._texts.get(key)
        # An answer without a GUID does not take away what our own row told meanwhile.
        known = before.guid if before is not None and not said.open else ""
        self._texts[key] = _Said(said.at, said.guid or known, said.open)
        self._texts.move_to_end(key)
        if said.guid:
            self._guids[said.guid.lower()] = said.at
        while len(self._texts) > MOST:
            self._texts.popitem(last=False)
        while len(self._guids) > MOST:
            self._guids.popitem(last=False)

    def own_row(self, row: Inbound) -> None:
        """A row that is marked as ours came: if it is something we said without knowing its GUID, now we know."""
        key = (row.source, row.chat.id, fold(row.text))
        entry = self._texts.get(key)
        if entry is not None and not entry.guid:
            self._texts[key] = _Said(entry.at, row.guid, False)
            self._guids[row.guid.lower()] = entry.at

    def is_echo(self, row: Inbound) -> bool:
        """Whether a row that claims to be someone else's is ours."""
        said = self._guids.get(row.guid.lower())
        if said is not None:
            return row.received_at - said <= GUID_SECONDS
        entry = self._texts.get((row.source, row.chat.id, fold(row.text)))
        if entry is None or entry.guid:
            return False
        return entry.open or 0 <= row.received_at - entry.at <= TEXT_SECONDS

    def returns(self, row: Inbound) -> int:
        """How often, this row included, our own words came back in its chat lately as somebody else's.

        Only rows that are no recognised echo are asked about; from ``LOOP`` on it is a loop, not a conversation.
        """
        entry = self._texts.get((row.source, row.chat.id, fold(row.text)))
        if entry is None or not 0 <= row.received_at - entry.at <= LOOP_SECONDS:
            return 0
        chat = (row.source, row.chat.id)
        times = self._returns.setdefault(chat, deque(maxlen=LOOP))
        self._returns.move_to_end(chat)
        if len(self._returns) > MOST:
            self._returns.popitem(last=False)
        times.append(row.received_at)
        return sum(1 for at in times if row.received_at - at <= LOOP_SECONDS)


def fold(text: str) -> str:
    """Text as it is compared: line ends and accents in one form; placeholders, damage and white space removed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = normalize("NFC", text.replace(OBJECT_REPLACEMENT, ""))
    return text.lstrip(DAMAGE).strip()
