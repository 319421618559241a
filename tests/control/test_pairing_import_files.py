"""``pairing import`` on files: what is none, signals in the middle of it, and numbers as people write them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import Places
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, BOB, allowed, configure
from tests.control.test_pairing_import import database

ROOT = Path(__file__).resolve().parents[2]
IMPORT = """
import sys
from actors.control.cli.main import main
from actors.pairing import openclaw_state

def stay(path, copy, *_):
    print(copy, flush=True)
    sys.stdin.read()

openclaw_state._read_copy = stay
sys.exit(main(["pairing", "import", "--from", sys.argv[1]]))
"""


@contextmanager
def importing(path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """An import in a process of its own, with its copy made."""
    command = [sys.executable, "-c", IMPORT, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdout is not None
        copy = Path(child.stdout.readline().decode().strip())
        assert copy.is_file()
        yield child, copy


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=["TERM", "HUP", "INT"]
)
def test_the_copy_is_gone_when_a_signal_ends_the_import(
    places: Places, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = database(tmp_path / "openclaw.sqlite", ("default", ALICE))
    with importing(path) as (child, copy):
        assert child.stderr is not None
        assert copy.parent.parent == places.gateway
        child.send_signal(number)
        assert child.wait(30) == code
        assert b"Traceback" not in child.stderr.read()
    assert list(places.gateway.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_what_a_killed_import_left_is_gone_after_the_next_one(
    cli: Gateway, places: Places, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = database(tmp_path / "openclaw.sqlite", ("default", ALICE))
    with importing(path) as (child, copy):
        child.kill()
    assert copy.exists()
    assert cli("pairing", "import", "--from", str(path), *words).code == 0
    assert not list(places.gateway.glob("import-*"))


def test_what_a_killed_import_left_is_uninstalled(cli: Gateway, places: Places, tmp_path: Path) -> None:
    with importing(database(tmp_path / "openclaw.sqlite", ("default", ALICE))) as (child, copy):
        child.kill()
    said = cli("uninstall", "--yes")
    assert said.code == 0
    assert f"removed: {copy.parent} (" in said.out
    assert not places.gateway.exists()


@pytest.mark.parametrize("where", ["/dev/zero", "/dev", "pipe"])
def test_what_is_no_file_is_an_error_at_once(cli: Gateway, tmp_path: Path, where: str) -> None:
    if where == "pipe":
        where = str(tmp_path / "pipe")
        os.mkfifo(where)
    said = cli("pairing", "import", "--from", where)
    assert (said.code, said.out) == (1, "")
    assert "no regular file" in said.err
    assert where in said.err


def test_a_number_without_plus_lets_in_its_person_and_that_is_said(cli: Gateway, places: Places) -> None:
    database(
        places.state / "state" / "openclaw.sqlite", ("default", "5550001111"), ("default", BOB), ("work", "030 1234")
    )
    configure(places, {"accounts": {"default": {}, "work": {"region": "DE", "dbPath": "/tmp/other.db"}}})
    shown = cli("pairing", "import", "--dry-run").out
    assert "written as 5550001111" in shown
    assert "written as 030 1234" in shown
    said = cli("pairing", "import", "--json").json
    assert {(one["id"], one["entry"]) for one in said["imported"]} == {
        (ALICE, "5550001111"),
        (BOB, BOB),
        ("+49301234", "030 1234"),
    }
    assert allowed(places) == {ALICE, BOB}
    assert allowed(places, "work") == {"+49301234"}
