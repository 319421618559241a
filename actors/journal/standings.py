"""How sessions differ from the config: one live mapping, of those that do.

Read from the journal at the start, kept by the journal actor after each commit, looked at by whoever has a session to
serve. Only the journal writes it; a reader is a message behind at worst.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from actors.envelopes.facts import Adjusted, Queued, Renewed, Settled
from actors.envelopes.session import NORMAL, Standing
from actors.journal.session_rows import turn_outcome
from actors.journal.store import Store

NOTED = frozenset({Queued, Settled, Renewed, Adjusted})
"""Facts that may change how a session stands."""
_ENDS = (Queued, Settled)


def ended_well(fact: Adjusted | Renewed | Queued | Settled) -> bool:
    """Whether it changes nothing where no session differs: most facts there are."""
    if type(fact) is not Queued and type(fact) is not Settled:
        return False
    turn = fact.turn
    return turn is None or not turn.failure


class Standings(Mapping[str, Standing]):
    """By session key; a session that is not here is as the config says (``NORMAL``)."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}

    def load(self, store: Store) -> None:
        """Start from what is on disk."""
        self._standings = {session: Standing(*columns) for session, *columns in store.sessions.standings()}

    def note(self, fact: Adjusted | Renewed | Queued | Settled) -> None:
        """A committed fact: what was set in a session, that it began anew, how a turn of it ended."""
        if isinstance(fact, _ENDS):
            turn = fact.turn
            if turn is None:
                return
            if turn.failure and turn_outcome(fact) == "failed":
                self._set(turn.session, failures=self.get(turn.session, NORMAL).failures + 1)
            elif turn.session in self._standings:
                self._set(turn.session, failures=0)
        elif isinstance(fact, Renewed):
            self._set(fact.session, failures=0)
        else:
            value = fact.value or 0 if fact.name == "failures" else fact.value
            self._set(fact.session, **{fact.name: value})

    def _set(self, session: str, **what: Any) -> None:
        standing = replace(self.get(session, NORMAL), **what)
        if standing == NORMAL:
            self._standings.pop(session, None)
        else:
            self._standings[session] = standing

    def __getitem__(self, session: str) -> Standing:
        return self._standings[session]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._standings))

    def __len__(self) -> int:
        return len(self._standings)
