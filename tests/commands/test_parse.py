"""Control commands: which texts are one, and which only look like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.commands.parse import (
    BY_NAME,
    CARRIED_OUT,
    KNOWN,
    OF_A_SESSION,
    SWITCHED,
    Command,
    parse,
    switched_off,
)
from config.schema.commands import Commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/status", Command("status")),
        ("  /status  ", Command("status")),
        ("\n/STATUS", Command("status")),
        ("/Status:", Command("status")),
        ("/status\n\n \t", Command("status")),
        ("/id", Command("whoami")),
        ("/new", Command("new")),
        ("/new hello there", Command("new", "hello there")),
        ("/new: hello there", Command("new", "hello there")),
        ("/new:hello", Command("new", "hello")),
        ("/new\thello", Command("new", "hello")),
        ("/new\u00a0hello", Command("new", "hello")),
        ("/new hello\nsecond line", Command("new", "hello\nsecond line")),
        ("/reset\n\nhello\nthere ", Command("reset", "hello\nthere")),
        ("/config set a=b\nmore", Command("config", "set a=b")),
        ("/config set a.b=C D", Command("config", "set a.b=C D")),
        ("/config set a=b: c", Command("config", "set a=b: c")),
        ("/stop", Command("stop")),
        ("/stop!", Command("stop")),
        (" /STOP ?!..\n", Command("stop")),
    ],
)
def test_a_command_is_the_whole_text_or_has_arguments_on_its_first_line(text: str, expected: Command) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "//status",
        "/ status",
        "status",
        "please /status",
        "/status please",
        "/status: please",
        "/status, please",
        "/status\nclaw, what is that?",
        "/status\r\nand more",
        "/status:\n/status",
        "/statusx",
        "/configure x",
        "/config/x",
        "/nothing",
        "/etc/hosts",
        "/whoami?",
        "/stop it!",
        "/stops!",
        "-/status",
        # Bare abort words are no commands to the gate.
        "stop",
        "abort",
        # Only plain letters make a name: the Kelvin sign is no k, and what is hidden is no command.
        "/bloc\u212a",
        "/tas\u212a",
        "\uff0fstatus",
        "\u200b/status",
        "/sta\u200btus",
        "/statu\u0455",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert parse(text) is None


def test_names_are_plain_and_aliases_lead_to_a_main_name() -> None:
    assert {form.name for form in KNOWN.values()} <= KNOWN.keys()
    assert all(name.isascii() and name.islower() and name.isalpha() for name in KNOWN)
    assert set(SWITCHED) <= KNOWN.keys()


def test_what_is_carried_out_here_goes_by_its_main_name() -> None:
    assert {KNOWN[name].name for name in CARRIED_OUT} == CARRIED_OUT
    assert {"allowlist", "config", "debug", "restart"} == BY_NAME
    assert {"activation", "send", "queue", "model"} == OF_A_SESSION
    assert {"help", "commands", "status", "whoami", "new", "reset", "stop"} == CARRIED_OUT - BY_NAME - OF_A_SESSION


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_command_is_known_in_any_case(name: str) -> None:
    form = KNOWN[name]
    assert parse(f"/{name.upper()}") == Command(form.name)
    expected = Command(form.name, "more") if form.takes_arguments else None
    assert parse(f"/{name} more") == parse(f"/{name}: more") == expected


def test_what_is_switched_off() -> None:
    assert switched_off(Commands()) == {"config", "debug", "bash"}
    chosen = Commands.model_validate({"config": True, "debug": True, "bash": True, "restart": False})
    assert switched_off(chosen) == {"restart"}
    assert switched_off(chosen, [" /NEW ", "start over"]) == {"restart", "reset"}
    assert switched_off(chosen, []) == {"restart", "new", "reset"}


def test_a_huge_message_takes_no_time() -> None:
    began = time.perf_counter()
    for text in ("/" * 1_000_000, "/new " + " " * 1_000_000, " " * 1_000_000 + "/x", "/" + "a" * 1_000_000):
        parse(text)
    assert time.perf_counter() - began < 1


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    for candidate in (text, "/" + text, "/status" + text, "/new " + text):
        command = parse(candidate)
        assert command is None or command.name in KNOWN
