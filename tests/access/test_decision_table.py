"""The decision table of inbound 4.3, row by row, each as a direct message and as one in a group.

In the rows before 2, and in 3b, 16 and 18, there is nothing left to decide when access is asked: those go through the
normalizer here, as imsg's own bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from actors.access.controller import AccessController
from actors.access.policy import Allowed, explain
from actors.access.reasons import REASONS
from actors.envelopes.control import Record, Spoken
from actors.envelopes.inbound import Admit, Challenge, Control, Corrupt, Dropped, Held, Received, Verdict
from actors.normalizer.actor import Normalizer
from actors.normalizer.echoes import LOOP
from tests.access.builders import ANN, BEN, CH, OWN, config, judge, row, view
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, guid, raw

NAMED = config(agents={"list": [{"id": "main", "identity": {"name": "Claw"}, "runtime": {"type": "echo"}}]})
EMPTY = "groupPolicy allowlist (empty groupAllowFrom)"
UNAUTHORISED = "control command (unauthorized)"
MENTION_KEY = CH + "groups.*.requireMention"


def direct(authority: str = "authorised") -> Admit:
    return Admit("agent:main:main", "main", True, "auto", False, authority)


def group(authority: str = "authorised", mentioned: bool = False) -> Admit:
    return Admit("agent:main:imessage:group:7", "main", mentioned, "auto", False, authority)


CONTROL = Control("agent:main:main", "main", "auto", "authorised")
IN_GROUP = Control("agent:main:imessage:group:7", "main", "auto", "authorised")


class Case(NamedTuple):
    """A row of the page: its condition, as keys of the account and changes of the message; the verdict in each form."""

    number: str
    keys: dict[str, Any]
    changes: dict[str, Any]
    direct: Verdict
    group: Verdict


LISTED: dict[str, Any] = {"allow_from": (ANN,), "group_allow_from": (ANN,)}
OPEN: dict[str, Any] = {"dm_policy": "open", "allow_from": ("*",), "group_policy": "open"}
BY_CHAT: dict[str, Any] = {"allow_from": ("chat_id:7",), "group_policy": "open"}
"""Let in, and named on no list."""
SELF: dict[str, Any] = {"is_from_me": True, "sender": OWN, "identifier": OWN}
NOT_LISTED = Dropped("not in groupAllowFrom", CH + "groupAllowFrom")
DISABLED: dict[str, Any] = {**LISTED, "dm_policy": "disabled", "group_policy": "disabled"}
DM_DISABLED, GROUPS_DISABLED = (
    Dropped("dmPolicy disabled", CH + "dmPolicy"),
    Dropped("groupPolicy disabled", CH + "groupPolicy"),
)
BLOCKED = Dropped("dmPolicy blocked", CH + "allowFrom")
ASKED = Challenge(ANN, CH + "dmPolicy")

PAGE = [
    Case("2 sender blank", OPEN, {"sender": " "}, Dropped("missing sender"), Dropped("missing sender")),
    Case("3 from me", OPEN, {"is_from_me": True}, Dropped("from me"), Dropped("from me")),
    Case("3a self-chat", {"allow_from": (OWN,)}, SELF, direct(), Dropped("from me")),
    Case(
        "3a self-chat, written otherwise",
        {"allow_from": ("(555) 999-0000",)},
        {**SELF, "identifier": "tel:+1 555 999 0000"},
        direct(),
        Dropped("from me"),
    ),
    Case("3a not listed", {}, SELF, Dropped("from me", CH + "allowFrom"), Dropped("from me")),
    Case("3a blocked", {"dm_policy": "allowlist"}, SELF, Dropped("from me", CH + "allowFrom"), Dropped("from me")),
    Case("3a disabled", {**OPEN, "dm_policy": "disabled"}, SELF, DM_DISABLED, Dropped("from me")),
    Case("3a the chat is another", OPEN, {**SELF, "identifier": ANN}, Dropped("from me"), Dropped("from me")),
    Case("3a the sender is another", OPEN, {**SELF, "sender": ANN}, Dropped("from me"), Dropped("from me")),
    Case("3c no own handle", OPEN, {**SELF, "own_handle": ""}, Dropped("from me"), Dropped("from me")),
    Case("4 twin", OPEN, {**SELF, "is_from_me": False}, Dropped("self-chat echo"), Dropped("from me")),
    Case("4 twin in another chat", OPEN, {"sender": OWN}, Dropped("from me"), Dropped("from me")),
    Case("5 no chat_id", OPEN, {"chat_id": 0}, Held("no chat anchor"), Dropped("group without chat_id")),
    Case("6, 10 disabled", DISABLED, {}, DM_DISABLED, GROUPS_DISABLED),
    Case("7 empty list", {}, {}, ASKED, Dropped(EMPTY, CH + "allowFrom")),
    Case(
        "7 empty on purpose",
        {**LISTED, "group_allow_from": ()},
        {},
        direct(),
        Dropped(EMPTY, CH + "groupAllowFrom"),
    ),
    Case("8 not listed", {"allow_from": (ANN,), "group_allow_from": (BEN,)}, {}, direct(), NOT_LISTED),
    Case("8 the chat is listed", {**BY_CHAT, "group_policy": "allowlist"}, {}, direct("known"), group("known")),
    Case(
        "9 not registered",
        {**LISTED, "groups": {"42": False}},
        {},
        direct(),
        Dropped("group id not in allowlist", CH + "groups"),
    ),
    Case("9 all are registered", {**LISTED, "groups": {"*": False}}, {}, direct(), group()),
    Case("11 open", OPEN, {}, direct(), group()),
    Case("11 open without a star", {"dm_policy": "open", "group_policy": "open"}, {}, BLOCKED, group("known")),
    Case("12 listed", LISTED, {}, direct(), group()),
    Case("12 anyone", {"allow_from": ("*",)}, {}, direct(), group()),
    Case("13 pairing", {"group_allow_from": (BEN,)}, {}, ASKED, NOT_LISTED),
    Case("14 allowlist", {"dm_policy": "allowlist", "group_allow_from": (BEN,)}, {}, BLOCKED, NOT_LISTED),
    Case("15 body blank", LISTED, {"text": " \n"}, Dropped("empty body"), Dropped("empty body")),
    Case(
        "17 reflected",
        LISTED,
        {"text": "<think>x</think>"},
        Dropped("reflected assistant content"),
        Dropped("reflected assistant content"),
    ),
    Case(
        "17 reflected, to oneself", {"allow_from": (OWN,)}, {**SELF, "text": "<think>x"}, direct(), Dropped("from me")
    ),
    Case("19 reaction", LISTED, {"is_reaction": True}, Dropped("reaction"), Dropped("reaction")),
    Case(
        "20 command, not authorised",
        BY_CHAT,
        {"text": "/status"},
        Dropped(UNAUTHORISED, CH + "allowFrom"),
        Dropped(UNAUTHORISED, CH + "allowFrom"),
    ),
    Case("20 command, authorised", LISTED, {"text": "/status"}, CONTROL, IN_GROUP),
    Case("20 command of the agent, authorised", LISTED, {"text": "/think"}, direct(), group(mentioned=True)),
    Case(
        "20 abort word, authorised",
        LISTED,
        {"text": "Stop!"},
        replace(CONTROL, onward=True),
        replace(IN_GROUP, onward=True),
    ),
    Case("20 abort word, not authorised", BY_CHAT, {"text": "Stop!"}, direct("known"), group("known")),
    Case(
        "20 reset with a message",
        LISTED,
        {"text": "/new hello"},
        replace(CONTROL, onward=True, with_message=True),
        replace(IN_GROUP, onward=True, with_message=True),
    ),
    Case("22 else", LISTED, {}, direct(), group()),
]
GATED = [
    Case(
        "20 not even with a mention",
        {**BY_CHAT, "group_allow_from": (BEN,)},
        {"text": "@claw /status"},
        Dropped(UNAUTHORISED, CH + "allowFrom"),
        Dropped(UNAUTHORISED, CH + "groupAllowFrom"),
    ),
    Case("20 before 21", BY_CHAT, {"text": "/status"}, *[Dropped(UNAUTHORISED, CH + "allowFrom")] * 2),
    Case("21 no mention", LISTED, {}, direct(), Dropped("no mention", MENTION_KEY)),
    Case("21 mentioned", LISTED, {"text": "hi Claw"}, direct(), group(mentioned=True)),
    Case("21 by an authorised command", LISTED, {"text": "/status"}, CONTROL, IN_GROUP),
    Case(
        "21 by an abort word", LISTED, {"text": "stop"}, replace(CONTROL, onward=True), replace(IN_GROUP, onward=True)
    ),
    Case(
        "21 not by an abort word of anybody",
        BY_CHAT,
        {"text": "stop"},
        direct("known"),
        Dropped("no mention", MENTION_KEY),
    ),
    Case("21 by a command of the agent", LISTED, {"text": "/think"}, direct(), group(mentioned=True)),
    Case("21 other slash text", LISTED, {"text": "/status now"}, direct(), Dropped("no mention", MENTION_KEY)),
    Case("21 not required", {**LISTED, "groups": {"*": False}}, {}, direct(), group()),
    Case("8 before 21", {"group_allow_from": (BEN,)}, {}, ASKED, NOT_LISTED),
    Case("15 before 21", LISTED, {"text": ""}, Dropped("empty body"), Dropped("empty body")),
]
"""With a name to be mentioned by."""


@pytest.mark.parametrize("form", ["direct", "group"])
@pytest.mark.parametrize(
    ("case", "named"),
    [*((case, False) for case in PAGE), *((case, True) for case in GATED)],
    ids=[case.number for case in (*PAGE, *GATED)],
)
def test_a_row_of_the_table(case: Case, named: bool, form: str) -> None:
    of = view(NAMED if named else None, **case.keys)
    message = row(**{"group": form == "group", **case.changes})
    verdict, expected = judge(message, of), getattr(case, form)
    assert verdict == expected
    assert type(verdict) is type(expected)
    told = explain(message, of, Allowed())
    assert told.verdict == verdict
    assert told.reason in REASONS or not told.reason
    if isinstance(verdict, Dropped | Held | Challenge) and verdict.config_key:
        assert told.flip, "a setting decided: the hint names what to change"


class Line:
    """imsg's rows through normalizer and access, to a journal that only listens."""

    def __init__(self, stage: KillableStage) -> None:
        self.stage, self.journal, nobody = stage, Probe("journal"), Probe("nobody")
        views = {ACCOUNT: view(**OPEN)}
        allowed: Any = type("Book", (), {"allowed": lambda *_: Allowed(), "refresh": lambda *_: False, "trouble": ""})()
        access = AccessController.start(
            stage.place("access"), views, allowed, self.journal.ref, nobody.ref, nobody.ref, {}
        )
        self.normalizer = Normalizer.start(stage.place("normalizer"), access, self.journal.ref, [])
        stage.settle()

    def hear(self, *bodies: bytes, said: str = "", guid_of: str = "") -> list[Verdict]:
        """Verdicts about rows that come after we said something in chat 7."""
        if said:
            self.stage.tell(self.normalizer, Spoken(7, 1, said, guid_of, START, open=not guid_of))
        self.stage.tell(self.normalizer, *(Received(ACCOUNT, 1, body, START, 0) for body in bodies))
        return [record.fact.verdict for record in self.journal.all(Record)]


