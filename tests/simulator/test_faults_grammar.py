"""The control file: what can be said, what cannot, and when it is read again."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.behaviour import BehaviourError
from actors.simulator.faults import FAULT_KEYS, Faults
from actors.simulator.faulty_control import Control
from actors.simulator.faulty_weather import (
    OUTPUTS,
    SENDS,
    STALLS,
    STARTS,
    WATCHES,
    Death,
    ExitAfter,
    Failure,
    SendFault,
    Weather,
    parse_object,
    read_weather,
)

_EXIT_1 = Death("exit", 1)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, Weather()),
        ({"start": None, "send": None, "output": None}, Weather()),
        ({"start": "exit:3"}, Weather(start=Death("exit", 3))),
        ({"start": "signal:9"}, Weather(start=Death("signal", 9))),
        ({"start": "no-rpc"}, Weather(start="no-rpc")),
        ({"hang": True}, Weather(hang=("*",))),
        ({"hang": False}, Weather(hang=())),
        ({"hang": ["send"]}, Weather(hang=("send",))),
        ({"slow": {"send": 5, "*": 1}}, Weather(slow={"send": 5, "*": 1})),
        (
            {"fail": {"send": {"code": -32000, "message": "Server busy", "data": {"a": 1}, "times": 2}}},
            Weather(fail={"send": Failure(-32000, "Server busy", {"a": 1}, 2)}),
        ),
        ({"fail": {"send": {}}}, Weather(fail={"send": Failure(-32603, "Internal error", "", None)})),
        ({"send": "ghost"}, Weather(send=SendFault("ghost", None, 1, 500, _EXIT_1))),
        (
            {"send": {"do": "exit-after", "times": 1, "every": 3, "ms": 0, "how": "signal:11"}},
            Weather(send=SendFault("exit-after", 1, 3, 0, Death("signal", 11))),
        ),
        ({"exit_after": {"rows": 2}}, Weather(exit_after=ExitAfter(0, 2, _EXIT_1))),
        (
            {"exit_after": {"requests": 1, "how": "exit:0"}},
            Weather(exit_after=ExitAfter(1, 0, Death("exit", 0))),
        ),
        ({"stall": "stdin"}, Weather(stall="stdin")),
        (
            {"output": [{"text": "x"}, {"bytes_hex": "00 0d"}, {"both": 7}]},
            Weather(output=(("text", "x"), ("bytes_hex", b"\0\r"), ("both", 7))),
        ),
        ({"stderr_lines": 9}, Weather(stderr_lines=9)),
        ({"watch": "half-rows"}, Weather(watch="half-rows")),
        ({"access": False}, Weather(access=False)),
    ],
)
def test_a_fault_is_read_as_it_is_meant(given: dict[str, Any], read: Weather) -> None:
    assert read_weather(given, "here") == read


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sned": "ghost"}, "here: unknown fault 'sned': use one of start, hang, "),
        ({"start": "exit:256"}, 'here: start: "exit:256" is neither exit:0..255 nor signal:N'),
        ({"start": "signal:4711"}, 'here: start: "signal:4711" is neither'),
        ({"start": 1}, "here: start: 1 is none of hang, "),
        ({"hang": "send"}, 'here: hang: "send" is neither true nor a list of methods'),
        ({"slow": {"send": -1}}, "here: slow.send: -1 is not a whole number from 0"),
        ({"slow": 5}, "here: slow: 5 is not an object"),
        ({"fail": {"send": {"code": True}}}, "here: fail.send.code: true is not an integer"),
        ({"fail": {"send": {"message": 1}}}, "here: fail.send.message: 1 is not a string"),
        ({"fail": {"send": {"cod": 1}}}, "here: fail.send: unknown key 'cod': use one of code, "),
        ({"send": "gost"}, 'here: send.do: "gost" is none of fail-before, '),
        ({"send": {"times": 1}}, "here: send.do: null is none of"),
        ({"send": {"do": "ghost", "every": 0}}, "here: send.every: 0 is not a whole number from 1"),
        ({"send": {"do": "exit-after", "how": "now"}}, 'here: send.how: "now" is neither exit:0..255'),
        ({"exit_after": {}}, "here: exit_after: {} needs one of requests, rows"),
        ({"exit_after": {"rows": 0}}, "here: exit_after.rows: 0 is not a whole number from 1"),
        ({"stall": "stderr"}, 'here: stall: "stderr" is none of stdin, stdout'),
        ({"output": {"text": "x"}}, 'here: output: {"text":"x"} is not a list'),
        ({"output": [{}]}, "here: output[0]: {} needs exactly one of text, "),
        ({"output": [{"text": 1}]}, "here: output[0].text: 1 is not a string"),
        ({"output": [{"split": False}]}, "here: output[0].split: false is not true"),
        ({"output": [{"bytes_hex": "0g"}]}, 'here: output[0].bytes_hex: "0g" is not text of hexadecimal bytes'),
        ({"output": [{"line_mb": 1.5}]}, "here: output[0].line_mb: 1.5 is not a whole number from 1"),
        ({"stderr_lines": "9"}, 'here: stderr_lines: "9" is not a whole number from 0'),
        ({"watch": "loud"}, 'here: watch: "loud" is none of silent, '),
        ({"access": "no"}, 'here: access: "no" is neither true nor false'),
    ],
)
def test_a_bad_value_is_named_with_its_key(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BehaviourError) as caught:
        read_weather(given, "here")
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800", "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BehaviourError, match=r"^here: "):
        parse_object(text, "here")


def test_every_word_has_its_line_of_help() -> None:
    for word in (*Weather._fields, *STARTS, *SENDS, *STALLS, *WATCHES, *OUTPUTS):
        assert word in FAULT_KEYS


def test_the_file_wins_over_the_flag_and_may_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    control = Control({"stall": "stdin", "access": False}, path)
    assert control.now() == Weather(stall="stdin", access=False)
    path.write_text('{"stall": "stdout"}')
    assert control.now() == Weather(stall="stdout", access=False)
    path.unlink()
    assert control.now() == Weather(stall="stdin", access=False)


def test_a_file_that_turns_bad_changes_nothing_and_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faults.json"
    path.write_text('{"access": false}')
    control = Control({}, path)
    path.write_text('{"access": 7}')
    assert not control.now().access
    assert capsys.readouterr().err == f"imsg-sim: {path}: access: 7 is neither true nor false\n"
    path.write_text("")
    assert not control.now().access
    path.write_text("{}")
    assert control.now().access
    assert capsys.readouterr().err == ""


def test_counts_begin_anew_with_every_change(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text("{}")
    control = Control({}, path)
    assert [control.counted("a", 2) for _ in range(3)] == [True, True, False]
    assert [control.counted("b", 1, 2) for _ in range(4)] == [False, True, False, False]
    path.write_text("{ }")
    assert control.counted("a", 2)


def test_both_sources_come_from_flags_or_environment(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"access": False}))
    assert Faults.read({}, {}).has_access()
    assert not Faults.read({"IMSG_SIM_FAULTS": str(path)}, {}).has_access()
    assert not Faults.read({}, {"faults": str(path)}).has_access()
    assert not Faults.read({"IMSG_SIM_FAULT": '{"start": "no-access"}'}, {}).has_access()
    assert Faults.read({"IMSG_SIM_FAULT": '{"access": false}'}, {"fault": "{}"}).has_access()
    with pytest.raises(BehaviourError, match=r"^--fault: access: 1 is neither true nor false$"):
        Faults.read({}, {"fault": '{"access": 1}'})
