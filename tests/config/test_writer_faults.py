"""The file is whole at every moment, old or new, whatever happens to the writer or the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import json5
import pytest

from config import Places, audit, lockfile
from config.backups import ring
from config.writer import WriteRefusedError
from tests.config.writing import TEXT, Desk, litter

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

START = """
import json, os, signal, sys
from itertools import count
from config import Places, lockfile
from config.backups import ring
from config.edit import Set
from config.source import parse_bytes
from config.writer import Writer, WriteRefusedError

places = Places.from_env({"HOME": sys.argv[1]})
writer = Writer(places, {}, patience=10)
KEY = ("channels", "imessage", "historyLimit")

def write(value):
    return writer.change([Set(KEY, value)], "cli")

def value(path):
    found = parse_bytes(path, path.read_bytes())
    return "broken" if isinstance(found, list) else found.value["channels"]["imessage"].get("historyLimit")
"""

KILLED_AT_EVERY_STEP = """
lockfile.UNSIGNED = 0.2  # how long a lock without a name is respected
WATCHED = {"open", "os.rename", "os.remove", "os.chmod", "os.truncate", "fcntl.flock", "os.mkdir", "os.scandir"}

def dying(step):
    left = [step]
    def watch(event, args):
        if event in WATCHED:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    return watch

def old(step):
    return 10_000 - step

write(old(1))
bad, reached = [], set()
for step in count(1):
    child = os.fork()
    if child == 0:
        sys.addaudithook(dying(step))
        write(step)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    now = value(places.config)
    reached.add(now == step)
    if now not in (step, old(step)):
        bad.append(f"step {step}: {now}")
    bad += [f"step {step}: {path}" for path in ring(places.config) if path.exists() and value(path) == "broken"]
    write(old(step + 1))
    if os.WIFEXITED(status):
        break
print(json.dumps({"steps": step, "bad": bad, "old_and_new": len(reached) == 2, "code": os.WEXITSTATUS(status)}))
"""

WRITING_ON = """
for number in count(1):
    write(number % 1000)
    print(number, flush=True)