FORMS: dict[str, dict[str, Any]] = {"direct": {}, "group": {"is_group": True, "chat_guid": "iMessage;+;chat7"}}


@pytest.mark.parametrize("form", ["direct", "group"])
def test_1_a_malformed_payload_is_set_aside(form: str, stage: KillableStage) -> None:
    (verdict,) = Line(stage).hear(raw(1, chat_name=7, **FORMS[form]))
    assert isinstance(verdict, Corrupt)


@pytest.mark.parametrize("form", ["direct", "group"])
def test_16_what_we_sent_is_an_echo(form: str, stage: KillableStage) -> None:
    echo = Line(stage).hear(raw(1, text="ours", **FORMS[form]), said="ours", guid_of=guid(1))
    assert echo == [Dropped("echo")]
    assert type(echo[0]) is Dropped


@pytest.mark.parametrize("form", ["direct", "group"])
def test_18_a_loop_is_held(form: str, stage: KillableStage) -> None:
    rows = [raw(number, text="ours", **FORMS[form]) for number in range(1, LOOP + 2)]
    verdicts = Line(stage).hear(*rows, said="ours", guid_of=guid(99))
    assert verdicts[-1] == Held("echo loop")
    assert type(verdicts[-1]) is Held


def test_3b_our_own_answer_in_the_chat_with_oneself_is_an_echo(stage: KillableStage) -> None:
    mine: dict[str, Any] = {"is_from_me": True, "sender": OWN, "chat_identifier": OWN, "destination_caller_id": OWN}
    line = Line(stage)
    verdicts = line.hear(raw(1, text="ours", **mine), said="ours", guid_of=guid(1))
    assert verdicts == [Dropped("agent echo in self-chat")]


def test_every_row_of_the_page_is_here() -> None:
    """Numbers 1, 16 and 18 have tests of their own."""
    numbers = {int(part.rstrip("abc")) for case in (*PAGE, *GATED) for part in _numbers(case.number)}
    assert numbers | {1, 16, 18} == set(range(1, 23))


def _numbers(text: str) -> list[str]:
    return [word.rstrip(",") for word in text.split() if word[0].isdigit()]
