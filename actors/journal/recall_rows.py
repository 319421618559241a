"""The statements that find what an agent is reminded of. Pure: nothing is run here."""

import json

from actors.access.reasons import AGENT_ECHO, ECHO, FROM_ME, SELF_CHAT_ECHO

OURS = frozenset({FROM_ME, ECHO, SELF_CHAT_ECHO, AGENT_ECHO})
"""Reasons that say a row is our own, whatever it says of itself."""

_TURNS = """
SELECT t.seq, t.rows, t.agent, t.outcome, t.began_at, t.ended_at,
  coalesce(t.text, (
    SELECT group_concat(text, char(10)) FROM (
      SELECT text FROM outbox WHERE key >= t.seq << :bits AND key < (t.seq << :bits) + :block ORDER BY key
    )
  ), ''),
  coalesce(t.failure, ''), coalesce(t.model, ''), coalesce(t.input_tokens, 0), coalesce(t.output_tokens, 0)
FROM turn t {join} WHERE t.session = :session AND t.number > :after ORDER BY t.number DESC LIMIT :most
"""
TURNS = _TURNS.format(join="")
"""The latest turns of a session after a number, the newest first, with what was said in them: what is stored, else what
its chunks say.
"""
TURNS_OF_DATABASE = _TURNS.format(
    join="JOIN inbound i ON i.seq = t.seq AND i.source = :source "
    "AND i.era = (SELECT era FROM source WHERE id = :source)"
)
"""The same of a group: its number means another group in another Messages database, and its key is the same there."""
FIRST_TURN = "SELECT began_at FROM turn WHERE session = ? AND number > ? ORDER BY number LIMIT 1"
LAST_TURN = "SELECT ended_at FROM turn WHERE session = ? AND number > ? ORDER BY number DESC LIMIT 1"

LAST_IN_CHAT = """
SELECT latest.seq, latest.rows FROM (
  SELECT seq, number, rows FROM turn WHERE session = :session ORDER BY number DESC LIMIT :back
) latest JOIN inbound i ON i.seq = latest.seq
WHERE i.source = :source AND i.chat_id = :chat AND i.era = (SELECT era FROM source WHERE id = :source)
  AND latest.seq < :before ORDER BY latest.number DESC LIMIT 1
"""
"""The last turn in a chat, among the latest of its session."""
BEFORE_THOSE = "SELECT seq, NULL FROM turn WHERE session = :session ORDER BY number DESC LIMIT 1 OFFSET :back"
"""The turn before the latest ones of a session."""
OPEN = """
SELECT coalesce(min(i.seq), 0) FROM json_each(:seqs) j JOIN inbound i ON i.seq = j.value
WHERE i.outcome IS NULL AND i.source = :source AND i.chat_id = :chat
"""
CONTEXT = """
SELECT seq, reason FROM inbound
WHERE kind = 'context' AND source = :source AND chat_id = :chat AND seq > :after AND seq < :before
  AND era = (SELECT era FROM source WHERE id = :source)
ORDER BY seq DESC LIMIT :most
"""
BY_GUID = """
SELECT seq FROM inbound WHERE guid = :guid AND source = :source AND chat_id = :chat
  AND era = (SELECT era FROM source WHERE id = :source)
"""


def members(rows: str | None) -> tuple[int, ...]:
    """The rows of a turn but the one that carries its answer, as the table has them."""
    return tuple(json.loads(rows)) if rows else ()
