"""The lock beside the config file."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import Places, lockfile
from config.lockfile import BusyError, locked
from config.writer import Writer, WriteRefusedError

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from config.lockfile import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "openclaw.json.lock"


def test_it_is_gone_when_its_owner_is_done(path: Path) -> None:
    with locked(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        with pytest.raises(BusyError, match=f"process {os.getpid()}"), locked(path, patience=0):
            pass
    assert not path.exists()


def test_it_is_free_the_instant_its_owner_is_killed(path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=str(owner.pid)), locked(path, patience=0):
            pass
        owner.kill()
        owner.wait()
        with locked(path, patience=0):
            pass
    assert not path.exists()


def test_a_lock_of_another_program_is_respected_until_it_is_old(path: Path) -> None:
    path.write_text('{"pid": 1, "createdAt": "2026-11-20T10:00:00Z"}')
    with pytest.raises(BusyError, match="process 1"), locked(path, patience=0):
        pass
    old = path.stat().st_mtime - lockfile.STALE - 1
    os.utime(path, (old, old))
    with locked(path, patience=0):
        pass


def test_a_lock_without_a_name_is_respected_for_a_moment(path: Path) -> None:
    path.touch()
    with pytest.raises(BusyError, match="another program"), locked(path, patience=0):
        pass
    old = path.stat().st_mtime - lockfile.UNSIGNED - 1
    os.utime(path, (old, old))
    with locked(path, patience=0):
        pass


def test_a_lock_that_was_taken_over_is_not_removed_by_its_former_owner(path: Path) -> None:
    with locked(path):
        path.unlink()
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"


def test_no_child_inherits_it(path: Path) -> None:
    with locked(path):
        command = [sys.executable, "-c", "input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, close_fds=False)
    with child, open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.communicate(b"\n")


def test_a_writer_that_finds_it_held_says_who_holds_it(places: Places) -> None:
    places.config.write_text("{}")
    lock, who = places.config.with_name("openclaw.json.lock"), f"held by process {os.getpid()} for 0 s"
    with locked(lock), pytest.raises(WriteRefusedError, match=who) as caught:
        Writer(places, {}, patience=0).rollback()
    assert caught.value.code == "busy"
