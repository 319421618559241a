"""Turns as conversations end them: records for the transcript, answers, parts of answers, failures."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Record
from actors.envelopes.facts import Queued, Settled
from actors.envelopes.inbound import Absorbed, Held, Outcome, Replied
from actors.envelopes.outbound import Chunk, chunk_key
from actors.envelopes.session import Heard, Recall, Recalled, TurnRecord
from tests.journal.desk import Room
from tests.support.actors import Probe
from tests.support.rows import ANN, START, address, guid

MAIN = "agent:main:main"
FAMILY = "agent:main:imessage:group:9"
GROUP: dict[str, Any] = {
    "chat": 9,
    "chat_guid": "iMessage;+;chat9",
    "chat_identifier": "chat9",
    "chat_name": "Family",
    "is_group": True,
}
"""What rows of the group have in common."""


def turn(*seqs: int, session: str = MAIN, text: str = "", at: float = START, **keys: Any) -> TurnRecord:
    """A turn that took in these rows; it began at ``at`` and took a second."""
    return TurnRecord(session, keys.pop("agent", "main"), seqs, text, at, keys.pop("ended_at", at + 1), **keys)


def answered(
    *seqs: int, session: str = MAIN, text: str = "fine", said: tuple[str, ...] = (), chat: int = 7, **keys: Any
) -> Queued:
    """A turn ends with an answer of one chunk, or of those of ``said``; ``guid`` is that of its chat."""
    to = replace(address(chat), chat_guid=keys.pop("guid", address().chat_guid))
    chunks = tuple(Chunk(chunk_key(seqs[-1], n), to, one) for n, one in enumerate(said or (text,)))
    ends = tuple((seq, Replied()) for seq in seqs)
    return Queued(chunks, ends, 0, START, turn=turn(*seqs, session=session, text=text, **keys))


def silent(*seqs: int, session: str = MAIN, text: str = "NO_REPLY", **keys: Any) -> Queued:
    """A turn ends with nothing to say."""
    ends = tuple((seq, Absorbed("no reply")) for seq in seqs)
    return Queued((), ends, 0, START, turn=turn(*seqs, session=session, text=text, **keys))


def failed(seq: int, session: str = MAIN, why: str = "exited with 3", **keys: Any) -> Settled:
    """A turn fails, and its message is held."""
    return Settled(seq, Held(f"agent failed: {why}"), turn(seq, session=session, failure=why, **keys))


def part(
    number: int, seq: int, position: int, *texts: str, settles: tuple[int, ...] = (), record: TurnRecord | None = None
) -> Queued:
    """A part of an answer to row ``seq``; its chunks begin at ``position``."""
    chunks = tuple(Chunk(key, address(), text) for key, text in enumerate(texts, chunk_key(seq, position)))
    ends: tuple[tuple[int, Outcome], ...] = tuple((one, Replied()) for one in settles)
    return Queued(chunks, ends, 0, START, part=number, turn=record)


def said(number: int, text: str, **keys: Any) -> Heard:
    """Row ``number`` as Ann wrote it, as an agent is told it."""
    return Heard(number, guid(number), ANN, "", text, keys.pop("at", 1_800_000_000.0), **keys)


def recalled(room: Room, session: str = MAIN, chat: int = 7, **keys: Any) -> Recalled:
    """What the journal says an agent is to be reminded of."""
    probe = Probe("conversation")
    asked = {"source": 1, "chat_id": chat, "before": 1 << 40, "turns": 50, "heard": 50, **keys}
    room.tell(Record(Recall(session, **asked), probe.ref))
    (answer,) = probe.told
    assert isinstance(answer, Recalled)
    return answer
