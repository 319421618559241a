"""The lock beside a file: one owner at a time, and no dead one."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from actors.pairing.lockfile import LONGEST_DELAY, STALE, TRIES, BusyError, locked


def never(seconds: float) -> None:
    raise AssertionError("had to wait")


def hold(path: Path) -> None:
    with locked(path, time.time, never):
        pass


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "a.json.lock"


def test_the_lock_is_a_file_that_names_its_owner_and_goes(lock: Path) -> None:
    with locked(lock, time.time, never):
        content = json.loads(lock.read_bytes())
        assert content["pid"] == os.getpid()
        assert abs(content["createdAt"] / 1000 - time.time()) < 60
    assert not lock.exists()


def test_it_goes_when_the_work_fails(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(lock, time.time, never):
        raise ZeroDivisionError
    assert not lock.exists()


def test_a_second_owner_waits_with_growing_delays_and_gives_up(lock: Path) -> None:
    waited: list[float] = []
    with locked(lock, time.time, never):
        with pytest.raises(BusyError, match=f"process {os.getpid()}"), locked(lock, time.time, waited.append):
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

    with locked(lock, time.time, release):
        assert waits == 3


@pytest.mark.parametrize("text", ["", "{}", "x", '{"pid": 1, "createdAt": "2026-01-01T00:00:00Z"}'])
def test_another_programs_lock_counts_for_thirty_seconds(lock: Path, text: str) -> None:
    lock.write_text(text)
    changed = lock.stat().st_mtime
    with pytest.raises(BusyError), locked(lock, lambda: changed + STALE - 1, lambda _: None):
        pass
    assert lock.read_text() == text
    with locked(lock, lambda: changed + STALE + 1, never):
        pass
    assert not lock.exists()


def test_our_lock_without_its_owner_is_free_at_once(lock: Path) -> None:
    lock.write_text('{"pid": 1, "createdAt": 1, "flock": true}')
    hold(lock)
    assert not lock.exists()


def test_our_lock_counts_as_long_as_its_owner_lives(lock: Path) -> None:
    lock.write_text('{"pid": 1, "createdAt": 1, "flock": true}')
    with lock.open("rb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="process 1"), locked(lock, lambda: time.time() + 3600, lambda _: None):
            pass
    hold(lock)


def test_a_lock_taken_away_is_not_taken_from_the_next_owner(lock: Path) -> None:
    with locked(lock, time.time, never):
        lock.unlink()
        lock.write_text("someone else")
    assert lock.read_text() == "someone else"


def test_a_lock_is_not_followed_through_a_link(lock: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("data")
    lock.symlink_to(target)
    with pytest.raises(OSError), locked(lock, time.time, never):
        pass
    assert target.read_text() == "data"


class TestDirectories:
    """Older OpenClaw locks by a directory, which it touches every few seconds."""

    def test_it_counts_while_it_is_touched(self, lock: Path) -> None:
        lock.mkdir()
        touched = lock.stat().st_mtime
        waited: list[float] = []
        late = touched + STALE - 1
        with pytest.raises(BusyError, match="another program"), locked(lock, lambda: late, waited.append):
            pass
        assert lock.is_dir()
        assert len(waited) == TRIES - 1

    def test_it_is_waited_for_and_not_taken_from_its_owner(self, lock: Path) -> None:
        lock.mkdir()
        with locked(lock, time.time, lambda _: lock.rmdir()):
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
        with pytest.raises(BusyError), locked(lock, lambda: time.time() + STALE + 60, lambda _: None):
            pass
        assert (lock / "precious").exists()

    def test_ours_keeps_it_out(self, lock: Path) -> None:
        with locked(lock, time.time, never):
            with pytest.raises(FileExistsError):
                lock.mkdir()
            with pytest.raises(NotADirectoryError):
                lock.rmdir()
            assert lock.is_file()

    def test_what_took_the_place_of_ours_stays(self, lock: Path) -> None:
        with locked(lock, time.time, never):
            lock.unlink()
            lock.mkdir()
        assert lock.is_dir()
