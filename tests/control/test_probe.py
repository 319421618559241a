"""The probe from this terminal, against small programs that go wrong in the ways an imsg does."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.control import probe as module
from actors.control.probe import Found, probe
from tests.journeys.house import python
from tests.support.scripts import lives, open_descriptors, python_script, shell_script

SERVES = """
import json, os, sys
open({pid!r}, "w").write(str(os.getpid()))
if sys.argv[1:] == ["--version"]:
    print("0.9.0"); sys.exit()
if "--help" in sys.argv:
    print({help!r}); sys.exit()
{start}
for line in sys.stdin:
    asked = json.loads(line)
    reply = {{"jsonrpc": "2.0", "id": asked["id"]}}
    reply |= {answers}.get(asked["method"], {{"error": {{"code": -32601, "message": "Method not found"}}}})
    print(json.dumps(reply), flush=True)
"""
CHATS = '{"chats.list": {"result": {"chats": []}}}'

Program = Callable[..., str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """``program(answers, start, usage)`` is a fake imsg that answers so, after ``start``."""

    def write(answers: str = CHATS, start: str = "", usage: str = "Usage: imsg rpc") -> str:
        text = SERVES.format(pid=str(tmp_path / "pid"), answers=answers, start=start, help=usage)
        return python_script(tmp_path / "imsg", text)

    return write


def ask(cli: str, seconds: float = 5.0) -> Found:
    """Probe, and see that neither a process nor a descriptor stays."""
    before = open_descriptors()
    found = probe(cli, ("rpc",), seconds)
    assert open_descriptors() == before
    return found


def code(found: Found) -> str | None:
    return found.problem.code if found.problem else None


def test_a_well_imsg_before_0_14_is_told_by_its_command_line_version(program: Program, tmp_path: Path) -> None:
    found = ask(program())
    assert found.problem is None
    assert (found.capabilities.version, found.capabilities.strict) == ("0.9.0", False)
    assert not lives(int((tmp_path / "pid").read_text()))


def test_a_well_imsg_from_0_14_on_tells_its_version_and_methods(program: Program) -> None:
    greeting = '{"result": {"version": "0.15.9", "methods": ["send.tracked"], "database": {"ready": True}}}'
    found = ask(program(f'{{"initialize": {greeting}, "chats.list": {{"result": {{"chats": []}}}}}}'))
    assert found.problem is None
    assert (found.capabilities.version, found.capabilities.methods) == ("0.15.9", frozenset({"send.tracked"}))


def test_the_simulator_is_well(tmp_path: Path) -> None:
    command = shlex.join(python("actors.simulator.cli", "main"))
    cli = shell_script(tmp_path / "imsg", f'exec {command} "$@"\n')
    found = probe(cli, ("rpc", "--db", str(tmp_path / "chat.db")), 20.0)
    assert found.problem is None
    assert found.capabilities.version.startswith("0.9")


@pytest.mark.parametrize("cli", ["/nowhere/imsg", "no-such-imsg-anywhere"])
def test_a_missing_program_is_not_installed(cli: str) -> None:
    found = ask(cli)
    assert (code(found), found.elapsed) == ("not-installed", 0.0)
    assert found.problem is not None
    assert cli in found.problem.reason + found.problem.remedy


def test_a_program_everybody_may_write_is_not_started(program: Program, tmp_path: Path) -> None:
    cli = program()
    Path(cli).chmod(0o777)
    assert code(ask(cli)) == "unsafe-program"
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize(
    "script",
    [
        'echo "Error: unknown command rpc" >&2; exit 1',
        'echo "Usage: imsg <chats|history|watch|send>"; exit 0',
        'case "$*" in *--help*) echo "error: unknown subcommand rpc"; exit 64;; esac; exec cat > /dev/null',
    ],
)
def test_a_program_without_the_subcommand_has_no_rpc(tmp_path: Path, script: str) -> None:
    found = ask(shell_script(tmp_path / "imsg", script + "\n"), 0.5)
    assert code(found) == "no-rpc"
    assert found.problem is not None
    assert "rpc --help" in found.problem.remedy


FORBIDDEN = '{"code": -32603, "data": "unable to open\\n\\nPermission Error: Full Disk Access is missing"}'
NOT_READY = '{"version": "0.15.9", "methods": [], "database": {"ready": False, "error": "authorization denied"}}'
DATABASE_DOWN = '{"code": -32002, "data": {"path": "/x", "detail": "unable to open database file", "retryable": True}}'


@pytest.mark.parametrize(
    ("answers", "start"),
    [
        (f'{{"initialize": {{"error": {FORBIDDEN}}}, "chats.list": {{"error": {FORBIDDEN}}}}}', ""),
        (f'{{"initialize": {{"result": {NOT_READY}}}}}', ""),
        (f'{{"chats.list": {{"error": {DATABASE_DOWN}}}}}', ""),
        ("{}", 'print("Permission Error\\nGrant Full Disk Access to Terminal"); sys.exit(1)'),
        ("{}", 'print("chat.db: authorization denied (code: 23)", file=sys.stderr); sys.exit(1)'),
    ],
)
def test_a_database_that_may_not_be_read_is_told_in_every_generation(
    program: Program, answers: str, start: str
) -> None:
    found = ask(program(answers, start))
    assert code(found) == "no-disk-access"
    assert found.problem is not None
    assert "Full Disk Access" in found.problem.remedy


def test_a_child_that_never_answers_hangs(program: Program, tmp_path: Path) -> None:
    found = ask(program(start="sys.stdin.read()"), 0.5)
    assert code(found) == "hanging"
    assert found.problem is not None
    assert "(initialize)" in found.problem.reason
    assert not lives(int((tmp_path / "pid").read_text()))


def test_a_child_that_answers_once_and_then_hangs_is_told_by_the_method(program: Program) -> None:
    start = 'line = sys.stdin.readline(); print(\'{"id": 1, "error": {"code": -32601}}\', flush=True); sys.stdin.read()'
    found = ask(program(start=start), 0.5)
    assert code(found) == "hanging"
    assert found.problem is not None
    assert "(chats.list)" in found.problem.reason


def test_an_end_without_an_answer_keeps_its_last_words(program: Program) -> None:
    start = 'print("ssh: connect to host mac port 22: Connection refused", file=sys.stderr); sys.exit(255)'
    found = ask(program(start=start, usage="no help at all"))
    assert code(found) == "exited"
    assert found.problem is not None
    assert "Connection refused" in found.problem.reason


def test_a_banner_before_the_first_answer_does_no_harm(program: Program) -> None:
    assert ask(program(start='print("Welcome to mac"); print("{}")')).problem is None


def test_an_imsg_with_a_known_fault_is_named(program: Program) -> None:
    greeting = '{"result": {"version": "0.14.0", "methods": []}}'
    found = ask(program(f'{{"initialize": {greeting}, "chats.list": {{"result": {{}}}}}}'))
    assert code(found) == "old-imsg"


def test_a_help_that_hangs_too_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASIDE_SECONDS", 0.3)
    found = ask(shell_script(tmp_path / "imsg", "exec sleep 60\n"), 0.3)
    assert code(found) == "hanging"
