"""Two accounts never read one Messages database: of those that would, one runs."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from config import Loaded
from config.accounts import effective
from config.sources import Machine
from tests.config.conftest import Load


def running(loaded: Loaded) -> list[str]:
    return [account.id for account in loaded.accounts if account.enabled]


def test_one_source_has_one_owner_the_first_named_account_of_the_file(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{cliPath:"imsg",accounts:{zoe:{},yan:{dbPath:"/y"},ann:{}}}}}')
    assert running(loaded) == ["yan", "zoe"]
    told = [warning for warning in loaded.warnings if "reads the same cliPath and dbPath" in warning]
    assert len(told) == 2
    assert all("account zoe" in warning for warning in told)
    assert 'ann by channels.imessage.cliPath "imsg"; zoe by channels.imessage.cliPath "imsg"' in told[0]


def test_default_comes_last_even_when_the_file_names_it_first(load_text: Load) -> None:
    assert running(load_text("{channels:{imessage:{accounts:{default:{},bot:{}}}}}")) == ["bot"]


def test_an_account_that_is_off_owns_nothing_and_keeps_its_name(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{accounts:{a:{enabled:false,name:"A"},b:{name:"B"},c:{name:"C"}}}}}')
    assert running(loaded) == ["b"]
    assert {account.id: account.name for account in loaded.accounts} == {"a": "A", "b": "B", "c": "C"}
    assert [account.unavailable is None for account in loaded.accounts] == [True, True, False]


class Fake(Machine):
    """A machine with these programs on its PATH (name to file), links, and folders."""

    programs: ClassVar = {
        "imsg": "/opt/homebrew/bin/imsg",
        "/opt/homebrew/bin/imsg": "/opt/homebrew/bin/imsg",
        "/home/me/imsg-mac1": "/home/me/imsg-mac1",
        "/home/me/imsg-mac2": "/home/me/imsg-mac2",
        "/home/me/imsg-local": "/home/me/imsg-local",
        "/home/me/link": "/home/me/link",
    }
    links: ClassVar = {
        "/opt/homebrew/bin/imsg": "/opt/homebrew/Cellar/imsg/0.9.0/bin/imsg",
        "/home/me/link": "/home/me/imsg-mac1",
        "/me/chat.db": "/home/me/Library/Messages/chat.db",
    }

    def __init__(self) -> None:
        self.asked: list[str] = []

    def which(self, program: str) -> str | None:
        self.asked.append(program)
        return self.programs.get(program)

    def real(self, path: str) -> str:
        return self.links.get(path, path)

    def stands_here(self, path: str) -> bool:
        self.asked.append(path)
        return path.startswith(("/home/me/", "/me/"))

    def standard(self, program: str) -> str | None:
        return "/me/chat.db" if program == "/opt/homebrew/bin/imsg" else None


def enabled(loaded: Loaded, machine: Machine, home: Path) -> list[str]:
    """The accounts that run on that machine."""
    assert loaded.config is not None
    return [account.id for account in effective(loaded.config, {}, home, machine)[0] if account.enabled]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('cliPath: "imsg"', 'cliPath: "/opt/homebrew/bin/imsg"', True),
        ('cliPath: "imsg"', 'cliPath: "~/imsg-mac1"', False),
        ('cliPath: "~/imsg-mac1"', 'cliPath: "/home/me/link"', True),
        ('cliPath: "~/imsg-mac1"', 'cliPath: "~/imsg-mac2"', False),
        ('cliPath: "nowhere1"', 'cliPath: "nowhere2"', False),
        # The database that imsg reads by itself, named or not, through links or not.
        ('cliPath: "imsg"', 'cliPath: "imsg", dbPath: "~/Library/Messages/chat.db"', True),
        ('cliPath: "imsg"', 'cliPath: "~/imsg-local", dbPath: "/me/chat.db"', True),
        ('cliPath: "imsg"', 'cliPath: "imsg", dbPath: "~/copy.db"', False),
        ('dbPath: "/me/chat.db"', 'dbPath: "/home/me/Library/Messages/chat.db"', True),
        ('cliPath: "~/imsg-local", dbPath: "/me/chat.db"', 'dbPath: "/me/chat.db"', True),
        # The same path on two Macs.
        ('cliPath: "~/imsg-mac1", dbPath: "/Users/b/c.db"', 'cliPath: "~/imsg-mac2", dbPath: "/Users/b/c.db"', False),
        ('cliPath: "~/imsg-mac1", dbPath: "/Users/b/c.db"', 'cliPath: "~/link", dbPath: "/Users/b/c.db"', True),
        ('remoteHost: "m1", dbPath: "/Users/b/c.db"', 'remoteHost: "m2", dbPath: "/Users/b/c.db"', False),
        (
            'cliPath: "~/imsg-mac1", remoteHost: "m1", dbPath: "/Users/b/c.db"',
            'cliPath: "~/imsg-mac2", remoteHost: "m1", dbPath: "/Users/b/c.db"',
            True,
        ),
        ('dbPath: "/me/chat.db"', 'dbPath: "/me/chat.db", remoteHost: "m1"', False),
    ],
)
def test_one_database_has_one_reader_however_it_is_spelled(one: str, other: str, same: bool, load_text: Load) -> None:
    loaded = load_text(f"{{channels:{{imessage:{{accounts:{{b:{{{one}}},a:{{{other}}}}}}}}}}}")
    machine = Fake()
    assert enabled(loaded, machine, Path("/home/me")) == (["b"] if same else ["a", "b"])
    assert loaded.config is not None
    (a, _), _ = effective(loaded.config, {}, Path("/home/me"), machine)
    if same:
        assert a.unavailable is not None
        assert "account b reads the same Messages database" in a.unavailable
        assert "channels.imessage.accounts.a." in a.unavailable
        assert "channels.imessage.accounts.b." in a.unavailable


def test_one_account_alone_is_not_looked_into(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{accounts:{a:{dbPath:"/me/chat.db"},b:{enabled:false}}}}}')
    machine = Fake()
    assert enabled(loaded, machine, Path("/home/me")) == ["a"]
    assert machine.asked == []
