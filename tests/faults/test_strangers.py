"""A thousand strangers write ten thousand messages to a gateway that asks strangers for a pairing code.

Three of them get a code, everybody else hears nothing; every message is kept with its reason, the files stay small, and
the gateway needs no more memory than before, however often it is killed.
"""

import json
from collections import Counter
from collections.abc import Callable

import psutil
import pytest

from actors.access.reasons import MISSED_STRANGER
from actors.pairing.codes import MOST_PENDING
from tests.faults.cases import Build, Cases
from tests.faults.people import PATIENT, Person, crowd, numbered, verb, write
from tests.faults.town import Town, wait_for

STRANGERS = 1000
EACH = 10
ALL = STRANGERS * EACH
MOST_GROWTH = 8 * 1024 * 1024
"""Bytes a process may grow by while it refuses half of the messages: its caches of rows fill until they are full."""
LARGEST_FILE = 4096

REFUSED = {"pairing required", "pairing pending", "too many pairing requests"}

_ASKING = "WHERE reason <> 'from me'"
"""Rows of strangers: what we sent comes back as rows of our own."""

case = Cases()


@case("0.9", works=True)
def gets_three_codes_and_no_more(build: Build, version: str) -> None:
    """kill -9 in the middle of it, and once more when all is over: nobody is asked twice."""
    town = build(version, flags="--poll-rows 4000")
    town.configure({"dmPolicy": "pairing", **PATIENT})
    people = crowd(town, STRANGERS)
    town.start()
    write(town, people, numbered(STRANGERS, "hello"))
    wait_for("the first to be refused", lambda: _refused(town) == STRANGERS)
    write(town, people, numbered(ALL // 2 - STRANGERS, "hello again"))
    wait_for("the flood to rise", lambda: _refused(town) > STRANGERS + 500)
    town.kill()
    town.start()
    wait_for("half of it to be refused", lambda: _refused(town) == ALL // 2)
    before = _memory(town)
    write(town, people, numbered(ALL // 2, "anybody there?"))
    wait_for("all of it to be refused", lambda: _refused(town) == ALL)
    wait_for("the codes to be sent", lambda: town.all_answered())
    assert _memory(town) - before < MOST_GROWTH
    _assert_asked_once(town, people)
    town.kill()
    town.start()
    write(town, people, numbered(STRANGERS, "still there?"))
    wait_for("those to be refused too", lambda: _refused(town) == ALL + STRANGERS)
    _assert_asked_once(town, people)
    _assert_small(town)
    assert town.stop() == 0


def _refused(town: Town) -> int:
    """How many messages were refused for good."""
    return int(town.journal(f"SELECT count(*) FROM inbound {_ASKING} AND outcome = 'dropped'")[0][0])


def _memory(town: Town) -> int:
    """Bytes the gateway's process has in memory."""
    assert town.process is not None
    return int(psutil.Process(town.process.pid).memory_info().rss)


def _assert_asked_once(town: Town, people: list[Person]) -> None:
    """The three who wait are the only ones who were told anything: their code, in their chat, once."""
    waiting = {one["id"]: one["code"] for one in verb(town, "pairing", "list")["requests"]}
    assert len(waiting) == len(town.sent()) == MOST_PENDING
    for person in people:
        if person.handle in waiting:
            (bubble,) = town.sent(person.chat)
            assert waiting[person.handle] in bubble
    reasons = Counter(dict(town.journal(f"SELECT reason, count(*) FROM inbound {_ASKING} GROUP BY reason")))
    assert REFUSED <= set(reasons) <= REFUSED | {MISSED_STRANGER}
    assert reasons["pairing required"] == MOST_PENDING


def _assert_small(town: Town) -> None:
    """The files hold three requests and three codes told, and nothing of the others."""
    guard = town.state / "gateway" / "pairing-guard.json"
    assert len(json.loads(guard.read_bytes())["challenges"]) == MOST_PENDING
    files = [guard, *(town.state / "credentials").iterdir()]
    assert [path.name for path in files] == ["pairing-guard.json", "imessage-pairing.json"]
    assert all(path.stat().st_size < LARGEST_FILE for path in files)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_a_flood_of_strangers(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
