"""The demo's judgements, fed with what a broken gateway would leave behind: each must be told from what is right."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.control.demo import checks
from actors.control.demo.librarian import NOTHING_ASKED, TIP, reply
from actors.control.demo.story import CLOCKMAKER, LIGHTHOUSE
from actors.outbound.chunks import chunk

LIMIT = 400
STORY = chunk(LIGHTHOUSE, LIMIT)
CODE = "This chat is answered by an assistant.\n\nPairing code: 65MYKTY9\n\nbye"


def swapped(bubbles: Sequence[str]) -> list[str]:
    return [bubbles[1], bubbles[0], *bubbles[2:]]


def test_a_stranger_gets_one_message_with_a_code() -> None:
    assert checks.challenged("x", [CODE]).ok
    assert checks.pairing_code([CODE]) == "65MYKTY9"


@pytest.mark.parametrize(
    "answers",
    [[], ["echo: Hi"], [CODE, CODE], ["echo: Hi", CODE], ["Pairing code: 65MYKTY0"], ["Pairing code: 65MYKTY"]],
)
def test_no_code_two_messages_or_an_answer_are_no_challenge(answers: list[str]) -> None:
    assert not checks.challenged("x", answers).ok


def test_an_approval_ends_well_and_names_the_person() -> None:
    assert checks.approved("x", 0, "approved +1555", "+1555").ok
    assert not checks.approved("x", 1, "approved +1555", "+1555").ok
    assert not checks.approved("x", 0, "approved +1666", "+1555").ok
    assert not checks.approved("x", None, "", "+1555").ok


@pytest.mark.parametrize(
    ("answers", "session"),
    [([], "main"), (["a", "a"], "main"), (["b"], "main"), (["a"], "group:2"), (["a"], None), (["a", "b"], "main")],
)
def test_a_missing_double_wrong_or_misplaced_answer_is_seen(answers: list[str], session: str | None) -> None:
    assert checks.answered("x", ["a"], "a", "main", "main").ok
    assert not checks.answered("x", answers, "a", session, "main").ok


@pytest.mark.parametrize(
    ("answers", "requests", "with_key", "session"),
    [
        ([], 2, 2, "main"),
        (["a", "a"], 2, 2, "main"),
        (["HTTP 429", "a"], 2, 2, "main"),
        (["a"], 1, 1, "main"),
        (["a"], 3, 3, "main"),
        (["a"], 2, 1, "main"),
        (["a"], 2, 0, "main"),
        (["a"], 2, 2, None),
        (["a"], 2, 2, "other"),
    ],
)
def test_a_model_that_was_busy_is_asked_once_more_with_its_key_and_the_chat_sees_one_answer(
    answers: list[str], requests: int, with_key: int, session: str | None
) -> None:
    assert checks.retried("x", ["a"], "a", 2, 2, "main", "main").ok
    assert not checks.retried("x", answers, "a", requests, with_key, session, "main").ok


@pytest.mark.parametrize("answers", [[], ["session: x"], ["link: ok"], ["session: x\nlink: ok"] * 2])
def test_an_answer_with_words_missing_and_two_answers_are_seen(answers: list[str]) -> None:
    assert checks.told("x", ["session: x\nlink: ok"], "session: x", "link: ").ok
    assert not checks.told("x", answers, "session: x", "link: ").ok


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["What next?"], TIP),
        (["What next?", "And then?"], TIP),
        (["+12025550143: What next?", "[...]\n+12025550143: What did I ask you before?"], "You asked: What next?"),
        (["What next?", "Hm", "what did i ask you before"], "You asked: What next? / Hm"),
        (["What did I ask you before?"], NOTHING_ASKED),
        ([], TIP),
    ],
)
def test_the_model_of_the_demo_knows_only_what_it_is_reminded_of(asked: list[str], said: str) -> None:
    messages = [{"role": "system", "content": "be kind"}, *({"role": "user", "content": text} for text in asked)]
    assert reply({"messages": messages}).text == said


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        (["echo: hi"], "dropped", "no mention"),
        ([], "dropped", "not in groupAllowFrom"),
        ([], "held", "no mention"),
        ([], "replied", None),
        ([], None, None),
    ],
)
def test_silence_counts_only_when_it_was_meant(answers: list[str], outcome: str | None, reason: str | None) -> None:
    assert checks.unanswered("x", [], "dropped", "no mention", "no mention").ok
    assert not checks.unanswered("x", answers, outcome, reason, "no mention").ok


def test_a_long_answer_in_fitting_messages_is_whole() -> None:
    check = checks.chunked("x", STORY, LIGHTHOUSE, LIMIT)
    assert check.ok
    assert check.seen == "7 messages of at most 398, nothing lost"


@pytest.mark.parametrize(
    "bubbles",
    [
        (),
        (LIGHTHOUSE,),
        STORY[1:],
        STORY[:-1],
        (*STORY, STORY[-1]),
        (STORY[0], *STORY),
        swapped(STORY),
        chunk(LIGHTHOUSE, LIMIT + 100),
        chunk(CLOCKMAKER, LIMIT),
    ],
)
def test_a_lost_double_swapped_oversized_or_foreign_message_is_seen(bubbles: Sequence[str]) -> None:
    assert not checks.chunked("x", bubbles, LIGHTHOUSE, LIMIT).ok


@given(st.data())
def test_whatever_is_taken_out_or_said_again_is_noticed(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(STORY) - 1))
    again = data.draw(st.integers(0, len(STORY)))
    without = [*STORY[:position], *STORY[position + 1 :]]
    twice = [*STORY[:again], STORY[position], *STORY[again:]]
    assert "missing" in checks.difference(without, [LIGHTHOUSE])
    assert "twice" in checks.difference(twice, [LIGHTHOUSE])
    assert checks.difference(STORY, [LIGHTHOUSE]) == ""


def test_an_answer_survives_a_kill_only_whole_and_in_its_middle() -> None:
    bubbles = [*STORY, "echo: hi"]
    texts = (LIGHTHOUSE, "echo: hi")
    assert checks.survived("x", 2, bubbles, texts).ok
    assert not checks.survived("x", 0, bubbles, texts).ok
    assert not checks.survived("x", len(bubbles), bubbles, texts).ok
    assert not checks.survived("x", 2, bubbles[:-1], texts).ok
    assert not checks.survived("x", 2, [*bubbles[:3], *bubbles[2:]], texts).ok
    assert not checks.survived("x", 2, ["echo: hi", *STORY], texts).ok


@pytest.mark.parametrize(
    ("states", "copies", "ok"),
    [
        (["sent"], 1, True),
        (["sent"], 2, False),
        (["sent"], 0, False),
        (["uncertain"], 1, False),
        (["failed"], 0, False),
        ([], 1, False),
        (["sent", "sent"], 1, False),
    ],
)
def test_a_doubt_must_end_in_one_copy_known_to_be_sent(states: list[str], copies: int, ok: bool) -> None:
    assert checks.doubted("x", states, copies).ok is ok


def test_the_books_must_agree_and_be_closed() -> None:
    assert checks.finished("x", 18, 18, {}).ok
    assert not checks.finished("x", 19, 18, {}).ok
    assert not checks.finished("x", 0, 0, {}).ok
    open_work = {"open messages": 1, "uncertain answers": 2}
    check = checks.finished("x", 18, 18, open_work)
    assert not check.ok
    assert check.seen == "18 in Messages, 18 in the journal, 1 open messages, 2 uncertain answers"


def test_a_process_must_have_ended_well_and_its_children_too() -> None:
    assert checks.ended("x", 0).ok
    assert not checks.ended("x", None).ok
    assert not checks.ended("x", -9).ok
    assert checks.gone("x", 1, 0).ok
    assert not checks.gone("x", 1, 1).ok
    assert not checks.gone("x", 0, 0).ok
