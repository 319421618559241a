"""Commands in plain words at the gate: an abort word, a reset trigger of one's own. From anybody else they are text."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.policy import Allowed, decide
from actors.envelopes.inbound import Admit, Control, Dropped, Held
from tests.access.builders import ANN, CH, ECHO, PICTURE, config, judge, row, view

NAMED = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
LET_IN: dict[str, Any] = {"allow_from": ("chat_id:7",), "group_policy": "open"}
"""Ann's chat is let in, and no list names her."""
UNAUTHORISED = "control command (unauthorized)"
TRIGGERS = {"resetTriggers": ["/new", "start over", "/fresh"]}
SAID = ["stop", "Esc.", "/stop!", "start over", "START over please", "/fresh", "/fresh fish"]


def spoken(text: str, commands: dict[str, Any] | None = None, group: bool = False, **keys: Any) -> Any:
    """The verdict about words, where Ann is on the list and claw is a name."""
    conf = config(agents=NAMED, commands=commands or {}, session=TRIGGERS)
    attachments = keys.pop("attachments", ())
    return judge(row(text=text, group=group, attachments=attachments), view(conf, **{"allow_from": (ANN,), **keys}))


@pytest.mark.parametrize("text", [*SAID, "claw, wait", "@claw start over"])
@pytest.mark.parametrize(
    ("commands", "keys"), [({}, {}), ({}, {"allow_from": ("*",)}), ({"ownerAllowFrom": [ANN]}, {})]
)
def test_of_whoever_may_command_they_are_commands(text: str, commands: Any, keys: Any) -> None:
    verdict = spoken(text, commands, **{"dm_policy": "open", **keys}) if keys else spoken(text, commands)
    authority, with_message = "owner" if commands else "authorised", text in {"START over please", "/fresh fish"}
    assert verdict == Control("agent:main:main", "main", "auto", authority, True, with_message)


@pytest.mark.parametrize("text", [one for one in SAID if one != "/stop!"])
def test_of_anybody_else_they_are_words(text: str) -> None:
    assert isinstance(spoken(text, **LET_IN), Admit)
    assert isinstance(spoken(f"claw, {text}", group=True, **LET_IN), Admit)
    assert spoken(text, group=True, **LET_IN) == Dropped("no mention", f"{CH}groups.*.requireMention")
    assert spoken("/stop!", **LET_IN) == Dropped(UNAUTHORISED, f"{CH}allowFrom")


def test_in_a_group_an_abort_word_needs_no_mention_and_words_that_begin_anew_do() -> None:
    groups: dict[str, Any] = {"group_allow_from": (ANN,)}
    for text in ("stop", "/stop!", "/fresh", "claw, start over", "@claw stop"):
        assert isinstance(spoken(text, group=True, **groups), Control)
    assert spoken("start over", group=True, **groups) == Dropped("no mention", f"{CH}groups.*.requireMention")
    assert isinstance(spoken("start over", group=True, groups={"*": False}, **groups), Control)


def test_a_word_with_a_picture_is_no_command() -> None:
    assert isinstance(spoken("stop", attachments=(PICTURE,)), Admit)
    assert isinstance(spoken("/stop", attachments=(PICTURE,)), Control)


def test_a_reset_that_is_no_trigger_is_like_a_command_that_is_switched_off() -> None:
    assert isinstance(spoken("/reset"), Control), "whoever may command is told so"
    assert isinstance(spoken("/reset", **LET_IN), Admit)
    assert spoken("/reset", group=True, group_allow_from=(ANN,)) == Dropped(
        "no mention", f"{CH}groups.*.requireMention"
    )


def test_i8_a_word_is_not_held_for_files_that_cannot_be_read() -> None:
    """What is stopped once they can be is something else."""
    unreadable = Allowed(readable=False)
    of = view(config(agents=NAMED), **LET_IN)
    assert isinstance(decide(row(text="stop"), of, unreadable), Admit)
    assert isinstance(decide(row(text="/stop"), of, unreadable), Held)
