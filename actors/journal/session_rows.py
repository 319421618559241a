"""Sessions and turns as rows: the statements that write them, and the values these take. Pure: nothing is run here."""

import json
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from actors.envelopes.facts import Queued, Settled
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Inbound, Replied
from actors.envelopes.outbound import chunk_key, reply_of
from actors.envelopes.session import TurnRecord
from actors.journal.changes import Values
from actors.journal.roster import Where

INSERT_TURN = (
    "INSERT OR REPLACE INTO turn (seq, session, number, place, agent, rows, outcome, began_at, ended_at, text, "
    "failure, model, input_tokens, output_tokens) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
INSERT_PLAIN_TURN = (
    "INSERT OR REPLACE INTO turn (seq, session, number, place, agent, outcome, began_at, ended_at, text) "
    "VALUES (?,?,?,?,?,?,?,?,?)"
)
"""The same for a turn of one message that is nothing special: most are, and it takes two thirds of the time."""
PLAIN = INSERT_PLAIN_TURN.count("?")
UPSERT = (
    "INSERT INTO session (key, agent, account, source, chat_id, is_group, label, created_at, updated_at, failures) "
    "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?8,?9) ON CONFLICT (key) DO UPDATE SET "
    "agent = coalesce(nullif(excluded.agent, ''), agent), "
    "account = coalesce(nullif(excluded.account, ''), account), source = coalesce(excluded.source, source), "
    "chat_id = coalesce(excluded.chat_id, chat_id), is_group = max(excluded.is_group, is_group), "
    "label = coalesce(excluded.label, label), updated_at = excluded.updated_at, "
    "failures = iif(?10, 0, failures) + excluded.failures"
)
RENEW = "INSERT OR REPLACE INTO renewal (session, number, at, why) VALUES (?,?,?,?)"
_ADJUST = (
    "INSERT INTO session (key, agent, is_group, created_at, updated_at, NAME) VALUES (?1,?2,?3,?4,?4,?5) "
    "ON CONFLICT (key) DO UPDATE SET NAME = excluded.NAME"
)
ADJUST = {name: _ADJUST.replace("NAME", name) for name in ("activation", "send", "queue", "model")}
"""By name, what a session may differ in."""
NUMBER = "INSERT OR REPLACE INTO mark VALUES ('turn', ?)"


def turn_outcome(fact: Queued | Settled) -> str:
    """``replied``, ``absorbed`` or ``failed``: what became of the turn a fact ends."""
    if isinstance(fact, Queued):
        if fact.chunks or fact.part:
            return "replied"
    elif type(fact.outcome) is Replied:
        return "replied"
    return "failed" if fact.turn is not None and fact.turn.failure else "absorbed"


def said(fact: Queued, turn: TurnRecord) -> str | None:
    """What an agent said; None where its only chunk says the same."""
    chunks, text = fact.chunks, turn.text
    if len(chunks) == 1 and chunks[0].text == text and chunks[0].key == chunk_key(turn.seqs[-1], 0):
        return None
    return text or None


def turn_row(turn: TurnRecord, outcome: str, text: str | None, number: int, place: int) -> Values:
    """The values of ``INSERT_TURN``, or of ``INSERT_PLAIN_TURN`` where they say it all."""
    seqs = turn.seqs
    if not (turn.failure or turn.model or turn.input_tokens or turn.output_tokens or len(seqs) > 1):
        return seqs[0], turn.session, number, place, turn.agent, outcome, turn.began_at, turn.ended_at, text
    return (
        seqs[-1],
        turn.session,
        number,
        place,
        turn.agent,
        json.dumps(seqs[:-1]) if len(seqs) > 1 else None,
        outcome,
        turn.began_at,
        turn.ended_at,
        text,
        turn.failure or None,
        turn.model or None,
        turn.input_tokens or None,
        turn.output_tokens or None,
    )


def turns(rows: Iterable[Values]) -> Iterator[tuple[str, list[Values]]]:
    """Each statement with its rows, in any order."""
    plain: list[Values] = []
    full: list[Values] = []
    for row in rows:
        (plain if len(row) == PLAIN else full).append(row)
    if plain:
        yield INSERT_PLAIN_TURN, plain
    if full:
        yield INSERT_TURN, full


def is_group_key(key: str) -> bool:
    """Whether it is the session of a group (``agent:<id>:imessage:group:<chat>``)."""
    return key.split(":", 4)[2:4] == ["imessage", "group"]


def label(row: Inbound) -> str | None:
    """What a person calls a chat: the group's name, or whoever it is with; None for nothing."""
    chat = row.chat
    if chat.is_group:
        return chat.name or chat.identifier or None
    return row.sender_name or chat.name or row.sender or None


def whereabouts(key: str, row: Inbound, agent: str) -> Where:
    """Of a session by its latest row."""
    is_group = row.chat.is_group or is_group_key(key)
    return agent, row.account, row.source, row.chat.id, is_group, label(row)


def where_to(key: str, agent: str, to: ReplyAddress | None) -> Where:
    """Of a session by its latest turn, where no row of it is at hand."""
    _, named, is_group = bare(key)
    if to is None:
        return agent or named, "", None, None, is_group, None
    return agent or named, to.account, to.source, to.chat_id, is_group, None


def bare(key: str) -> tuple[str, str, bool]:
    """A session's key, and what it says: the agent, and whether it is a group's."""
    kind, _, rest = key.partition(":")
    return key, rest.partition(":")[0] if kind == "agent" else "", is_group_key(key)


UNENDED = -2
"""The number of a turn that has said a part of its answer and not its end: below all others, nobody is told of it."""
BEGIN_TURN = (
    "INSERT OR REPLACE INTO turn (seq, session, number, place, agent, rows, outcome, began_at, ended_at) "
    "SELECT seq, coalesce(session, ''), ?4, 0, coalesce(agent, ''), ?2, 'replied', ?3, ?3 "
    "FROM inbound WHERE seq = ?1"
)


def begun_turn(fact: Queued) -> Values | None:
    """The values of ``BEGIN_TURN`` where a part of an answer settles rows of its turn, and not the one that carries it:
    a restart may come before the last part, which knows them all. None where there is nothing to remember.
    """
    if not (fact.settles and fact.chunks):
        return None
    carrier, rows = reply_of(fact.chunks[0].key), [seq for seq, _ in fact.settles]
    return None if carrier in rows else (carrier, json.dumps(rows), fact.at, UNENDED)


def whole_turn(fact: Settled, begun: Callable[[int], tuple[str | None, float, bool] | None]) -> TurnRecord | None:
    """The turn a row's end ends; of one that a restart cut off after a part of its answer, with what was remembered of
    it then: ``begun`` is ``SessionStore.begun_turn``.
    """
    turn = fact.turn
    if turn is None or type(fact.outcome) is not Replied or (found := begun(fact.seq)) is None:
        return turn
    rows, at, before_renewal = found
    return replace(turn, seqs=(*json.loads(rows or "[]"), turn.seqs[-1]), began_at=at, before_renewal=before_renewal)
