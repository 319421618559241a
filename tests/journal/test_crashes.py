"""Killed between any two batches of the whole flow: nothing lost, nothing twice, nothing out of order (promise 1)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journal.world import LIMIT, Gateway, Phone

MESSAGES = [message for n in range(4) for message in ((1, f"{n}"), (2, f"long{n} words{n}"))]
"""Two chats; the answers in the second are two bubbles each."""


def bubbles(text: str) -> list[str]:
    """What ``echo: <text>`` is sent as."""
    words, found = f"echo: {text}".split(), [""]
    for word in words:
        joined = f"{found[-1]} {word}".strip()
        if len(joined) > LIMIT:
            found.append(word)
        else:
            found[-1] = joined
    return found


def doubted(gateway: Gateway) -> bool:
    """Whether any chunk was in doubt at any time: then what stood behind it may come later."""
    return any(kind in ("forgets", "is silent") for kind in gateway.phone.behaviour) or gateway.phone.killed


def check(gateway: Gateway) -> None:
    """The core promise, about everything that was written to the phone and everything that came out of it."""
    phone = gateway.phone
    expected = [(chat, bubble) for chat, text in phone.written for bubble in bubbles(text)]
    assert len(set(expected)) == len(expected)
    times = Counter(phone.sent)
    assert set(times) <= set(expected), "something nobody asked for"
    assert {bubble for bubble, count in times.items() if count > 1} == set(), "sent twice"
    people = "SELECT outcome, count(*) FROM inbound WHERE kind = 'admit' GROUP BY outcome"
    assert gateway.query(people) == [("replied", len(phone.written))], "lost, or not settled"
    own = gateway.query("SELECT count(*) FROM inbound WHERE outcome = 'dropped'")
    assert own == [(len(phone.rows) - len(phone.written),)]
    outbox = gateway.query("SELECT chat_id, text, state FROM outbox ORDER BY key")
    assert sorted((chat, text) for chat, text, _ in outbox) == sorted(expected)
    for chat, text, state in outbox:
        assert state in ("sent", "uncertain", "failed", "queued"), "still under way"
        assert (state == "sent") == ((chat, text) in times), "what went out is proved by its own row"
    for chat in {chat for chat, _ in phone.written}:
        sent = [text for one, text in phone.sent if one == chat]
        replies = [bubbles(text) for one, text in phone.written if one == chat]
        firsts = [reply[0] for reply in replies if reply[0] in sent]
        assert [text for text in sent if text in firsts] == firsts, "replies start in turn order"
        for reply in replies:
            mine = [text for text in reply if text in sent]
            assert [text for text in sent if text in mine] == mine, "bubbles of a reply in order"
        if not doubted(gateway):
            assert sent == [text for reply in replies for text in reply if text in sent], "one after the other"
    if not phone.behaviour:
        # A chunk stays behind only behind one that is in doubt.
        doubts = {key >> 12 for (key,) in gateway.query("SELECT key FROM outbox WHERE state = 'uncertain'")}
        behind = {key >> 12 for (key,) in gateway.query("SELECT key FROM outbox WHERE state = 'queued'")}
        assert behind <= doubts
    assert gateway.query("SELECT max(cursor) FROM source") == [(len(phone.rows),)]


def test_without_a_kill_everything_is_answered(tmp_path: Path) -> None:
    for seed in range(5):
        gateway = Gateway(tmp_path / f"{seed}.db", Phone(), seed)
        gateway.hear(*MESSAGES)
        gateway.finish()
        check(gateway)
        assert gateway.query("SELECT DISTINCT state FROM outbox") == [("sent",)]
        gateway.close()


def steps(tmp_path: Path) -> int:
    """How many batches the story takes."""
    gateway = Gateway(tmp_path / "count.db", Phone(), 1)
    gateway.hear(*MESSAGES)
    count = gateway.turns(100_000)
    gateway.close()
    return count


@pytest.mark.parametrize("pipe_survives", [False, True])
def test_a_kill_after_every_single_batch(tmp_path: Path, pipe_survives: bool) -> None:
    count = steps(tmp_path)
    assert count > 30
    uncertain = 0
    for step in range(count):
        phone = Phone()
        gateway = Gateway(tmp_path / f"{step}.db", phone, 1)
        gateway.hear(*MESSAGES)
        gateway.turns(step)
        path = gateway.kill(tmp_path / f"{step}", pipe_survives=pipe_survives)
        gateway = Gateway(path, phone, step, wall=1_800_001_010.0)
        gateway.finish()
        check(gateway)
        found = gateway.query("SELECT count(*) FROM outbox WHERE state = 'uncertain'")[0][0]
        uncertain += found
        assert found <= 2, "at most what was under way"
        gateway.close()
    assert uncertain > 0, "no kill hit the one window there is"


@given(
    seed=st.integers(0, 1 << 16),
    kills=st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(0, 3)), max_size=5),
    behaviour=st.lists(
        st.sampled_from(["accepts", "accepts", "is busy", "refuses", "forgets", "is silent"]), max_size=12
    ),
)
@settings(max_examples=60, deadline=None)
def test_any_kills_and_any_behaviour_of_imsg(
    seed: int, kills: list[tuple[int, bool, int]], behaviour: list[str]
) -> None:
    folder = Path.home() / f"{len(list(Path.home().iterdir()))}"
    folder.mkdir()
    phone = Phone(behaviour)
    path, wall = folder / "journal.db", 1_800_001_000.0
    gateway = Gateway(path, phone, seed)
    gateway.hear(*MESSAGES)
    for life, (step, survives, more) in enumerate(kills):
        gateway.turns(step)
        path = gateway.kill(folder / f"{life}", pipe_survives=survives)
        wall += 10.0
        gateway = Gateway(path, phone, seed + life, wall)
        gateway.hear(*((3 + life, f"l{number}") for number in range(more)))
    gateway.finish()
    check(gateway)
    gateway.close()


def test_sessions_that_start_again_at_any_moment_answer_nothing_twice(tmp_path: Path) -> None:
    """Their rows come again while the first answers are still on the way to the outbox."""
    count = steps(tmp_path)
    for step in range(count):
        gateway = Gateway(tmp_path / f"{step}.db", Phone(), 1)
        gateway.hear(*MESSAGES)
        gateway.turns(step)
        gateway.restart_sessions()
        gateway.finish()
        check(gateway)
        assert gateway.query("SELECT DISTINCT state FROM outbox") == [("sent",)]
        gateway.close()


def test_a_kill_after_every_batch_of_a_release_answers_what_was_held_once_and_in_order(tmp_path: Path) -> None:
    """What was held is judged again by the next gateway: killed in the middle of that, the one after goes on."""

    def held(folder: Path) -> tuple[Path, Phone]:
        phone = Phone()
        folder.mkdir()
        gateway = Gateway(folder / "journal.db", phone, 1, readable=False)
        gateway.hear(*MESSAGES)
        gateway.finish()
        assert gateway.query("SELECT DISTINCT outcome FROM inbound") == [("held",)]
        assert phone.sent == []
        return gateway.kill(folder / "held", pipe_survives=False), phone

    path, phone = held(tmp_path / "count")
    gateway = Gateway(path, phone, 1, wall=1_800_003_000.0)
    count = gateway.turns(100_000)
    gateway.close()
    assert count > 20
    for step in range(count):
        path, phone = held(tmp_path / f"{step}")
        gateway = Gateway(path, phone, 1, wall=1_800_003_000.0)
        gateway.turns(step)
        path = gateway.kill(tmp_path / f"{step}" / "released", pipe_survives=bool(step % 2))
        gateway = Gateway(path, phone, step, wall=1_800_003_010.0)
        gateway.finish()
        check(gateway)
        gateway.close()
