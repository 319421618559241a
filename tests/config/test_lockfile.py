"""The lock beside a file: one owner at a time, and no dead one."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from config import Places
from config.lockfile import LONGEST_DELAY, STALE, TRIES, UNSIGNED, BusyError, as_openclaw, locked
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


def owning(path: Path, wall: Callable[[], float] = time.time) -> AbstractContextManager[None]:
    """The lock, which is there for the taking."""
    return locked(path, 0, wall=wall)


def hold(path: Path) -> None:
    with owning(path):
        pass


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    folder = tmp_path / "alone"
    folder.mkdir()
    return folder / "a.json.lock"


def test_the_lock_is_a_file_that_names_its_owner_and_goes(lock: Path) -> None:
    with owning(lock):
        content = json.loads(lock.read_bytes())
        assert content["pid"] == os.getpid()
        assert abs(content["createdAt"] / 1000 - time.time()) < 60
    assert not lock.exists()


def test_it_goes_when_the_work_fails(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), owning(lock):
        raise ZeroDivisionError
    assert not lock.exists()


def test_a_second_owner_waits_with_growing_delays_and_gives_up(lock: Path) -> None:
    waited: list[float] = []
    with owning(lock):
        with pytest.raises(BusyError, match=f"process {os.getpid()}"), locked(lock, waits=as_openclaw(waited.append)):
            pass
        assert lock.exists()
    assert len(waited) == TRIES - 1 == 10
    for index, seconds in enumerate(waited):
        assert min(0.1 * 2**index, LONGEST_DELAY) <= seconds <= min(0.2 * 2**index, LONGEST_DELAY)


def test_a_waiting_owner_gets_the_lock_when_it_is_free(lock: Path) -> None:
    lock.write_text("{}")
    waits = 0

    def release(seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            lock.unlink()

    with locked(lock, waits=as_openclaw(release)):
        assert waits == 3


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", UNSIGNED),
        ("{}", STALE),
        ("x", STALE),
        ("[" * 9999, STALE),
        ('{"pid": 1, "createdAt": "2026-01-01T00:00:00Z"}', STALE),
    ],
)
def test_another_programs_lock_counts_until_it_is_old(lock: Path, text: str, limit: float) -> None:
    lock.write_text(text)
    changed = lock.stat().st_mtime
    with pytest.raises(BusyError), locked(lock, 0, wall=lambda: changed + limit - 1):
        pass
    assert lock.read_text() == text
    with owning(lock, lambda: changed + limit + 1):
        pass
    assert not lock.exists()


def test_our_lock_without_its_owner_is_free_at_once(lock: Path) -> None:
    lock.write_text('{"pid": 1, "createdAt": 1, "flock": true}')
    hold(lock)
    assert not lock.exists()


def test_it_is_free_the_instant_its_owner_is_killed(lock: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=str(owner.pid)), locked(lock, patience=0):
            pass
        owner.kill()
        owner.wait()
        hold(lock)
    assert not lock.exists()


def test_no_child_inherits_it(lock: Path) -> None:
    with owning(lock):
        command = [sys.executable, "-c", "input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, close_fds=False)
    with child, open(lock, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.communicate(b"\n")


def test_what_a_killed_owner_left_beside_it_goes(lock: Path) -> None:
    left, held = (lock.with_name(f".{lock.name}.{pid}.0badc0de.tmp") for pid in (2**30, os.getppid()))
    left.touch()
    held.touch()
    hold(lock)
    assert list(lock.parent.iterdir()) == [held]


def test_a_file_system_without_hard_links_will_do(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    with owning(lock):
        assert json.loads(lock.read_bytes())["pid"] == os.getpid()
        with pytest.raises(BusyError), owning(lock):
            pass
    assert not list(lock.parent.iterdir())


def test_a_writer_that_finds_it_held_says_who_holds_it(places: Places) -> None:
    places.config.write_text("{}")
    lock, who = places.config.with_name("openclaw.json.lock"), f"held by process {os.getpid()} for 0 s"
    with owning(lock), pytest.raises(WriteRefusedError, match=who) as caught:
        Writer(places, {}, patience=0).rollback()
    assert caught.value.code == "busy"


def test_our_lock_counts_as_long_as_its_owner_lives(lock: Path) -> None:
    lock.write_text('{"pid": 1, "createdAt": 1, "flock": true}')
    with lock.open("rb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="process 1"), locked(lock, 0, wall=lambda: time.time() + 3600):
            pass
    hold(lock)


def test_a_lock_taken_away_is_not_taken_from_the_next_owner(lock: Path) -> None:
    with owning(lock):
        lock.unlink()
        lock.write_text("someone else")
    assert lock.read_text() == "someone else"


def test_a_lock_is_not_followed_through_a_link(lock: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("data")
    lock.symlink_to(target)
    with pytest.raises(OSError), owning(lock):
        pass
    assert target.read_text() == "data"


class TestDirectories:
    """Older OpenClaw locks by a directory, which it touches every few seconds."""

    def test_it_counts_while_it_is_touched(self, lock: Path) -> None:
        lock.mkdir()
        touched = lock.stat().st_mtime
        waited: list[float] = []
        late = touched + STALE - 1
        with (
            pytest.raises(BusyError, match="another program"),
            locked(lock, waits=as_openclaw(waited.append), wall=lambda: late),
        ):
            pass
        assert lock.is_dir()
        assert len(waited) == TRIES - 1

    def test_it_is_waited_for_and_not_taken_from_its_owner(self, lock: Path) -> None:
        lock.mkdir()
        with locked(lock, waits=as_openclaw(lambda _: lock.rmdir())):
            assert lock.is_file()
        assert not lock.exists()

    def test_one_left_behind_is_removed_at_once(self, lock: Path) -> None:
        lock.mkdir()
        os.utime(lock, (time.time() - STALE - 1,) * 2)
        hold(lock)
        assert not lock.exists()

    def test_one_with_something_in_it_is_nobodys_to_empty(self, lock: Path) -> None:
        lock.mkdir()
        (lock / "precious").touch()
        with pytest.raises(BusyError), locked(lock, 0, wall=lambda: time.time() + STALE + 60):
            pass
        assert (lock / "precious").exists()

    def test_ours_keeps_it_out(self, lock: Path) -> None:
        with owning(lock):
            with pytest.raises(FileExistsError):
                lock.mkdir()
            with pytest.raises(NotADirectoryError):
                lock.rmdir()
            assert lock.is_file()

    def test_what_took_the_place_of_ours_stays(self, lock: Path) -> None:
        with owning(lock):
            lock.unlink()
            lock.mkdir()
        assert lock.is_dir()
