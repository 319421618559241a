"""What must be true after every run, however fast it was. Reads the feeder's count and the journal on disk."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.benchmarks.scenarios import Scenario


class WrongError(Exception):
    """A run whose numbers mean nothing, because it did not do what it should."""


INBOUND = """
SELECT count(*), count(DISTINCT guid), coalesce(sum(outcome = 'replied'), 0), coalesce(sum(outcome = 'dropped'), 0)
FROM inbound WHERE reason IS NOT 'from me'
"""
OUTBOX = "SELECT count(*), coalesce(sum(state = 'sent'), 0) FROM outbox"


def verify(scenario: Scenario, ended: Mapping[str, Any], journal: Path) -> None:
    """Every message answered exactly once, in its chat, in order; every refusal recorded. Raises WrongError."""
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as database:
        rows, distinct, replied, dropped = database.execute(INBOUND).fetchone()
        chunks, sent = database.execute(OUTBOX).fetchone()
    answers, refusals = scenario.answers, scenario.rows - scenario.answers
    found = {
        "answered, as imsg saw it": (ended["answered"], answers),
        "answered twice": (ended["twice"], 0),
        "answered out of order": (ended["disorder"], 0),
        "answers nobody should have got": (ended["strays"], 0),
        "messages in the journal": (rows, scenario.rows),
        "different messages in the journal": (distinct, scenario.rows),
        "settled as replied": (replied, answers),
        "settled as dropped": (dropped, refusals),
        "chunks in the outbox": (chunks, answers),
        "chunks sent": (sent, answers),
    }
    wrong = [f"{what}: {count} instead of {due}" for what, (count, due) in found.items() if count != due]
    if wrong:
        raise WrongError(f"{scenario.name}: " + "; ".join(wrong))
