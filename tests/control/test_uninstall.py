"""``gateway uninstall``: only what a gateway made goes, and what stays is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.control.lock import InstanceLock
from config import Places
from tests.control.builders import JournalOnDisk
from tests.control.conftest import Gateway
from tests.control.pairing_support import ALICE, configure, let_in


@pytest.fixture
def lived_in(journal: JournalOnDisk, places: Places) -> Places:
    """A state folder a gateway lived in, beside OpenClaw."""
    configure(places)
    let_in(places, ALICE)
    (places.state / "openclaw.json.bak").write_text("{}")
    (places.state / "agents").mkdir()
    (places.state / "logs").mkdir()
    places.log_file.parent.mkdir()
    places.log_file.write_text("{}\n")
    places.media.mkdir()
    (places.media / "photo").write_bytes(b"12345")
    (places.gateway / "last-good").mkdir()
    (places.gateway / "last-good" / "openclaw.json").write_text("{}")
    for name in (
        "gateway.json5",
        "owners.json",
        "pairing-guard.json",
        "undo.json",
        ".owners.json.ab.tmp",
        "journal.db-wal",
    ):
        (places.gateway / name).write_text("{}")
    return places


def rest(places: Places) -> set[str]:
    """Everything outside the gateway's folder."""
    return {str(path) for path in places.state.rglob("*") if places.gateway not in (path, *path.parents)}


def test_everything_of_ours_goes_and_nothing_else(cli: Gateway, lived_in: Places) -> None:
    before = rest(lived_in)
    said = cli("uninstall", "--yes")
    assert (said.code, said.err) == (0, "")
    assert not lived_in.gateway.exists()
    assert rest(lived_in) == before
    assert f"removed: {lived_in.journal} (" in said.out
    assert f"removed: {lived_in.media} (5 bytes; files of messages)" in said.out
    assert f"removed: {lived_in.undo} (2 bytes; what /config undo takes back)" in said.out
    for left in (lived_in.config, lived_in.state / "openclaw.json.bak", lived_in.state / "logs"):
        assert f"left: {left} (" in said.out
    assert f"left: {lived_in.credentials / 'imessage-default-allowFrom.json'} (who may write" in said.out
    assert "left: the program itself" in said.out


def test_as_json_and_dry(cli: Gateway, lived_in: Places) -> None:
    dry = cli("uninstall", "--dry-run", "--json").json
    assert (dry["dryRun"], dry["removed"], dry["troubles"]) == (True, [], [])
    assert lived_in.journal.exists()
    assert not lived_in.lock.exists(), "a dry run makes nothing"
    done = cli("uninstall", "--yes", "--json").json
    assert [one["path"] for one in done["removed"]] == sorted(
        {str(lived_in.lock), *(one["path"] for one in dry["found"])}
    )
    assert {one["path"] for one in done["remains"]} >= {str(lived_in.config)}


def test_what_a_gateway_did_not_make_stays(cli: Gateway, lived_in: Places) -> None:
    for name in ("logs-of-mine", "journal.dbx", "notes.txt", "media.bak"):
        (lived_in.gateway / name).write_text("mine")
    said = cli("uninstall", "--yes")
    assert said.code == 0
    assert {path.name for path in lived_in.gateway.iterdir()} == {
        "logs-of-mine",
        "journal.dbx",
        "notes.txt",
        "media.bak",
    }
    assert f"left: {lived_in.gateway / 'notes.txt'} (nothing a gateway made)" in said.out


def test_a_running_gateway_is_not_uninstalled(cli: Gateway, lived_in: Places) -> None:
    with InstanceLock(lived_in.lock):
        said = cli("uninstall", "--yes")
    assert said.code == 75
    assert "a gateway runs here" in said.err
    assert lived_in.journal.exists()


def test_without_yes_nothing_goes(cli: Gateway, lived_in: Places) -> None:
    said = cli("uninstall")
    assert said.code == 2
    assert f"would go: {lived_in.gateway / 'gateway.json5'} (2 bytes; your settings for this gateway alone)" in said.out
    assert lived_in.journal.exists()


def test_where_nothing_is_nothing_goes(cli: Gateway, places: Places) -> None:
    said = cli("uninstall", "--yes")
    assert said.code == 0
    assert said.out.startswith(f"there is nothing of a gateway in {places.gateway}\n")
    assert not places.state.exists()


def test_a_folder_that_is_a_link_or_none_is_refused(cli: Gateway, places: Places, tmp_path: Path) -> None:
    places.state.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "journal.db").write_text("precious")
    places.gateway.symlink_to(elsewhere)
    said = cli("uninstall", "--yes")
    assert said.code == 1
    assert f"is a link to {elsewhere}" in said.err
    assert (elsewhere / "journal.db").exists()
    places.gateway.unlink()
    places.gateway.write_text("a file")
    assert "is no folder" in cli("uninstall", "--yes").err


def test_links_inside_are_not_followed(cli: Gateway, lived_in: Places, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    (album / "photo").write_text("mine")
    (lived_in.media / "link").symlink_to(album)
    (lived_in.gateway / "journal.db-shm").symlink_to(album / "photo")
    assert cli("uninstall", "--yes").code == 0
    assert (album / "photo").read_text() == "mine"


def test_what_cannot_be_removed_is_said(cli: Gateway, lived_in: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def stubborn(self: Path, missing_ok: bool = False) -> None:
        if self.name == "owners.json":
            raise PermissionError(13, "Permission denied", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", stubborn)
    said = cli("uninstall", "--yes")
    assert said.code == 1
    assert f"could not be removed: {lived_in.owners}: Permission denied" in said.err
    assert lived_in.owners.exists()
    assert not lived_in.journal.exists()
