"""``/debug``: what lies over the config in memory, told to the keeper and answered when it answers."""

from __future__ import annotations

import pytest

from actors.commands.config import UNDO
from actors.commands.debug import MEMORY, USAGE
from actors.commands.desk import NO_ANSWER, OVERRIDES, PATIENCE, STARTING
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
    assert counter.ordered == []
    assert [line[:3] for line in counter.audited] == [("chat:+15552223333", "rejected", code)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('set channels.imessage.allowFrom=["+15551112222"]', "channels.imessage.allowFrom"),
        ("set channels.imessage.allowFrom[1]=+15551112222", "channels.imessage.allowFrom"),
        ("unset channels.imessage.allowFrom[0]", "channels.imessage.allowFrom"),
        ("set channels.imessage.groupAllowFrom=[]", "channels.imessage.groupAllowFrom"),
        ("set channels.imessage.allowTo=[]", "channels.imessage.allowTo"),
        ("set channels.imessage.accounts.work.allowFrom=[]", "channels.imessage.accounts.work.allowFrom"),
        ("set commands.ownerAllowFrom=[]", "commands.ownerAllowFrom"),
        ("set commands.allowFrom.imessage=[]", "commands.allowFrom"),
        ("set accessGroups.family.members.imessage=[]", "accessGroups"),
        ("set session.identityLinks.ann=[]", "session.identityLinks"),
        ("set session={identityLinks: {}}", "session.identityLinks"),
        ("set channels.imessage={allowFrom: ['+15552223333']}", "channels.imessage.allowFrom"),
        (
            "set channels.imessage.accounts={work: {groupAllowFrom: []}}",
            "channels.imessage.accounts.work.groupAllowFrom",
        ),
        ("set commands=null", "commands.ownerAllowFrom"),
    ],
)
def test_people_are_not_laid_over_the_config(counter: Counter, text: str, named: str) -> None:
    """The whole list would be as it is now, whoever is taken off it in the file later."""
    said = counter.say(f"/debug {text}")
    assert said.startswith(f"Not changed: {named} names people, and whom the file shuts out later would stay in")
    assert "/allowlist" in said
    assert counter.ordered == []
    assert [line[:3] for line in counter.audited] == [("chat:+15552223333", "rejected", "people")]


@pytest.mark.parametrize("text", ["set commands={restart: false}", "set channels.imessage={historyLimit: 3}"])
def test_an_object_beside_them_is(counter: Counter, text: str) -> None:
    counter.tell(f"/debug {text}")
    assert len(counter.ordered) == 1


# What lies over a change of the file.

UNSET = "But /debug lies over it: /debug unset channels.imessage."
GROUPS = {"groups": {"42": {"requireMention": False}, "43": {"requireMention": True}}}


@pytest.mark.parametrize(
    ("laid_over", "path", "lines"),
    [
        ({"historyLimit": 3}, "channels.imessage.historyLimit=5", ["historyLimit"]),
        ({"mediaMaxMb": 3}, "channels.imessage.historyLimit=5", []),
        (GROUPS, "channels.imessage.groups={'44': {}}", ["groups.42.requireMention", "groups.43.requireMention"]),
        (GROUPS, "channels.imessage.groups={'42': {}}", ["groups.42.requireMention", "groups.43.requireMention"]),
        ({"groups": None}, "channels.imessage.groups.42.requireMention=true", ["groups"]),
        ({"history": 1}, "channels.imessage.historyLimit=5", []),
    ],
)
def test_a_change_says_that_debug_lies_over_it(
    counter: Counter, laid_over: object, path: str, lines: list[str]
) -> None:
    answered(counter, "/debug", {"channels": {"imessage": laid_over}})
    expected = [UNSET + line for line in lines]
    said = counter.say(f"/config set {path}").split("\n")
    assert [line for line in said if "/debug" in line] == expected
    assert said[-1] == UNDO
    again = counter.say(f"/config set {path}").split("\n")
    assert again == ["Nothing to change: it says so already.", *expected]
    undone = counter.say("/config undo").split("\n")
    assert undone[0] == "Undone:"
    assert [line for line in undone if "/debug" in line] == expected


def test_what_lies_beside_it_is_not_named(counter: Counter) -> None:
    answered(counter, "/debug", {"channels": {"imessage": GROUPS}})
    said = counter.say("/config set channels.imessage.groups.42.requireMention=true").split("\n")
    assert [line for line in said if "/debug" in line] == [UNSET + "groups.42.requireMention"]


def test_so_does_a_removal_until_it_is_taken_off(counter: Counter) -> None:
    counter.say("/config set channels.imessage.historyLimit=5")
    answered(counter, "/debug set channels.imessage.historyLimit=3", laid())
    assert UNSET + "historyLimit" in counter.say("/config unset channels.imessage.historyLimit").split("\n")
    answered(counter, "/debug reset", {})
    assert "/debug" not in counter.say("/config set channels.imessage.historyLimit=5")


def test_so_does_a_change_of_the_lists(counter: Counter) -> None:
    """An object above them is what may lie there at most."""
    answered(counter, "/debug", {"channels": {"imessage": None}})
    line = "But /debug lies over it: /debug unset channels.imessage"
    for text in ("/allowlist add +15551112222", "/allowlist add +15551112222"):
        assert line in counter.say(text).split("\n")


def test_many_are_counted(counter: Counter) -> None:
    groups = {"groups": {str(number): {"requireMention": True} for number in range(1, 6)}}
    answered(counter, "/debug", {"channels": {"imessage": groups}})
    said = counter.say("/config set channels.imessage.groups={'9': {}}").split("\n")
    assert len([line for line in said if line.startswith(UNSET)]) == 3
    assert "and 2 more: /debug show" in said


def test_a_desk_that_starts_again_asks_what_lies_there(counter: Counter) -> None:
    counter.open(overrides=laid(), generation=2)
    assert counter.keeper.told == [Overrule((), False, OVERRIDES, counter.ref)]
    assert counter.replies == []
    assert UNSET + "historyLimit" in counter.say("/config set channels.imessage.historyLimit=5").split("\n")


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
