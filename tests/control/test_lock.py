"""One gateway per state folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.control.lock import Holder, InstanceLock, LockHeldError, holder

HOLD = """
import sys
from pathlib import Path
from actors.control.lock import InstanceLock
with InstanceLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway" / "gateway.lock"
    with InstanceLock(path):
        with pytest.raises(LockHeldError, match=f"process {os.getpid()} holds {path}") as held:
            InstanceLock(path, patience=0).acquire()
        assert held.value.pid == os.getpid()
        assert path.read_text().startswith(f"pid {os.getpid()}\nstarted 20")
    with InstanceLock(path):
        assert path.exists()


def test_it_is_free_the_instant_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "gateway.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockHeldError, match=str(holder.pid)):
            InstanceLock(path, patience=0).acquire()
        holder.kill()
        holder.wait()
        with InstanceLock(path):
            pass


def test_a_child_does_not_inherit_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.lock"
    lock = InstanceLock(path)
    lock.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        with InstanceLock(path):
            assert child.poll() is None
        assert child.stdin is not None
        child.stdin.close()


def test_a_file_nobody_signed_tells_no_pid(tmp_path: Path) -> None:
    path = tmp_path / "gateway.lock"
    with InstanceLock(path):
        path.write_text("scribbled over")
        with pytest.raises(LockHeldError, match="another process holds") as held:
            InstanceLock(path, patience=0).acquire()
    assert held.value.pid is None


def test_a_lock_file_that_was_removed_and_made_anew_is_the_one_that_counts(tmp_path: Path) -> None:
    path = tmp_path / "gateway.lock"
    first = InstanceLock(path)
    first.acquire()
    path.unlink()
    with InstanceLock(path), pytest.raises(LockHeldError):
        InstanceLock(path, patience=0).acquire()
    first.release()
    first.release()


def test_asking_who_holds_it_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gateway.lock"
    assert holder(path) is None
    assert not path.exists()
    with InstanceLock(path):
        before = path.read_bytes()
        assert holder(path) == Holder(os.getpid())
        assert path.read_bytes() == before
        path.write_text("scribbled over")
        assert holder(path) == Holder(None)
    assert holder(path) is None
    with InstanceLock(path, patience=0):
        pass


def test_what_is_no_lock_has_no_holder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    with InstanceLock(tmp_path / "real"):
        assert holder(tmp_path / "link") is None
    assert holder(tmp_path / "pipe") is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "gateway.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        InstanceLock(tmp_path / "gateway.lock").acquire()
    assert not (tmp_path / "elsewhere").exists()
