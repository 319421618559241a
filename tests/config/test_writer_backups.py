"""The ring of five backups, going back to one of them, and the audit log."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import Places, audit
from config.backups import KEPT, keep, listed, ring
from config.source import MAX_BYTES
from config.writer import WriteRefusedError
from tests.config.writing import TEXT, TIME, Desk

NAMES = ("f.bak", "f.bak.1", "f.bak.2", "f.bak.3", "f.bak.4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def desk(places: Places) -> Desk:
    return Desk(places)


def limits(desk: Desk) -> list[str]:
    """What each backup says, the newest first."""
    return [backup.path.read_text() for backup in desk.writer.backups()]


def test_five_are_kept_the_newest_first(folder: Path) -> None:
    file = folder / "f"
    for number in range(8):
        file.write_text(str(number))
        assert keep(file, file.read_bytes()) == folder / "f.bak"
    assert tuple(path.name for path in ring(file)) == NAMES
    assert [backup.path.read_text() for backup in listed(file)] == ["7", "6", "5", "4", "3"]
    assert [backup.number for backup in listed(file)] == [1, 2, 3, 4, 5]
    assert sorted(path.name for path in folder.iterdir()) == sorted(("f", *NAMES))


def test_each_is_private_whatever_the_file_is(folder: Path) -> None:
    file = folder / "f"
    for number in range(KEPT + 1):
        file.write_text(str(number))
        file.chmod(0o644)
        keep(file, file.read_bytes())
        for backup in listed(file):
            backup.path.chmod(0o644)
    keep(file, b"last")
    assert {stat.S_IMODE(backup.path.stat().st_mode) for backup in listed(file)} == {0o600}


def test_the_same_content_is_not_kept_twice_in_a_row(folder: Path) -> None:
    file = folder / "f"
    keep(file, b"one")
    keep(file, b"one")
    assert len(listed(file)) == 1


def test_what_older_versions_left_is_pruned_and_what_people_named_is_not(folder: Path) -> None:
    file = folder / "f"
    for name in ("f.bak.5", "f.bak.17", "f.bak.20261120", "f.bak.mine", "g.bak.5"):
        (folder / name).write_text("x")
    keep(file, b"one")
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["f.bak", "f.bak.20261120", "f.bak.mine", "g.bak.5"]


def test_a_gap_leaves_its_number_out(folder: Path) -> None:
    file = folder / "f"
    for content in (b"one", b"two", b"three"):
        keep(file, content)
    ring(file)[1].unlink()
    assert [(backup.number, backup.path.read_bytes()) for backup in listed(file)] == [(1, b"three"), (3, b"one")]


def test_a_rollback_can_be_rolled_back(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    changed = desk.file.read_text()
    outcome = desk.writer.rollback()
    assert desk.file.read_text() == TEXT
    assert outcome.diff_lines == ("channels.imessage.historyLimit:", "- 7")
    assert limits(desk) == [changed, TEXT]
    desk.writer.rollback()
    assert desk.file.read_text() == changed


def test_any_backup_can_be_put_back(desk: Desk) -> None:
    for number in range(1, 4):
        desk.set("channels.imessage.historyLimit", number)
    assert "historyLimit: 2" in limits(desk)[0]
    desk.writer.rollback(3)
    assert desk.file.read_text() == TEXT
    with pytest.raises(WriteRefusedError, match="has no backup 5"):
        desk.writer.rollback(5)


def test_a_broken_file_can_be_rolled_back(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    desk.file.write_text("{ channels: ")
    outcome = desk.writer.rollback()
    assert desk.file.read_text() == TEXT
    assert outcome.changed_paths == ("<root>",)
    assert limits(desk)[0] == "{ channels: "


def test_a_file_too_large_to_read_can_be_rolled_back(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    desk.file.write_text("/" * (MAX_BYTES + 1))
    desk.writer.rollback()
    assert desk.file.read_text() == TEXT


def test_a_backup_that_would_not_load_is_not_put_back(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    now = desk.file.read_text()
    for text in ("{ channels: ", "{ nonsense: 1 }"):
        ring(desk.file)[0].write_text(text)
        with pytest.raises(WriteRefusedError, match="would not be valid"):
            desk.writer.rollback()
        assert desk.file.read_text() == now


def test_a_dry_rollback_writes_nothing(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    now = desk.file.read_text()
    assert desk.writer.rollback(dry_run=True).diff_lines == ("channels.imessage.historyLimit:", "- 7")
    assert desk.file.read_text() == now
    assert len(desk.audited) == 1


def test_an_included_file_has_backups_of_its_own(desk: Desk) -> None:
    desk.file.write_text('{ channels: { $include: "./channels.json5" } }')
    included = desk.add("channels.json5", '{ imessage: { cliPath: "imsg" } }')
    desk.set("channels.imessage.cliPath", "imsg2")
    assert desk.writer.backups() == []
    assert len(desk.writer.backups(Path("channels.json5"))) == 1
    desk.writer.rollback(file=included)
    assert included.read_text() == '{ imessage: { cliPath: "imsg" } }'
    with pytest.raises(WriteRefusedError, match="no file of this config"):
        desk.writer.backups(desk.places.state / "other.json5")


def test_what_a_backup_said_can_be_looked_at(desk: Desk) -> None:
    desk.set("channels.imessage.historyLimit", 7)
    assert desk.writer.earlier().value != desk.writer.read().value
    assert desk.writer.earlier().text(desk.file) == ""
    desk.unset("channels.imessage.historyLimit")
    assert desk.writer.earlier(2).value == desk.writer.read().value


def test_the_audit_log_says_who_and_which_paths_and_no_values(desk: Desk) -> None:
    desk.set("channels.imessage.name", "a telling name")
    with pytest.raises(WriteRefusedError):
        desk.set("channels.imessage.dmPolicy", "a telling policy")
    with pytest.raises(WriteRefusedError):
        desk.set("sk-in-the-wrong-place-1234", "x")
    written, refused, misplaced = desk.audited
    assert (written["ts"], written["actor"], written["result"]) == ("2023-11-14T22:13:20.000Z", "cli", "rename")
    assert written["changedPaths"] == ["channels.imessage.name"]
    assert written["previousBytes"] == len(TEXT)
    assert written["nextBytes"] == len(desk.file.read_bytes())
    assert (refused["result"], refused["errorCode"]) == ("rejected", "invalid")
    assert refused["changedPaths"] == ["channels.imessage.dmPolicy"]
    assert misplaced["changedPaths"] == ["?"]
    log = audit.path(desk.places)
    assert "telling" not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_an_audit_log_that_cannot_be_written_is_told_and_the_change_stands(desk: Desk) -> None:
    audit.path(desk.places).mkdir(parents=True)
    outcome = desk.set("channels.imessage.historyLimit", 7)
    assert "historyLimit: 7" in desk.file.read_text()
    assert outcome.unrecorded is not None
    assert "not on record" in outcome.unrecorded


def test_a_long_audit_log_moves_aside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MAX_BYTES", 10)
    for number in (1, 2):
        audit.record(desk.places, audit.Record(TIME, f"actor {number}", "rejected", desk.file))
    log = audit.path(desk.places)
    assert "actor 2" in log.read_text()
    assert "actor 1" in log.with_name(f"{log.name}.1").read_text()
