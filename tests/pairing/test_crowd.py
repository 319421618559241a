"""Two gateways and the command line, all processes of their own, at the same files at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from actors.pairing.store import PairingStore

ROOT = Path(__file__).resolve().parents[2]
EACH = 8
"""People each gateway gives a code to."""
DEADLINE = 60

PREAMBLE = """
import sys, time
from pathlib import Path
from actors.pairing import approval
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore
folder, me, EACH = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
nap = lambda seconds: time.sleep(seconds / 10)
store = PairingStore(folder / "credentials", sleep=nap)
guard = PairingGuard(folder / "gateway" / "pairing-guard.json", sleep=nap)
owners = OwnerFile(folder / "gateway" / "owners.json", sleep=nap)
def under_way():
    nap(0.2)
    return not (folder / "over").exists()
"""
GATEWAY = """
from tests.pairing.office import Office
from tests.support.probes import killable
with killable() as stage:
    office, seq, deadline = Office(stage, folder, nap), 0, time.monotonic() + 40
    for number in range(EACH):
        handle = f"p{number}@g{me}.com"
        while len(office.replies) <= number and time.monotonic() < deadline:
            stage.clock.epoch = time.time() - stage.clock.now
            seq += 1
            office.challenge(seq, handle)
            nap(0.1)
    assert not stage.errors(), stage.errors()
    for reply in office.replies:
        print(reply.text.split("sender id: ")[1].split()[0])
"""
APPROVER = """
while under_way():
    for request in store.requests(now=time.time())[:1]:
        done = approval.approve(store, guard, owners, False, None, request.code, time.time())
        if isinstance(done, approval.Approved):
            print(done.request.id, flush=True)
"""
DENIER = """
while under_way():
    for request in store.requests(now=time.time())[-1:]:
        if approval.deny(store, guard, None, request.code, time.time()):
            print(request.id)
"""
REVOKER = """
gone = set()
while under_way():
    for handle in sorted(store.allowed("default") - gone)[::2][:1]:
        gone.add(handle)
        approval.revoke(store, owners, "default", handle, guard, time.time())
        print(handle)
"""
READER = """
while under_way():
    store.requests(now=time.time()), store.allowed("default"), owners.read(), guard.locked_until(time.time())
"""


def run_all(folder: Path, gateways: int, workers: tuple[str, ...]) -> tuple[list[str], list[set[str]]]:
    """Whom the gateways gave codes, one after the other; and what each of the others did, once the gateways ended."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + work, str(folder), str(me), str(EACH)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for me, work in enumerate((GATEWAY,) * gateways + workers)
    ]
    try:
        told = [_end(child) for child in children[:gateways]]
        (folder / "over").touch()
        done = [set(_end(child)) for child in children[gateways:]]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert [child.returncode for child in children] == [0] * len(children)
    return [handle for handles in told for handle in handles], done


def _end(child: subprocess.Popen[bytes]) -> list[str]:
    return child.communicate(timeout=DEADLINE)[0].decode().split()


def content(path: Path) -> Any:
    """What a file holds."""
    return json.loads(path.read_bytes())


def test_nothing_is_lost_and_nobody_revoked_is_back(tmp_path: Path) -> None:
    told, done = run_all(tmp_path, 2, (APPROVER, APPROVER, DENIER, REVOKER, READER))
    approved, denied, revoked = done[0] | done[1], done[2], done[3]
    assert not done[0] & done[1], "a code let somebody in twice"
    store = PairingStore(tmp_path / "credentials")
    assert len(told) == len(set(told)) == 2 * EACH
    assert revoked <= approved
    assert store.allowed("default") == approved - revoked
    assert not approved & denied
    assert approved | denied <= set(told)

    guard = content(tmp_path / "gateway" / "pairing-guard.json")
    assert sorted(mark["id"] for mark in guard["challenges"]) == sorted(told)
    assert {mark["id"] for mark in guard["denials"]} == denied
    assert {mark["id"] for mark in guard["approvals"]} == approved - revoked
    assert {mark["id"] for mark in guard["revoked"]} == revoked
    owners = content(tmp_path / "gateway" / "owners.json")["owners"]
    assert len(owners) <= 1
    assert {one["id"] for one in owners} <= approved - revoked
    for path in tmp_path.glob("*/*"):
        assert path.suffix == ".json", path
        assert content(path)["version"] == 1
