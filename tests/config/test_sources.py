"""What a Messages database is called: at this moment, in a journal, and by another program's config."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from config import Account
from config.openclaw import databases
from config.sources import Machine, apart, identity, known_as, of
from tests.config.test_single_owner import Fake

MACHINE = Fake()
MINE = Account(id="a", cli_path="imsg")
DATABASE = "/home/me/Library/Messages/chat.db"


def names(account: Account, *others: Account) -> tuple[str, ...]:
    return known_as(account, (account, *others), MACHINE)


def test_a_journal_keeps_the_name_as_the_config_writes_it() -> None:
    assert names(MINE)[0] == "cli:imsg"
    assert names(replace(MINE, db_path="/me/chat.db"))[0] == "/me/chat.db"
    remote = replace(MINE, cli_path="/home/me/imsg-mac1", db_path="~/c.db", remote_host="mac")
    assert names(remote) == ("mac:~/c.db", "cli:/home/me/imsg-mac1 ~/c.db")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (MINE, replace(MINE, cli_path="/opt/homebrew/bin/imsg")),
        (replace(MINE, cli_path="/opt/homebrew/bin/imsg"), MINE),
        (MINE, replace(MINE, db_path=DATABASE)),
        (replace(MINE, db_path=DATABASE), MINE),
        (replace(MINE, cli_path="/opt/homebrew/bin/imsg"), replace(MINE, db_path="/me/chat.db")),
        # One whose dbPath was taken for local, and a wrapper's from before it was told apart.
        (replace(MINE, db_path="/me/chat.db"), replace(MINE, cli_path="/home/me/imsg-local", db_path=DATABASE)),
    ],
)
def test_a_database_is_known_again_when_the_config_is_spelled_another_way(before: Account, after: Account) -> None:
    assert of(before, MACHINE) == of(after, MACHINE)
    assert set(names(before)[:1]) & set(names(after)) or of(before, MACHINE) in names(after)


def test_an_account_that_takes_over_continues_where_the_other_was() -> None:
    other = Account(id="b", cli_path="/home/me/imsg-local", db_path="/me/chat.db", enabled=False)
    assert "/me/chat.db" in names(MINE, other)
    assert "cli:imsg" in names(replace(other, enabled=True), replace(MINE, enabled=False))


def test_the_same_path_on_two_macs_has_two_names() -> None:
    one = Account(id="a", cli_path="/home/me/imsg-mac1", db_path="/Users/b/c.db")
    two = replace(one, id="b", cli_path="/home/me/imsg-mac2")
    assert names(one) == (
        "cli:/home/me/imsg-mac1 /Users/b/c.db",
        "/Users/b/c.db",
    )
    assert names(one, two)[0] != names(two, one)[0]


def test_a_name_another_database_goes_by_is_not_taken() -> None:
    local = Account(id="b", db_path="/home/me/chat.db")
    wrapper = Account(id="a", cli_path="/home/me/imsg-mac1", db_path="/home/me/chat.db", remote_host="mac")
    assert "/home/me/chat.db" not in names(wrapper, local)
    assert not set(names(wrapper, local)) & set(names(local, wrapper))


@pytest.mark.parametrize(
    ("one", "other", "certain"),
    [
        ("/a", "/b", True),
        ("/a", "/a", False),
        ("/a", "mac:/a", True),
        ("/a", "cli:/opt/imsg", False),
        ("cli:/x /a", "cli:/y /a", False),
    ],
)
def test_only_what_is_known_is_certainly_apart(one: str, other: str, certain: bool) -> None:
    assert apart(one, other) is apart(other, one) is certain


@pytest.fixture
def imsg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """imsg, installed by Homebrew for a user who has Messages."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "Library" / "Messages").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "Cellar" / "imsg"
    program.parent.mkdir()
    program.write_bytes(b"\xcf\xfa\xed\xfe" + bytes(9000))
    program.chmod(0o755)
    (tmp_path / "bin" / "imsg").symlink_to(program)
    return program


def test_imsg_itself_reads_the_database_of_the_home(imsg: Path, tmp_path: Path) -> None:
    messages = str(tmp_path / "Library" / "Messages" / "chat.db")
    assert identity("imsg", None, None) == identity(str(imsg), None, None) == messages
    (tmp_path / "link").symlink_to(tmp_path / "Library")
    assert identity("anything", f"{tmp_path}/link/Messages/chat.db", None) == messages


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ('#!/bin/bash\nexec "/opt/homebrew/Cellar/imsg/1/libexec/imsg"  "$@"\n', True),
        ('#!/bin/bash\nIMSG_LIB="/opt/lib" exec "/opt/libexec/imsg" "$@"\n', True),
        ('#!/bin/sh\nexec ssh -T mac imsg "$@"\n', False),
        ('#!/bin/sh\nexec "/opt/libexec/imsg" "$@" --db /other\n', False),
    ],
)
def test_a_script_counts_as_imsg_when_it_only_starts_it(text: str, certain: bool, imsg: Path, tmp_path: Path) -> None:
    imsg.write_text(text)
    expected = f"{tmp_path}/Library/Messages/chat.db" if certain else f"cli:{imsg}"
    assert identity("imsg", None, None) == expected


def test_without_messages_or_by_another_name_only_the_program_knows(imsg: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "imsg").rename(tmp_path / "bin" / "imsg-bot")
    assert identity("imsg-bot", None, None) == f"cli:{imsg}"
    assert identity("imsg", None, None) == "cli:imsg"
    (tmp_path / "bin" / "imsg-bot").rename(tmp_path / "bin" / "imsg")
    (tmp_path / "Library" / "Messages").rmdir()
    assert identity("imsg", None, None) == f"cli:{imsg}"
    imsg.unlink()
    assert Machine().standard(str(imsg)) is None


def test_a_path_that_is_not_here_belongs_to_the_program(imsg: Path) -> None:
    assert identity("imsg", "/Volumes/none/chat.db", None) == f"cli:{imsg} /Volumes/none/chat.db"
    assert identity("imsg", "/Volumes/none/chat.db", "mac") == "mac:/Volumes/none/chat.db"


def test_a_folder_that_may_not_be_looked_into_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> os.stat_result:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "stat", refuse)
    assert Machine().stands_here("/Users/me/Library/Messages/chat.db")
    monkeypatch.undo()
    assert not Machine().stands_here("a\0b/c")


def test_an_openclaw_file_tells_which_databases_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("""{channels: {imessage: {cliPath: "~/imsg-mac1", remoteHost: "mac", accounts: {
        a: {dbPath: "~/Library/Messages/chat.db"}, b: {remoteHost: "", dbPath: "~/chat.db"}, c: {enabled: false}}}}}""")
    home = Path("/home/me")
    expected = {"cli:/home/me/imsg-mac1", "mac:~/Library/Messages/chat.db", "/home/me/chat.db"}
    assert databases(path, home, MACHINE) == frozenset(expected)
    path.write_text('{"channels": {"imessage": {}}}')
    assert databases(path, home, MACHINE) == frozenset({"/home/me/Library/Messages/chat.db"})
    path.write_text('{"channels": {"telegram": {}}}')
    assert databases(path, home, MACHINE) == frozenset()
    path.write_text('{"$include": "more.json"}')
    assert databases(path, home, MACHINE) is None
    path.write_text('{"channels": {"imessage": {"accounts": {"a": {"$include": "a.json"}}}}}')
    assert databases(path, home, MACHINE) is None
    path.unlink()
    assert databases(path, home, MACHINE) is None
