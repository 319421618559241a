"""``/status``, ``/whoami``, ``/help`` and ``/commands``: what is told to whoever may command."""

from __future__ import annotations

import pytest

from actors.commands import answers, manual
from actors.commands.desk import NO_ANSWER, PATIENCE
from actors.commands.parse import CARRIED_OUT
from actors.envelopes.control import Record
from actors.envelopes.session import Recall, Recalled, Standing
from actors.envelopes.steering import Look, Looked
from tests.commands.conftest import Open
from tests.commands.counter import TEXT, Counter
from tests.support.rows import ANN, BEN

MAIN, GROUP = "agent:main:main", "agent:main:imessage:group:7"
ZONE = TEXT.replace("agents: {", 'agents: { defaults: { userTimezone: "Europe/Berlin" },')
IDLE, NOTHING = Looked(0, 0, None), Recalled(MAIN, 0)
AT = 1_800_000_000.0


def test_the_sessions_then_the_journal_are_asked(counter: Counter) -> None:
    seq = counter.tell("/status", "authorised")
    assert counter.sessions.told == [Look(MAIN, seq, counter.ref)]
    assert counter.journal.told == []
    counter.stage.tell(counter.ref, Looked(seq, 0, None))
    assert counter.journal.told == [Record(Recall(MAIN, 1, 7, seq, 0, 0), counter.ref)]
    assert counter.replies == []
    counter.stage.tell(counter.ref, Recalled(MAIN, seq))
    assert [reply.text.splitlines() for reply in counter.replies] == [
        [
            "imessage-gateway 0.1.0",
            "agent: main, model xai:y",
            f"session: {MAIN}",
            "turn: none runs",
            "turns: none yet",
            "link: default is up",
        ]
    ]


def test_what_runs_what_waits_and_what_was_said_is_told_in_the_peoples_time(opened: Open) -> None:
    counter = opened(ZONE)
    counter.standings[MAIN] = Standing(queue="steer", model="x/z", send="off", activation="always", failures=2)
    wall = counter.stage.clock.wall()
    said = counter.answer("/status", Looked(0, 3, wall - 130), Recalled(MAIN, 0, number=5, last_at=AT))
    lines = said.splitlines()
    assert lines[1] == "agent: main, model x/z"
    assert lines[3].startswith("turn: runs since ")
    assert lines[3].endswith("(2m), 3 waiting")
    assert lines[4] == "turns: 4, the last one ended Fri 2027-01-15 09:00 CET"
    assert lines[5] == "set here: activation always, send off, queue steer, model x/z, 2 turns failed in a row"


def test_it_may_be_asked_in_a_group(counter: Counter) -> None:
    said = counter.answer("/status", IDLE, NOTHING, authority="authorised", is_group=True)
    assert f"session: {GROUP}" in said


def test_no_answer_is_said(counter: Counter) -> None:
    counter.tell("/status")
    counter.stage.advance(PATIENCE)
    assert [reply.text for reply in counter.replies] == [f"{NO_ANSWER}gateway status"]


@pytest.mark.parametrize("text", ["/status", "/whoami", "/id", "/help", "/commands"])
def test_nothing_is_told_late(counter: Counter, text: str) -> None:
    assert counter.say(text, replayed=True) == answers.again()


LISTS = TEXT.replace('allowFrom: ["+15552223333"],', 'allowFrom: ["+15552223333"], groupAllowFrom: ["*"],')
EVERYONE = TEXT.replace("debug: true,", "debug: true, useAccessGroups: false,")
ONLY = TEXT.replace("debug: true,", 'debug: true, allowFrom: { imessage: ["+15554445555"] },')


@pytest.mark.parametrize(
    ("text", "sender", "authority", "is_group", "by"),
    [
        (TEXT, ANN, "owner", False, "owner, by commands.ownerAllowFrom"),
        (TEXT, ANN, "authorised", True, "may command, by commands.ownerAllowFrom"),
        (TEXT, BEN, "authorised", False, "may command, by pairing"),
        (LISTS, BEN, "authorised", True, "may command, by channels.imessage.groupAllowFrom"),
        (EVERYONE, BEN, "authorised", True, "may command, by commands.useAccessGroups"),
        (ONLY, BEN, "authorised", False, "may command, by commands.allowFrom.imessage"),
        (ONLY, ANN, "owner", False, "owner, by commands.ownerAllowFrom"),
        (
            TEXT.replace('ownerAllowFrom: ["+15552223333"]', "ownerAllowFrom: []"),
            ANN,
            "owner",
            False,
            "owner, by pairing",
        ),
        (
            TEXT.replace('ownerAllowFrom: ["+15552223333"]', "ownerAllowFrom: []"),
            ANN,
            "authorised",
            True,
            "may command, by channels.imessage.allowFrom",
        ),
    ],
)
def test_who_somebody_is_and_by_what_list(
    opened: Open, text: str, sender: str, authority: str, is_group: bool, by: str
) -> None:
    said = opened(text).say("/whoami", authority, sender=sender, is_group=is_group).splitlines()
    chat = ["chat: chat_id:7"] if is_group else []
    assert said == ["channel: imessage, account default", f"you: {sender}", *chat, by]


def test_an_account_that_is_gone_names_no_list(counter: Counter) -> None:
    assert counter.say("/whoami", account="gone").endswith("owner, by a list that is gone")


def test_help_is_short_and_names_the_rest(counter: Counter) -> None:
    said = counter.say("/help", "authorised").splitlines()
    assert [line.split()[0] for line in said] == ["/status", "/new", "/stop", "/whoami", "All"]
    assert said[-1] == manual.MORE


def test_all_commands_are_told_with_their_forms(counter: Counter) -> None:
    said = counter.say("/commands", "authorised", is_group=True).splitlines()
    named = {line.split()[0].removeprefix("/") for line in said if line.startswith("/")}
    assert named == CARRIED_OUT == {entry.name for entry in manual.ENTRIES}
    assert said.index(manual.OWNERS) < min(said.index(line) for line in said if line.startswith("/config"))


def test_but_none_that_is_switched_off(opened: Open) -> None:
    off = TEXT.replace("config: true, debug: true", "config: false, debug: false, restart: false")
    counter = opened(off.replace("commands: {", 'session: { resetTriggers: ["/reset", "start over"] },\n  commands: {'))
    said = counter.say("/commands").splitlines()
    assert not [line for line in said if line.startswith(("/config", "/debug", "/restart", "/new"))]
    assert "start over - a new session" in said
    assert [line.split()[0] for line in counter.say("/help").splitlines()] == ["/status", "/stop", "/whoami", "All"]
