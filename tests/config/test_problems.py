"""Each mistake gives its problem: where, what, and what to write instead."""

from __future__ import annotations

import pytest

from tests.config.conftest import Load
from tests.config.mistakes import CASES, C, channel


@pytest.mark.parametrize(("text", "path", "message", "line"), CASES.values(), ids=CASES.keys())
def test_a_mistake_is_told_with_its_place(text: str, path: str, message: str, line: int, load_text: Load) -> None:
    loaded = load_text(text)
    assert loaded.config is None
    assert loaded.accounts == ()
    assert [problem.path for problem in loaded.problems] == [path]
    assert message in loaded.problems[0].message
    assert loaded.problems[0].line == line
    assert str(loaded.problems[0]).startswith(f"- {path}: ")


def test_all_problems_come_at_once_from_top_to_bottom(load_text: Load) -> None:
    text = """{
      channels: { imessage: {
        dmPolicy: "opne",
        allowFrom: [15555550123],
        nonsense: 1,
        historyLimit: -1 } },
      agents: { list: [{}] },
    }"""
    problems = load_text(text).problems
    assert [problem.line for problem in problems] == [3, 4, 5, 6, 7]


def test_cross_checks_come_together_too(load_text: Load) -> None:
    text = '{channels:{imessage:{cliPath:"a;b",dmPolicy:"open",remoteHost:"/"}},gateway:{mode:"remote"}}'
    assert len(load_text(text).problems) == 4


def test_schema_and_cross_checks_come_together(load_text: Load) -> None:
    text = """{ channels: { imessage: { dmPolicy: "open",
      nonsense: 1, remoteHost: "-x" } },
      gateway: { mode: "remote" } }"""
    paths = [problem.path for problem in load_text(text).problems]
    assert paths == [f"{C}.{key}" for key in ("allowFrom", "nonsense", "remoteHost")] + ["gateway.mode"]


def test_a_broken_list_is_not_also_called_empty(load_text: Load) -> None:
    text = channel('dmPolicy:"allowlist",allowFrom:[true]')
    assert [problem.path for problem in load_text(text).problems] == [f"{C}.allowFrom.0"]


def test_a_problem_reads_as_one_line(load_text: Load) -> None:
    (problem,) = load_text('{\n  channels: { imessage: { service: "whatsapp" } } }').problems
    expected = 'must be "imessage", "sms" or "auto"'
    assert str(problem) == f"- channels.imessage.service: {expected} (line 2, column 36)"


def test_values_are_never_repeated(load_text: Load) -> None:
    text = '{agents:{list:[{id:"a",runtime:{type:"model",model:"x:y",apiKey:"hunter2",system:"hunter2"}}]}}'
    loaded = load_text(text)
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in repr(load_text(text.replace(',system:"hunter2"', "")))
