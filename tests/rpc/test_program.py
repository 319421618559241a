"""The program behind cliPath: found as the shell would, refused when somebody else could change it, asked in time."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from actors.rpc import program
from actors.rpc.health import Problem
from actors.rpc.program import file_identity, inspect, speaks_rpc, version_of, warnings
from tests.support.actors import wait_until
from tests.support.scripts import lives, open_descriptors, shell_script

SOON = 10.0


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    """A program in a folder of its own, as an installation leaves it."""
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o755)
    path = Path(shell_script(folder / "imsg", "exit 0"))
    path.chmod(0o755)
    return path


@pytest.fixture
def on_path(cli: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That program, found by its bare name."""
    monkeypatch.setenv("PATH", f"/nowhere:{cli.parent}:{os.environ['PATH']}")
    return cli


def refusal(cli: Path | str) -> Problem:
    problem = inspect(str(cli))[1]
    assert problem is not None
    return problem


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file somebody else's, as seen from here."""
    if os.geteuid() == 0:
        os.chown(path, 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)


def test_a_path_is_taken_as_it_is(cli: Path) -> None:
    assert inspect(str(cli)) == (str(cli), None)
    assert warnings(str(cli)) == ()


def test_a_bare_name_is_looked_for_on_the_path(on_path: Path) -> None:
    assert inspect("imsg") == (str(on_path), None)


def test_a_relative_path_becomes_an_absolute_one(cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.parent)
    assert inspect("./imsg") == (str(cli), None)


def test_links_are_followed_for_looking_and_kept_for_starting(cli: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("bin/imsg")
    assert inspect(str(link)) == (str(link), None)
    cli.chmod(0o775)
    said = refusal(link)
    assert f"{link} ({cli}) can be written" in said.reason
    assert said.remedy == f"run: chmod go-w {cli}"


@pytest.mark.parametrize(
    ("mode", "who"), [(0o775, "everybody in the group"), (0o757, "by everybody"), (0o777, "by everybody")]
)
def test_a_program_others_may_write_is_refused(cli: Path, mode: int, who: str) -> None:
    cli.chmod(mode)
    said = refusal(cli)
    assert said.code == "unsafe-program"
    assert who in said.reason
    assert said.remedy == f"run: chmod go-w {cli}"


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_a_folder_of_homebrew_is_fine(cli: Path, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PLATFORM", platform)
    cli.parent.chmod(0o775)
    assert inspect(str(cli))[1] is None


@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_where_anybody_could_put_another_program_is_refused(cli: Path, above: int) -> None:
    folder = cli.parents[above]
    folder.chmod(0o777)
    said = refusal(cli)
    assert (said.code, said.remedy) == ("unsafe-program", f"run: chmod o-w {folder}")
    assert str(folder) in said.reason
    folder.chmod(0o1777)
    assert inspect(str(cli))[1] is None


def test_every_folder_on_the_way_of_links_counts(cli: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "imsg").symlink_to(cli)
    first = tmp_path / "first"
    first.symlink_to(loose / "imsg")
    assert inspect(str(first))[1] is None
    loose.chmod(0o777)
    assert refusal(first).remedy == f"run: chmod o-w {loose}"


def test_a_strangers_program_in_a_shared_folder_is_refused(cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.parent.chmod(0o1777)
    give_away(cli, monkeypatch)
    said = refusal(cli)
    assert said.code == "unsafe-program"
    assert str(cli.parent) in said.reason
    assert "cliPath" in said.remedy


def test_another_owner_is_a_warning(cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_away(cli, monkeypatch)
    (said,) = warnings(str(cli))
    assert said.startswith(f"{cli} belongs to ")
    assert f"sudo chown {os.geteuid()} {cli}" in said


def test_a_program_that_is_not_there_has_nothing_to_warn_of() -> None:
    assert warnings("/nowhere/imsg") == ()


def test_a_remedy_names_paths_as_a_shell_takes_them(tmp_path: Path) -> None:
    path = Path(shell_script(tmp_path / "my imsg", "exit 0"))
    path.chmod(0o777)
    assert refusal(path).remedy == f"run: chmod go-w '{path}'"


def test_what_cannot_be_started_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "dangling").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    for cli, reason in {
        "imsg": f"imsg is not on the PATH ({tmp_path})",
        f"{tmp_path}/none": f"{tmp_path}/none is not there",
        f"{tmp_path}": f"{tmp_path} is a folder, not a program",
        f"{tmp_path}/dangling": f"{tmp_path}/dangling is a link to gone, which is not there",
        f"{tmp_path}/circle": f"{tmp_path}/circle is a link to circle, which is not there",
        f"{tmp_path}/plain": f"{tmp_path}/plain is not executable",
    }.items():
        name, problem = inspect(cli)
        assert problem is not None
        assert (name, problem.code, problem.reason) == (cli, "not-installed", reason)
        assert ("chmod u+x" if "plain" in cli else "install imsg") in problem.remedy


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("echo 0.9.0", "0.9.0"),
        ("echo v0.15.8", "0.15.8"),
        ("echo imsg 0.14.2-beta.1", "0.14.2-beta.1"),
        ("echo 'imsg version 1.2 (abcdef)'", "1.2"),
        ("echo 'Welcome to mac 14.5!'; echo; echo 0.8.1; echo 9.9.9", "0.8.1"),
        ("echo 0.9.0 >&2; exit 1", "0.9.0"),
        ("echo unknown option", ""),
        ("exit 3", ""),
    ],
)
def test_the_version_is_the_first_line_that_looks_like_one(tmp_path: Path, says: str, version: str) -> None:
    cli = shell_script(tmp_path / "imsg", f'[ "$*" = --version ] || exit 9\n{says}')
    assert version_of(cli, SOON) == version


@pytest.mark.parametrize(
    ("says", "speaks"),
    [
        ("printf 'imsg rpc [--db PATH]\\n\\nSpeak JSON-RPC\\n'", True),
        ("echo 'Usage: imsg-sim rpc [--db PATH]'", True),
        ("printf 'banner of the login shell\\nUSAGE:\\n  imsg rpc [options]\\n'", True),
        ("echo 'Usage: imsg <command> [options]'; echo; echo 'Commands: chats, history, watch, send'", False),
        ("echo 'Error: unknown command: imsg rpc' >&2; exit 1", False),
        ("echo \"error: Unexpected argument 'rpc'\"; exit 64", False),
        ("echo 'ssh: connect to host mac port 22: Connection refused' >&2; exit 255", None),
        ("exit 0", None),
    ],
)
def test_rpc_is_told_by_the_help_and_not_by_the_exit_code(tmp_path: Path, says: str, speaks: bool | None) -> None:
    cli = shell_script(tmp_path / "imsg", f'[ "$*" = "rpc --help" ] || exit 9\n{says}')
    assert speaks_rpc(cli, SOON) is speaks


def test_a_program_that_cannot_be_started_says_nothing() -> None:
    assert version_of("/nowhere/imsg", SOON) == ""
    assert speaks_rpc("/nowhere/imsg", SOON) is None


def test_a_program_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    cli = shell_script(tmp_path / "imsg", f"echo $$ > {tmp_path}/pid; trap '' TERM; while :; do sleep 1; done")
    before, started = open_descriptors(), time.monotonic()
    assert version_of(cli, 1.0) == ""
    assert time.monotonic() - started < 5.0
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not lives(pid), what="the end of the program")
    assert open_descriptors() <= before


