"""Which program an ACP agent is, and where it works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.agents.acp.programs import NOTHING_NAMED, command_of, fault, folder_of
from config.schema.agents import AcpRuntime


def runtime(**acp: Any) -> AcpRuntime:
    """The ``runtime`` block as it stands in a file."""
    return AcpRuntime.model_validate({"type": "acp", "acp": acp}, strict=False)


@pytest.mark.parametrize(
    ("acp", "there", "command"),
    [
        ({"agent": "claude"}, {"claude-agent-acp", "claude-code-acp"}, ("claude-agent-acp",)),
        ({"agent": "claude"}, {"claude-code-acp"}, ("claude-code-acp",)),
        ({"agent": "Claude "}, set(), ("claude-agent-acp",)),
        ({"agent": "codex"}, set(), ("codex-acp",)),
        ({"agent": "gemini"}, set(), ("gemini", "--experimental-acp")),
        ({"agent": "my-agent"}, set(), ("my-agent",)),
        ({"agent": "gemini", "command": ["/opt/gemini", "--acp"]}, set(), ("/opt/gemini", "--acp")),
    ],
)
def test_the_command_wins_and_a_name_is_looked_up(
    acp: dict[str, Any], there: set[str], command: tuple[str, ...]
) -> None:
    assert fault(runtime(**acp)) == ""
    assert command_of(runtime(**acp), there.__contains__) == command


@pytest.mark.parametrize("acp", [{}, {"agent": " "}, {"backend": "acpx", "mode": "oneshot"}])
def test_one_that_names_nothing_cannot_be_run(acp: dict[str, Any]) -> None:
    assert fault(runtime(**acp)) == NOTHING_NAMED
    with pytest.raises(ValueError, match=r"runtime\.acp\.agent"):
        command_of(runtime(**acp), lambda _: True)


def test_a_folder_by_a_relative_path_is_a_fault() -> None:
    assert fault(runtime(agent="x", cwd="work")) == "runtime.acp.cwd is 'work': it must be an absolute path"
    assert fault(runtime(agent="x", cwd="/nowhere")) == ""


def test_it_works_in_its_own_folder_else_in_its_workspace(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert folder_of(runtime(cwd=str(tmp_path / "a")), str(tmp_path)) == str(tmp_path / "a")
    assert folder_of(runtime(), str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize(
    ("cwd", "workspace", "why"),
    [
        (None, None, r"has no folder to work in: set its workspace, or runtime\.acp\.cwd"),
        (None, "work", "its workspace 'work' is no absolute path"),
        (None, "/nowhere/at/all", "its workspace /nowhere/at/all is no folder: make it"),
        ("/nowhere/at/all", "/tmp", r"its runtime\.acp\.cwd /nowhere/at/all is no folder"),
        ("/etc/passwd", None, r"its runtime\.acp\.cwd /etc/passwd is no folder"),
    ],
)
def test_where_it_cannot_work_the_key_and_the_remedy_are_named(
    cwd: str | None, workspace: str | None, why: str
) -> None:
    options = {} if cwd is None else {"cwd": cwd}
    with pytest.raises(ValueError, match=why):
        folder_of(runtime(**options), workspace)
