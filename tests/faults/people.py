"""Many people who write: what they wrote, what they were answered, and what became of the rest.

More hands on a ``Town``: a crowd that writes thousands of messages in one commit, of now or of long ago, and the
answers each of its chats should show; own rows that come back changed; verbs of the command line with their JSON.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from typing import Any, NamedTuple

from actors.simulator.dates import apple_ns
from actors.simulator.messages_db import NewMessage, Stored
from tests.faults.cases import Build
from tests.faults.town import ANN, Town, wait_for

EVERYONE = {"dmPolicy": "open", "allowFrom": ["*"]}
"""Open to everybody, with the patience of the product."""
PATIENT: dict[str, Any] = {"probeTimeoutMs": 10_000}
"""On top of a town's settings: many towns at once make each of them slow."""
MODES = ("0.5", "0.9", "0.15", "0.15 bridge")
"""Versions of imsg, and the newest one with its bridge: there sends carry a GUID of ours."""
HOUR = 3600.0
OTHER = "+15550003333"


class Person(NamedTuple):
    """Somebody and the chat with them."""

    handle: str
    chat: int


def town_of(build: Build, mode: str, flags: str = "") -> Town:
    """A town with an imsg of ``MODES``."""
    version, _, bridge = mode.partition(" ")
    return build(version, bridge=bridge == "bridge", flags=flags)


def crowd(town: Town, count: int) -> list[Person]:
    """So many people, each with a direct chat."""
    handles = [f"+1555200{number:04d}" for number in range(count)]
    with town.db.transaction():
        return [Person(handle, town.chat(handle)) for handle in handles]


def write(town: Town, people: list[Person], texts: Iterable[str], hours: float = 0.0) -> list[Stored]:
    """They write these texts, taking turns, in one commit; dated ``hours`` ago, a millisecond apart."""
    start = time.time() - hours * HOUR
    with town.db.transaction():
        return [
            town.db.insert(
                NewMessage(
                    people[number % len(people)].chat,
                    text,
                    people[number % len(people)].handle,
                    date=apple_ns(round((start + number / 1000) * 1e9)) if hours else None,
                )
            )
            for number, text in enumerate(texts)
        ]


def numbered(count: int, word: str = "m") -> list[str]:
    """``m 0``, ``m 1``, .."""
    return [f"{word} {number}" for number in range(count)]


def assert_answered(town: Town, people: list[Person], texts: list[str]) -> None:
    """Each of the texts they wrote, taking turns, was answered once, in its chat, the oldest first."""
    for number, person in enumerate(people):
        assert town.sent(person.chat) == [f"echo: {text}" for text in texts[number :: len(people)]]


def wait_sent(town: Town, count: int, seconds: float = 60.0) -> None:
    """Wait for so many bubbles of ours in all, and for the journal to know of their end."""
    query = "SELECT count(*) >= ? FROM message WHERE is_from_me = 1"
    wait_for(f"{count} answers", lambda: town.db.connection.execute(query, (count,)).fetchone()[0], seconds)
    wait_for("the journal to agree", town.all_answered, seconds)


def prove_alive(town: Town, text: str = "are you there?", handle: str = OTHER) -> None:
    """Somebody else writes and is answered: whatever was written before that was judged before that."""
    town.write_and_wait(text, handle)


def sent_once(town: Town) -> None:
    """No text was sent twice."""
    assert {text: count for text, count in Counter(town.sent()).items() if count > 1} == {}


def verb(town: Town, *words: str, code: int = 0) -> dict[str, Any]:
    """The JSON a verb prints."""
    done = town.command(*words, "--json")
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return dict(json.loads(done.stdout))


def chunk_of(town: Town, text: str) -> dict[str, Any]:
    """The chunk with the answer to ``text``, as ``outbox list --json`` shows it; empty while there is none."""
    found = town.journal("SELECT key, state, coalesce(why, ''), tries FROM outbox WHERE text = ?", f"echo: {text}")
    return dict(zip(("key", "state", "why", "tries"), found[0], strict=True)) if found else {}


def wait_chunk(town: Town, text: str, *states: str, seconds: float = 20.0) -> dict[str, Any]:
    """Wait until the answer to ``text`` is in one of these states."""
    return dict(
        wait_for(
            f"the answer to {text!r} to be {' or '.join(states)}",
            lambda: (found := chunk_of(town, text)).get("state") in states and found,
            seconds,
        )
    )


def write_journal(town: Town, statement: str, *values: object) -> None:
    """Change the journal while no gateway runs: what time would have done to it."""
    with closing(sqlite3.connect(town.state / "gateway" / "journal.db")) as connection, connection:
        connection.execute(statement, values)


def ann_of(town: Town) -> Person:
    """Ann and her chat."""
    return Person(ANN, town.chat(ANN))


def gate(town: Town, words: str = "echo: through the gate") -> list[dict[str, Any]]:
    """An agent that answers ``words`` once ``open_gate`` was called."""
    script = town.folder / "agent.sh"
    script.write_text(
        f'#!/bin/sh\nread turn\nwhile [ ! -e "{town.folder}/open" ]; do sleep 0.02; done\necho "{words}"\n'
    )
    script.chmod(0o755)
    return [{"id": "main", "runtime": {"type": "command", "command": [str(script)]}}]


def open_gate(town: Town) -> None:
    """The agent answers now."""
    (town.folder / "open").touch()
