"""Changing one config file: what is written, what is kept, what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import Places, load
from config.backups import ring
from config.edit import Set, Unset
from config.redaction import MARKER
from config.writer import WriteRefusedError
from tests.config.writing import TEXT, Desk, litter


@pytest.fixture
def desk(places: Places) -> Desk:
    return Desk(places)


def refused(code: str) -> pytest.RaisesExc[WriteRefusedError]:
    return pytest.RaisesExc(WriteRefusedError, check=lambda error: error.code == code)


def test_only_the_bytes_of_the_value_change(desk: Desk) -> None:
    outcome = desk.set("channels.imessage.dmPolicy", "disabled")
    assert desk.file.read_text() == TEXT.replace('"pairing"', '"disabled"')
    assert outcome.changed_paths == ("channels.imessage.dmPolicy",)
    assert outcome.diff_lines == ("channels.imessage.dmPolicy:", '- "pairing"', '+ "disabled"')
    assert litter(desk.file.parent) == []


def test_the_outcome_says_what_the_gateway_would_load(desk: Desk) -> None:
    outcome = desk.set("channels.imessage.historyLimit", 7)
    loaded = load(desk.places, {})
    assert outcome.loaded is not None
    assert (outcome.digest, outcome.loaded.path, outcome.loaded.files) == (loaded.digest, loaded.path, loaded.files)
    assert outcome.loaded.accounts == loaded.accounts
    assert desk.writer.read().digest == outcome.digest


def test_what_is_there_already_is_not_written(desk: Desk) -> None:
    before = desk.file.stat()
    outcome = desk.set("channels.imessage.dmPolicy", "pairing")
    assert (outcome.changed_paths, outcome.backup) == ((), None)
    assert desk.file.stat().st_ino == before.st_ino
    assert desk.audited == []


def test_a_missing_file_begins_with_the_first_key(places: Places) -> None:
    places.state.joinpath("gateway").rmdir()
    places.state.rmdir()
    desk = Desk(places, text="")
    desk.set("channels.imessage.cliPath", "imsg")
    assert desk.value == {"channels": {"imessage": {"cliPath": "imsg"}}}
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.file.parent.stat().st_mode) == 0o700
    assert desk.writer.backups() == []


@pytest.mark.parametrize("text", ["", "\n", "// nothing yet\n"])
def test_a_blank_file_counts_as_an_empty_object(places: Places, text: str) -> None:
    desk = Desk(places)
    desk.file.write_text(text)
    desk.set("channels.imessage.cliPath", "imsg")
    assert desk.value == {"channels": {"imessage": {"cliPath": "imsg"}}}
    assert desk.file.read_text().startswith(text.strip())


def test_an_object_is_merged_and_replaced_only_expressly(desk: Desk) -> None:
    desk.set("channels.imessage", {"dmPolicy": "open", "allowFrom": ["*"]})
    assert desk.value["channels"]["imessage"] == {"cliPath": "imsg", "dmPolicy": "open", "allowFrom": ["*"]}
    assert "// the program" in desk.file.read_text()
    with refused("path"):
        desk.set("channels.imessage", "imsg")
    desk.set("channels.imessage", {"cliPath": "imsg"}, replace=True)
    assert desk.value["channels"]["imessage"] == {"cliPath": "imsg"}


def test_what_would_not_load_is_not_written(desk: Desk) -> None:
    with refused("invalid") as caught:
        desk.writer.change([Set(("channels", "imessage", "dmPolicy"), "open"), Set(("nonsense",), 1)], "cli")
    assert {problem.path for problem in caught.value.problems} == {"nonsense", "channels.imessage.allowFrom"}
    assert all(problem.file is None for problem in caught.value.problems)
    assert desk.file.read_text() == TEXT
    assert litter(desk.file.parent) == []
    assert not ring(desk.file)[0].exists()


def test_checks_of_others_are_asked_before_it_is_written(places: Places) -> None:
    desk = Desk(places, further=[lambda config, accounts: [("gateway.mode", "not today", None)]])
    with refused("invalid") as caught:
        desk.set("channels.imessage.dmPolicy", "disabled")
    assert [str(problem) for problem in caught.value.problems] == ["- gateway.mode: not today (line 10, column 20)"]
    assert desk.file.read_text() == TEXT


def test_a_file_that_does_not_parse_is_not_touched(desk: Desk) -> None:
    desk.file.write_text('{ channels: { imessage: { cliPath: "imsg" }')
    with refused("unreadable"):
        desk.set("channels.imessage.historyLimit", 7)


def test_an_invalid_file_can_be_mended_but_not_built_upon(desk: Desk) -> None:
    desk.file.write_text(TEXT.replace("dmPolicy", "dmPolcy"))
    with refused("invalid"):
        desk.set("channels.imessage.historyLimit", 7)
    desk.unset("channels.imessage.dmPolcy")
    assert load(desk.places, {}).problems == ()


def test_what_is_not_set_cannot_be_removed(desk: Desk) -> None:
    with refused("absent"):
        desk.unset("channels.imessage.historyLimit")
    desk.unset("channels.imessage.allowFrom[0]")
    assert desk.value["channels"]["imessage"]["allowFrom"] == []


def test_pruning_takes_the_empty_objects_around(desk: Desk) -> None:
    desk.set("channels.imessage.dms", {"me@example.com": {"historyLimit": 5}})
    desk.writer.change([Unset(("channels", "imessage", "dms", "me@example.com", "historyLimit"), prune=True)], "cli")
    assert "dms" not in desk.value["channels"]["imessage"]


def test_a_phone_number_written_as_a_number_keeps_its_plus(desk: Desk) -> None:
    desk.file.write_text(TEXT.replace('"+15555550123"', "+15555550123"))
    assert desk.set("channels.imessage.allowFrom", ["+15555550123"]).changed_paths == ()
    outcome = desk.set("channels.imessage.allowFrom[1]", "me@example.com")
    assert outcome.diff_lines[1:] == ('- ["+15555550123"]', '+ ["+15555550123", "me@example.com"]')
    assert '[+15555550123, "me@example.com"]' in desk.file.read_text()


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("models.x.apiKey", MARKER, "marker"),
        ("channels.imessage", {"name": f"a {MARKER}"}, "marker"),
        ("", {}, "path"),
        ("channels.imessage.cliPath.deep", 1, "path"),
        ("channels.imessage.allowFrom.first", "x", "path"),
        ("channels.imessage.allowFrom[7]", "x", "path"),
        ("channels.imessage.$include", "./other.json5", "path"),
        ("channels.imessage", {"groups": {"$include": "./other.json5"}}, "path"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_reason(desk: Desk, path: str, value: object, code: str) -> None:
    with refused(code):
        desk.set(path, value)
    assert desk.file.read_text() == TEXT


@pytest.mark.parametrize("name", ["OPENCLAW_NIX_MODE", "OPENCLAW_CONFIG_READONLY"])
def test_a_config_that_is_managed_elsewhere_is_not_written(places: Places, name: str) -> None:
    with pytest.raises(WriteRefusedError, match=name):
        Desk(places, {name: "1"}).set("channels.imessage.historyLimit", 7)
    Desk(places, {name: "0"}).set("channels.imessage.historyLimit", 7)


def test_what_looks_like_an_accident_has_to_be_meant(desk: Desk) -> None:
    with pytest.raises(WriteRefusedError, match=r"gateway\.mode would be gone"):
        desk.unset("gateway.mode")
    desk.set("channels.imessage.groups", {str(number): {"requireMention": True} for number in range(40)})
    with pytest.raises(WriteRefusedError, match="more than half of it would be gone"):
        desk.unset("channels.imessage.groups")
    desk.unset("channels.imessage.groups", force=True)
    desk.unset("gateway.mode", force=True)
    assert desk.audited[-1]["suspicious"] != []


def test_a_dry_run_says_all_and_writes_nothing(desk: Desk) -> None:
    before = sorted(path.name for path in desk.file.parent.iterdir())
    outcome = desk.set("channels.imessage.historyLimit", 7, dry_run=True)
    assert outcome.diff_lines == ("channels.imessage.historyLimit:", "+ 7")
    with refused("invalid"):
        desk.set("channels.imessage.historyLimit", -1, dry_run=True)
    assert desk.file.read_text() == TEXT
    assert sorted(path.name for path in desk.file.parent.iterdir()) == before


def test_the_mode_is_kept_and_never_looser_than_the_owner(desk: Desk) -> None:
    for mode, after in ((0o644, 0o600), (0o600, 0o600), (0o400, 0o400)):
        desk.file.chmod(mode)
        desk.set("channels.imessage.historyLimit", mode)
        assert stat.S_IMODE(desk.file.stat().st_mode) == after


def test_a_link_stays_a_link_and_its_target_changes(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "claw.json5"
    target.parent.mkdir()
    desk.file.rename(target)
    desk.file.symlink_to(target)
    desk.set("channels.imessage.historyLimit", 7)
    assert desk.file.is_symlink()
    assert "historyLimit: 7" in target.read_text()
    assert ring(desk.file)[0].read_text() == TEXT
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_line_ends_and_byte_order_mark_stay(desk: Desk) -> None:
    desk.file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    desk.set("channels.imessage.historyLimit", 7)
    content = desk.file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf//")
    assert content.count(b"\n") == content.count(b"\r\n") == TEXT.count("\n") + 1
