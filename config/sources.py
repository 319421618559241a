"""Which Messages database an account reads: one name for one database, however the config spells it.

In: `cliPath`, `dbPath` and `remoteHost` of an account, and a `Machine` that knows what the paths mean here. Out:
`identity`, equal for two accounts (or two gateways) that read one database at this moment, and `known_as`, the
names a journal may have kept for it. Names are texts; nothing here opens a database or starts a program.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from config.account import Account

PROGRAM = "cli:"
"""Begins the name of a database that only a program knows."""

STANDARD = "~/Library/Messages/chat.db"
"""What imsg reads when no `--db` is given (imsg protocol 2)."""

_HEAD = 4096
_NUL = "\0"
"""In no path; the config is refused for it, but not before somebody asked here."""
_EXEC = re.compile(rb'#![^\n]*sh[ \t]*\n(?:\w+="[^"]*" )*exec "/[^"]*/imsg" +"\$@"\s*')
"""A starter as Homebrew writes it around a program that needs its neighbours."""


class Machine:
    """What paths mean on this computer. Looks at the file system; every answer is of this moment."""

    def which(self, program: str) -> str | None:
        """The absolute path of what `PATH` finds for a name, or of a path; links are kept. None: not there."""
        found = None if _NUL in program else shutil.which(program)
        return str(Path(found).absolute()) if found else None

    def real(self, path: str) -> str:
        """The path without links, whether the file exists or not."""
        return path if _NUL in path else os.path.realpath(path)

    def stands_here(self, path: str) -> bool:
        """Whether the folder of a file is on this computer, even if it may not be looked into."""
        try:
            Path(path).absolute().parent.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError:
            return True  # without Full Disk Access the folder of Messages answers like that
        return True

    def standard(self, program: str) -> str | None:
        """The database a program reads by itself, where that is certain: imsg itself, no script that may go elsewhere.

        `program` is an absolute path. A script counts only when all it does is to start imsg.
        """
        database = str(Path(STANDARD).expanduser())
        if Path(program).name != "imsg" or not self.stands_here(database):
            return None
        try:
            with open(program, "rb") as file:
                head = file.read(_HEAD)
        except OSError:
            return None
        return database if not head.startswith(b"#!") or _EXEC.fullmatch(head) else None


HERE = Machine()


def identity(cli: str, db_path: str | None, remote_host: str | None, machine: Machine = HERE) -> str:
    """The name of the database an account reads: a real path, `host:path`, or `cli:` and what only a program knows.

    A `dbPath` whose folder is not on this computer belongs to another Mac, and without a `remoteHost` only the
    program knows to which. For comparing, not for keeping: an update of imsg moves the real path of the program.
    """
    if db_path is not None and remote_host is None and machine.stands_here(db_path):
        return machine.real(db_path)
    if db_path is not None and remote_host is not None:
        return f"{remote_host}:{db_path}"
    found = machine.which(cli)
    program = machine.real(found) if found else cli
    if db_path is not None:
        return f"{PROGRAM}{program} {db_path}"
    standard = machine.standard(found) if found else None
    return machine.real(standard) if standard else PROGRAM + program


def of(account: Account, machine: Machine = HERE) -> str:
    """`identity` of an account."""
    return identity(account.cli_path, account.db_path, account.remote_host, machine)


def apart(one: str, other: str) -> bool:
    """Whether two identities are certainly two databases: they differ, and neither is known to a program alone."""
    return one != other and not one.startswith(PROGRAM) and not other.startswith(PROGRAM)


def known_as(account: Account, accounts: Iterable[Account], machine: Machine = HERE) -> tuple[str, ...]:
    """The names a journal may have for the account's database; the first is the one to keep.

    That is the name as the config writes it, so it outlives updates and links. The others are what the same
    database is called by accounts that share it, or was called before the config was spelled another way. A name
    that an enabled account on another database goes by is not among them.
    """
    mine = of(account, machine)
    shared = [one for one in accounts if one.id != account.id and of(one, machine) == mine]
    foreign = {
        _written(one, machine) for one in accounts if one.enabled and one.id != account.id and of(one, machine) != mine
    }
    names = [_written(account, machine), *_spellings(account, mine, machine), *map(_plain, shared), mine]
    return tuple(dict.fromkeys(name for name in names if name == names[0] or name not in foreign))


def _written(account: Account, machine: Machine) -> str:
    """The name as the config writes it, with the program where the path alone could mean two Macs."""
    if account.db_path is None or account.remote_host is not None or machine.stands_here(account.db_path):
        return _plain(account)
    return f"{PROGRAM}{account.cli_path} {account.db_path}"


def _plain(account: Account) -> str:
    if account.db_path is None:
        return PROGRAM + account.cli_path
    return f"{account.remote_host}:{account.db_path}" if account.remote_host else account.db_path


def _spellings(account: Account, mine: str, machine: Machine) -> Iterator[str]:
    """Other ways to write the same: a bare program name or its path, `dbPath` named or left out."""
    yield _plain(account)
    cli = account.cli_path
    found = machine.which(cli)
    for program in (cli, found, Path(cli).name):
        if program and machine.which(program) == found and identity(program, None, None, machine) == mine:
            yield PROGRAM + program
    if account.db_path is not None:
        yield f"{PROGRAM}{cli} {account.db_path}"
