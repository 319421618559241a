"""``/debug``: what lies over the config in memory, told to the keeper and answered when it answers."""

from __future__ import annotations

import pytest

from actors.commands.debug import MEMORY, USAGE
from actors.commands.desk import NO_ANSWER, PATIENCE, STARTING
from actors.envelopes.control import Overrule, Overruled
from config.edit import Set, Unset
from tests.commands.counter import SECRET, Counter

LIMIT = ("channels", "imessage", "historyLimit")


def answered(counter: Counter, text: str, overrides: object, *problems: str) -> str:
    """What is said once the keeper has answered; nothing before."""
    before = len(counter.replies)
    seq = counter.tell(text)
    assert len(counter.replies) == before
    counter.stage.tell(counter.ref, Overruled(seq, overrides, problems))
    assert [reply.seq for reply in counter.replies[before:]] == [seq]
    return counter.replies[-1].text


def laid(value: object = 3) -> object:
    return {"channels": {"imessage": {"historyLimit": value}}}


@pytest.mark.parametrize(
    ("text", "edits", "reset"),
    [
        ("/debug", (), False),
        ("/debug show", (), False),
        ("/debug set channels.imessage.historyLimit=3", (Set(LIMIT, 3),), False),
        ("/debug SET channels.imessage.historyLimit = 3", (Set(LIMIT, 3),), False),
        ("/debug unset channels.imessage.historyLimit", (Unset(LIMIT, prune=True),), False),
        ("/debug reset", (), True),
    ],
)
def test_the_keeper_is_told_what_to_lay_over_the_config(
    counter: Counter, text: str, edits: tuple[object, ...], reset: bool
) -> None:
    before = counter.file.read_text()
    seq = counter.tell(text)
    assert counter.overrule() == Overrule(edits, reset, seq, counter.ref)
    assert counter.file.read_text() == before


def test_its_answer_is_what_is_said(counter: Counter) -> None:
    text = "/debug set channels.imessage.historyLimit=3"
    assert answered(counter, text, laid()) == f"channels.imessage.historyLimit = 3\n{MEMORY}"
    assert answered(counter, "/debug", laid()) == (
        "Over the config, in memory only:\nchannels.imessage.historyLimit = 3"
    )
    assert answered(counter, "/debug unset channels.imessage.historyLimit", {}) == (
        "channels.imessage.historyLimit is taken off: the file alone says it now."
    )
    assert answered(counter, "/debug reset", {}) == "Nothing lies over the config any more: the file alone counts."
    assert answered(counter, "/debug show", {}) == "Nothing lies over the config."


def test_a_refusal_of_the_keeper_is_passed_on(counter: Counter) -> None:
    problem = "- channels.imessage.historyLimit: must be a whole number, without quotes (/debug)"
    said = answered(counter, "/debug set channels.imessage.historyLimit=x", {}, problem)
    assert said == f"Not changed, for the config would not be valid:\n{problem}"


def test_no_secret_is_shown(counter: Counter) -> None:
    overrides = {"messages": {"responsePrefix": SECRET}, "agents": {"list": ({"runtime": {"apiKey": "abc"}},)}}
    said = answered(counter, "/debug", overrides)
    assert SECRET not in said
    assert "abc" not in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("set channels.imessage.cliPath=/bin/sh", "forbidden"),
        ("set channels.imessage={cliPath: '/bin/sh'}", "forbidden"),
        ("unset channels.imessage.cliPath", "forbidden"),
        ("set agents.list[0].runtime={type: 'command', command: ['sh']}", "forbidden"),
        ("set channels.imessage.responsePrefix=${HOME}", "forbidden"),
        ("set channels.imessage.$include=x", "path"),
        ("set channels.imessage.name=__OPENCLAW_REDACTED__", "marker"),
        ("set __proto__.x=1", "syntax"),
        ("set channels.imessage.allowFrom=[", "syntax"),
        ("unset", "path"),
    ],
)
def test_what_no_chat_may_change_is_not_laid_over_either(counter: Counter, text: str, code: str) -> None:
    assert counter.say(f"/debug {text}").startswith("Not changed: ")
    assert counter.keeper.told == []
    assert [line[:3] for line in counter.audited] == [("chat:+15552223333", "rejected", code)]


@pytest.mark.parametrize("text", ["frob", "show me", "reset all"])
def test_other_words_are_answered_with_its_usage(counter: Counter, text: str) -> None:
    assert counter.say(f"/debug {text}") == USAGE


def test_a_keeper_that_does_not_answer_costs_no_answer(counter: Counter) -> None:
    seq = counter.tell("/debug reset")
    counter.stage.advance(PATIENCE)
    assert [reply.text for reply in counter.replies] == [f"{NO_ANSWER}/debug show"]
    counter.stage.tell(counter.ref, Overruled(seq, {}))
    assert len(counter.replies) == 1


def test_an_answer_in_time_is_the_only_one(counter: Counter) -> None:
    answered(counter, "/debug reset", {})
    counter.stage.advance(10 * PATIENCE)
    assert len(counter.replies) == 1


def test_before_there_is_a_keeper_it_says_so(counter: Counter) -> None:
    counter.open(listens=False)
    assert counter.say("/debug") == STARTING