def test_a_program_that_floods_is_cut_short(tmp_path: Path) -> None:
    cli = shell_script(tmp_path / "imsg", "yes 2>/dev/null")
    started = time.monotonic()
    assert version_of(cli, SOON) == ""
    assert time.monotonic() - started < SOON / 2


def test_a_program_that_waits_for_input_gets_none(tmp_path: Path) -> None:
    assert version_of(shell_script(tmp_path / "imsg", "cat; echo 0.9.0"), SOON) == "0.9.0"


def test_a_file_has_an_identity_as_long_as_it_is_the_same(tmp_path: Path) -> None:
    path, other = tmp_path / "chat.db", tmp_path / "new.db"
    path.write_text("a")
    other.write_text("b")
    first = file_identity(str(path))
    assert first
    path.write_text("more")
    (tmp_path / "link").symlink_to(path)
    assert file_identity(str(path)) == file_identity(str(tmp_path / "link")) == first
    other.replace(path)
    assert file_identity(str(path)) not in {"", first}


def test_what_is_no_file_has_no_identity(tmp_path: Path) -> None:
    assert [file_identity(path) for path in (None, str(tmp_path / "none"), str(tmp_path), "a\0b")] == [""] * 4


def test_the_moment_of_birth_counts_where_the_system_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chat.db"
    path.write_text("")
    inode = path.stat().st_ino

    class Found:
        st_mode, st_ino, st_birthtime = stat.S_IFREG, inode, 12.5

    monkeypatch.setattr(Path, "stat", lambda *_, **__: Found)
    monkeypatch.setattr(program, "PLATFORM", "darwin")
    assert file_identity(str(path)) == f"{inode}:12.500000"
    monkeypatch.setattr(program, "PLATFORM", "linux")
    assert file_identity(str(path)) == str(inode)


def test_the_platform_is_the_real_one() -> None:
    assert sys.platform == program.PLATFORM
