"""What happened to a message, in the order of time: every state a row and a chunk can end in."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.facts import (
    Appended,
    Attempted,
    Deferred,
    Discarded,
    Failed,
    Queued,
    Rejudged,
    Requeued,
    Sent,
    Settled,
    Uncertain,
)
from actors.envelopes.inbound import Challenge, Dropped, Held, Replied, Verdict
from actors.journal.batch import end_held
from actors.runtime.logs import stamp
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk, chunk
from tests.support.rows import BEN, START, admit, inbound

TIMES = {stamp(START + second): second for second in range(60)}
MENTION = Dropped("no mention", "channels.imessage.groups")


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk with a config that lists Ann."""
    one = Desk(places)
    one.configure()
    return one


def lines(told: dict[str, Any]) -> list[tuple[int, str]]:
    """Each fact in seconds since ``START``, and its words."""
    found = []
    for fact in told["history"]:
        words = [str(TIMES.get(value, value)) for key, value in fact.items() if key not in {"time", "configKey"}]
        found.append((TIMES[fact["time"]], " ".join(words)))
    return found


def test_the_life_of_an_answered_message(desk: Desk, cli: Gateway) -> None:
    [seq] = desk.live(Appended(inbound(1), admit()))
    parts = tuple(chunk(seq, position) for position in range(6))
    keys = [part.key for part in parts]
    desk.live(Queued(parts, ((seq, Replied()),), 0, START + 1), at=START + 1)
    desk.live(
        *(Attempted(key, START + 2 + number) for number, key in enumerate(keys)),
        Sent(keys[0], "G", START + 3),
        Failed(keys[1], "refused", START + 9),
        Deferred(keys[2], START + 30, 1, "busy"),
        Uncertain(keys[3], "late"),
        Discarded(keys[4], "given up", START + 40),
        Failed(keys[5], "x", START + 8),
        Requeued(keys[5], START + 10),
    )
    assert lines(cli("explain", "#1", "--json").json) == [
        (0, "received"),
        (0, "judged admitted agent:main:main main known"),
        (1, "settled replied"),
        *((1, f"queued {key}") for key in keys),
        (2, f"attempted {keys[0]}"),
        (3, f"sent {keys[0]} G"),
        (3, f"attempted {keys[1]}"),
        (4, f"attempted {keys[2]} 1"),
        (4, f"deferred {keys[2]} busy 30"),
        (5, f"attempted {keys[3]}"),
        (5, f"uncertain {keys[3]} late"),
        (6, f"attempted {keys[4]}"),
        (7, f"attempted {keys[5]}"),
        (9, f"failed {keys[1]} refused"),
        (40, f"discarded {keys[4]} given up"),
    ]


def test_the_lives_of_those_without_an_answer(desk: Desk, cli: Gateway) -> None:
    rows = [inbound(number) for number in range(1, 7)]
    challenge = Challenge(BEN, "channels.imessage.dmPolicy")
    verdicts: tuple[Verdict, ...] = (MENTION, challenge, Held("no agent"), Held("no agent"), Held("no agent"), admit())
    desk.live(*(Appended(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)))
    desk.live(Settled(2, Dropped("pairing required")), at=START + 5)
    desk.live(Rejudged(3, rows[2], MENTION), Rejudged(4, rows[3], admit()), at=START + 5)
    desk.live(end_held(5, Dropped("discarded")), at=START + 5)
    assert [lines(cli("explain", f"#{seq}", "--json").json)[1:] for seq in range(1, 7)] == [
        [(0, "judged dropped no mention")],
        [(0, f"judged challenged {BEN}"), (5, "settled dropped pairing required")],
        [(5, "judged dropped no mention")],
        [(5, "judged admitted agent:main:main main known")],
        [(0, "judged held"), (5, "settled dropped discarded")],
        [(0, "judged admitted agent:main:main main known")],
    ]
