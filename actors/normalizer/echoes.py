"""Echo memory: which incoming rows are our own words coming back (decisions, Inbound).

By GUID first: a row with the GUID of something we sent is an echo, for twelve hours and over restarts. By text
only where no GUID of ours is known to compare with: same chat, same text, within four seconds of the attempt.
Two different known GUIDs are never an echo: letting one through beats swallowing a person's message.
"""

from collections import OrderedDict
from unicodedata import normalize

from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Inbound

TEXT_SECONDS = 4.0
GUID_SECONDS = 12 * 3600.0
MOST = 16_384
DAMAGE = "\x00\ufeff\ufffd\ufffe\uffff"
"""What a damaged attributedBody can put in front of a text (inbound 5.1)."""


class EchoMemory:
    """What we said lately. Pure: times (unix seconds) come with the calls."""

    def __init__(self) -> None:
        self._guids: OrderedDict[str, float] = OrderedDict()
        self._texts: OrderedDict[tuple[int, int, str], tuple[float, str]] = OrderedDict()

    def spoken(self, said: Spoken) -> None:
        """Remember an attempt, or the GUID it turned out to have."""
        key = (said.source, said.chat_id, fold(said.text))
        self._texts[key] = (said.at, said.guid)
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
        if entry is not None and not entry[1]:
            self._texts[key] = (entry[0], row.guid)
            self._guids[row.guid.lower()] = entry[0]

    def is_echo(self, row: Inbound) -> bool:
        """Whether a row that claims to be someone else's is ours."""
        said = self._guids.get(row.guid.lower())
        if said is not None:
            return row.received_at - said <= GUID_SECONDS
        entry = self._texts.get((row.source, row.chat.id, fold(row.text)))
        return entry is not None and not entry[1] and 0 <= row.received_at - entry[0] <= TEXT_SECONDS


def fold(text: str) -> str:
    """Text as it is compared: line ends and accents in one form, damage in front and white space around removed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = normalize("NFC", text)
    return text.lstrip(DAMAGE).strip()
