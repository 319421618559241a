"""Where an import makes its copy: private, gone afterwards, and at the latest gone with the next import."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actors.pairing.scratch import COPY, scratch

ROOT = Path(__file__).resolve().parents[2]
IMPORTER = """
import sys
from pathlib import Path
from actors.pairing.scratch import COPY, scratch
with scratch(Path(sys.argv[1])) as folder:
    for ending in ("", "-wal", "-journal", "-shm"):
        (folder / (COPY + ending)).touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_it_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    parent = tmp_path / "state" / "gateway"
    with pytest.raises(KeyboardInterrupt), scratch(parent) as folder:
        assert folder.parent == parent
        assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(parent.stat().st_mode)) == (0o700, 0o700)
        (folder / COPY).touch()
        raise KeyboardInterrupt
    assert names(parent) == []


def test_one_at_work_keeps_its_folder_and_what_a_kill_left_goes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IMPORTER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        theirs = Path(child.stdout.readline().strip())
        with scratch(tmp_path) as mine:
            assert names(tmp_path) == sorted((theirs.name, mine.name))
        child.kill()
    assert len(names(theirs)) == 4
    with scratch(tmp_path) as mine:
        assert names(tmp_path) == [mine.name]
    assert names(tmp_path) == []


def test_what_no_import_made_stays(tmp_path: Path) -> None:
    precious = tmp_path / "import-mine.tmp"
    precious.mkdir()
    (precious / "photo").touch()
    (tmp_path / "import-file.tmp").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / COPY).touch()
    (tmp_path / "import-link.tmp").symlink_to(elsewhere)
    before = names(tmp_path)
    with scratch(tmp_path):
        pass
    assert names(tmp_path) == before
    assert names(precious) == ["photo"]
    assert names(elsewhere) == [COPY]