"""

WITH_LITTLE_ROOM = """
import resource
write(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
try:
    writer.change([Set(("channels", "imessage", "name"), "x" * 300)], "cli")
except WriteRefusedError as error:
    print(error.code, error)
"""

AS_SOMEBODY = f"""
writer.read()
if os.geteuid() == 0:
    os.setgid({NOBODY})
    os.setuid({NOBODY})
try:
    write(2)
except WriteRefusedError as error:
    print(error.code, error)
"""


def script(text: str, home: Path) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(START + text), str(home)]


def run(text: str, home: Path) -> str:
    done = subprocess.run(script(text, home), cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.stderr == ""
    return done.stdout


def whole(file: Path) -> Any:
    return json5.loads(file.read_text())


@pytest.fixture
def desk(places: Places) -> Desk:
    return Desk(places)


def test_a_writer_killed_at_any_step_leaves_the_old_file_or_the_new_one(desk: Desk) -> None:
    told = json.loads(run(KILLED_AT_EVERY_STEP, desk.places.home))
    assert told["bad"] == []
    assert told["code"] == 0
    assert told["old_and_new"]
    assert told["steps"] > 20
    assert litter(desk.file.parent) == []
    assert "// the program" in desk.file.read_text()


@pytest.mark.parametrize("lines", [1, 2, 3, 5, 8])
def test_a_writer_killed_while_it_writes_on_and_on_breaks_nothing(
    desk: Desk, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockfile, "UNSIGNED", 0.2)  # how long a lock without a name is respected
    with subprocess.Popen(script(WRITING_ON, desk.places.home), cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(3 * lines):
            assert child.stdout.readline()
        child.kill()
        child.wait()
    assert whole(desk.file)["channels"]["imessage"]["historyLimit"] >= 3 * lines
    desk.set("channels.imessage.historyLimit", 0)
    assert litter(desk.file.parent) == []


def test_a_file_that_may_not_grow_stays_as_it_was(desk: Desk) -> None:
    told = run(WITH_LITTLE_ROOM, desk.places.home)
    assert told.startswith("io ")
    assert f"{desk.file} was not changed: File too large" in told
    assert whole(desk.file)["channels"]["imessage"]["historyLimit"] == 1
    assert "name" not in whole(desk.file)["channels"]["imessage"]
    assert litter(desk.file.parent) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 64 KiB, where one can be had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(["mount", *options], capture_output=True).returncode:
        yield None
        return
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_leaves_the_file_whole_at_every_stage(small_disk: Path | None, tmp_path: Path) -> None:
    folder = small_disk or tmp_path
    desk = Desk(Places.from_env({"HOME": str(tmp_path), "OPENCLAW_STATE_DIR": str(folder)}))
    filler, results = folder / "filler", []
    for pages in range(16, -1, -1):
        filler.unlink(missing_ok=True)
        if small_disk is not None:
            _fill(filler, pages * 4096)
        before = desk.file.read_text()
        try:
            outcome = desk.set("channels.imessage.historyLimit", pages)
            results.append("written" if outcome.unrecorded is None else "unrecorded")
        except WriteRefusedError as error:
            assert error.code == "io"
            assert "make room on the disk" in str(error)
            assert desk.file.read_text() == before
            results.append("refused")
        assert "// the program" in desk.file.read_text()
        assert whole(desk.file)["gateway"] == {"mode": "local"}
        assert litter(folder) == []
    assert results[-1] == "written"
    assert small_disk is None or "refused" in results


def _fill(filler: Path, size: int) -> None:
    """Takes up so much of the disk, or all that is left."""
    with open(filler, "wb", buffering=0) as file:
        try:
            file.write(b"x" * size)
        except OSError:
            return


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home that any user may read, below a folder that no test's privacy closes."""
    with tempfile.TemporaryDirectory(prefix="gateway-readonly-") as name:
        home = Path(name)
        home.chmod(0o755)
        (home / ".openclaw").mkdir()
        yield home
        (home / ".openclaw").chmod(0o755)


def test_a_read_only_folder_is_named_and_nothing_changes(open_home: Path) -> None:
    desk = Desk(Places.from_env({"HOME": str(open_home)}))
    if os.geteuid() == 0:
        os.chown(desk.file, NOBODY, NOBODY)
    desk.file.parent.chmod(0o555)
    told = run(AS_SOMEBODY, open_home)
    assert told.startswith("io ")
    assert f"{desk.file} was not changed: Permission denied; give this user the right to write" in told
    assert desk.file.read_text() == TEXT
    assert [path.name for path in desk.file.parent.iterdir()] == [desk.file.name]


def test_a_file_of_somebody_else_stays_theirs(open_home: Path) -> None:
    """Only root can make such a file; anybody else sees here that their own file is fine."""
    desk = Desk(Places.from_env({"HOME": str(open_home)}))
    if os.geteuid() == 0:
        os.chown(desk.file.parent, NOBODY, NOBODY)
        told = run(AS_SOMEBODY, open_home)
        assert told.startswith("read-only ")
        assert "belongs to user id 0" in told
        os.chown(desk.file, NOBODY, NOBODY)
    desk.set("channels.imessage.historyLimit", 7)
    owners = {path.stat().st_uid for path in [desk.file, ring(desk.file)[0], audit.path(desk.places)]}
    assert owners == {desk.file.parent.stat().st_uid}


def test_what_an_editor_saved_meanwhile_is_not_lost(places: Places) -> None:
    saved = TEXT.replace("pairing", "disabled")

    def save(*_: object) -> list[Any]:
        new = places.config.with_name("editor.new")
        new.write_text(saved)
        new.replace(places.config)
        return []

    desk = Desk(places, further=[save])
    with pytest.raises(WriteRefusedError, match="changed by somebody else meanwhile") as caught:
        desk.set("channels.imessage.historyLimit", 7)
    assert caught.value.code == "conflict"
    assert desk.file.read_text() == saved
    assert [record["errorCode"] for record in desk.audited] == ["conflict"]


def test_a_file_that_is_no_longer_what_the_caller_saw_is_a_conflict(desk: Desk) -> None:
    seen = desk.writer.read().digest
    seen = desk.set("channels.imessage.historyLimit", 7, expected=seen).digest
    desk.file.write_text(desk.file.read_text() + "// mine\n")
    with pytest.raises(WriteRefusedError, match="look again"):
        desk.set("channels.imessage.historyLimit", 8, expected=seen)
    with pytest.raises(WriteRefusedError, match="look again"):
        desk.writer.rollback(expected=seen)
    assert desk.value["channels"]["imessage"]["historyLimit"] == 7
