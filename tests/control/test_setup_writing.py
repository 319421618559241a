"""The files of a set-up: all of them or nothing, for their owner only, and never over one that is there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actors.control.setup import writing
from config import Places, commit
from config.refusals import WriteRefusedError

TEXT = '{ channels: { imessage: { cliPath: "imsg" } } } // mine\n'


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_file_is_its_owners_only(places: Places) -> None:
    outcome = writing.create(places, os.environ, TEXT)
    assert places.config.read_text() == TEXT
    assert (mode(places.config), mode(places.config.parent)) == (0o600, 0o700)
    assert outcome.loaded is not None
    assert [one.id for one in outcome.loaded.accounts] == ["default"]
    assert '"actor": "setup"' in (places.state / "logs" / "config-audit.jsonl").read_text()


def test_a_file_that_is_there_stays(places: Places) -> None:
    places.config.parent.mkdir()
    places.config.write_text("{}")
    with pytest.raises(WriteRefusedError, match="there already"):
        writing.create(places, os.environ, TEXT)
    assert everything(places.state) == ["openclaw.json"]
    assert places.config.read_text() == "{}"


def test_what_would_not_load_is_not_written(places: Places, home: Path) -> None:
    with (
        pytest.raises(WriteRefusedError) as caught,
        writing.new_folders_undone(*writing.touched(places)),
        writing.script_placed(places.config.parent / "deep" / "script", "x"),
    ):
        writing.create(places, os.environ, "{ channels: { imessage: { nope: 1 } } }")
    assert caught.value.problems
    # The folder of the script is nobody's to undo here: it was not named.
    assert everything(home) == [".openclaw", ".openclaw/deep"]


def test_a_config_that_is_managed_elsewhere_is_not_written(places: Places, home: Path) -> None:
    with pytest.raises(WriteRefusedError, match="OPENCLAW_NIX_MODE"):
        writing.create(places, {**os.environ, "OPENCLAW_NIX_MODE": "1"}, TEXT, dry_run=True)
    assert everything(home) == []


@pytest.mark.parametrize("step", ["draft", "_content", "sync"])
def test_ctrl_c_leaves_nothing_behind(places: Places, home: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commit, step, interrupted)
    script = places.config.parent / "imsg-ssh"
    with (
        pytest.raises(KeyboardInterrupt),
        writing.new_folders_undone(*writing.touched(places), script),
        writing.script_placed(script, "x"),
    ):
        assert script.exists()
        writing.create(places, os.environ, TEXT)
    assert everything(home) == []


def test_a_dry_run_leaves_no_folder(places: Places, home: Path) -> None:
    with writing.new_folders_undone(*writing.touched(places), always=True):
        assert writing.create(places, os.environ, TEXT, dry_run=True).changed_paths
    assert everything(home) == []


def test_a_script_is_used_again_and_another_one_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "imsg-ssh"
    with writing.script_placed(path, "#!/bin/sh\n"):
        assert mode(path) == 0o700
    path.chmod(0o644)
    with pytest.raises(ValueError, match="later"), writing.script_placed(path, "#!/bin/sh\n"):
        raise ValueError("later")
    assert mode(path) == 0o700
    with pytest.raises(WriteRefusedError, match="another script"), writing.script_placed(path, "other"):
        pass
    assert path.read_text() == "#!/bin/sh\n"
    with pytest.raises(WriteRefusedError, match="another script"), writing.script_placed(tmp_path, "other"):
        pass
