"""The pairing files under several real processes at once, and under kill -9."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.pairing.store import PairingStore

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_767_225_600.0
WORKERS = 4

CHALLENGE = """
for index in range(3):
    code, created = store.challenge(f"account{me}", f"p{index}@{me}.com", NOW, {"chatId": "7"})
    assert created
"""
APPROVE = """
for request in store.requests(f"account{me}", now=NOW):
    assert store.approve(None, request.code, NOW)
"""
FOR_EVER = """
for number in range(10**9):
    code, _ = store.challenge("default", f"p{number}@x.com", NOW, {})
    assert store.approve("default", code, NOW)
"""
HOLD = """
with store._pending.exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""
PREAMBLE = """
import sys
from pathlib import Path
from actors.pairing.store import PairingStore
store, me, NOW = PairingStore(Path(sys.argv[1])), sys.argv[2], float(sys.argv[3])
"""


def start(work: str, folder: Path, me: int = 0) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + work, str(folder), str(me), str(NOW)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@contextmanager
def running(work: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with start(work, folder) as child:
        try:
            yield child
        finally:
            child.kill()


def all_do(work: str, folder: Path) -> None:
    children = [start(work, folder, me) for me in range(WORKERS)]
    for child in children:
        child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0] * WORKERS


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    store = PairingStore(tmp_path)
    all_do(CHALLENGE, tmp_path)
    codes = {request.code for request in store.requests(now=NOW)}
    assert len(codes) == 3 * WORKERS
    all_do(APPROVE, tmp_path)
    assert store.requests(now=NOW) == ()
    for me in range(WORKERS):
        assert store.allowed(f"account{me}") == {f"p{index}@{me}.com" for index in range(3)}
    assert not [path.name for path in tmp_path.iterdir() if path.suffix != ".json"]


def test_readers_never_see_half_a_file_and_a_kill_leaves_whole_ones(tmp_path: Path) -> None:
    store = PairingStore(tmp_path, sleep=_never)
    with running(FOR_EVER, tmp_path) as child:
        deadline = time.monotonic() + 30
        most = 0
        while most < 25 and time.monotonic() < deadline:
            most = max(most, len(store.allowed("default")))
            store.requests(now=NOW)
        child.kill()
    before = store.allowed("default")
    assert len(before) >= most >= 25
    for path in tmp_path.glob("*.json"):
        json.loads(path.read_bytes())
    code, created = store.challenge("default", "kim@x.com", NOW, {})
    assert created
    assert store.approve(None, code, NOW)
    assert store.allowed("default") == before | {"kim@x.com"}


def test_a_killed_owner_frees_the_lock_at_once(tmp_path: Path) -> None:
    store = PairingStore(tmp_path, sleep=_never)
    with running(HOLD, tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        child.kill()
        child.wait()
    assert list(tmp_path.glob("*.lock"))
    assert store.challenge("default", "kim@x.com", NOW, {})[1]
    assert not list(tmp_path.glob("*.lock"))


def _never(seconds: float) -> None:
    raise AssertionError("had to wait for the lock")
