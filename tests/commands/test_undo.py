"""``/config undo`` after the end of the process: ten minutes are ten minutes, whatever happens in them."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.commands import undo
from actors.commands.config import UNDO, UNDO_SECONDS
from tests.commands.conftest import Open
from tests.commands.counter import SECRET, TEXT, Counter

LIMIT = "channels.imessage.historyLimit"


def change(**keys: object) -> undo.Change:
    return replace(undo.Change("/x.json", "ab", "cd", (("a", 0),), 5.0), **keys)


def test_it_outlives_the_process(counter: Counter) -> None:
    before = counter.file.read_text()
    counter.say(f"/config set {LIMIT}=3")
    counter.open()
    counter.stage.advance(UNDO_SECONDS)
    assert counter.say("/config undo").startswith("Undone:")
    assert counter.file.read_text() == before
    counter.open()
    assert counter.say("/config undo").startswith("Nothing to undo: no change by chat is known.")


def test_so_does_its_end(counter: Counter) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.stage.advance(UNDO_SECONDS + 1)
    counter.open()
    assert counter.say("/config undo").startswith("Not undone: that was more than ten minutes ago.")


def test_a_clock_that_was_set_back_does_not_keep_it_for_ever(counter: Counter) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.stage.clock.epoch -= UNDO_SECONDS + 1
    assert counter.say("/config undo").startswith("Not undone: that was more than ten minutes ago.")


@pytest.mark.parametrize(
    "between",
    [
        lambda text: text.replace("the program", "my program"),
        lambda text: text.replace("historyLimit: 3", "historyLimit: 4"),
    ],
)
def test_what_somebody_else_changed_meanwhile_is_not_taken_back(
    counter: Counter, between: Callable[[str], str]
) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.file.write_text(between(counter.file.read_text()))
    changed = counter.file.read_text()
    counter.open()
    assert counter.say("/config undo").startswith("Not undone: the config was changed since.")
    assert counter.file.read_text() == changed


def test_the_rules_of_now_hold_for_it(opened: Open) -> None:
    counter = opened(TEXT)
    counter.say(f"/config set {LIMIT}=3")
    counter.file.write_text(counter.file.read_text().replace("commands: {", "commands: { /* x */"))
    counter.file.write_text(counter.file.read_text().replace('cliPath: "imsg"', 'cliPath: "imsg", configWrites: false'))
    counter.open()
    assert "configWrites is false" in counter.say("/config undo")


def test_the_file_holds_digests_and_paths_for_nobody_else(counter: Counter) -> None:
    counter.say("/config set channels.imessage.name=Claw")
    kept = counter.places.undo
    assert kept == counter.places.gateway / "undo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["undo.json"]
    text = kept.read_text()
    assert "Claw" not in text
    assert SECRET not in text
    found = json.loads(text)
    assert found["paths"] == [["channels", "imessage", "name"]]
    assert found["file"] == str(counter.file)
    counter.say("/config undo")
    assert not kept.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"file": 1}', b'{"file": "x", "more": 1}'])
def test_a_damaged_one_is_nothing_to_undo(counter: Counter, content: bytes) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.places.undo.write_bytes(content)
    changed = counter.file.read_text()
    assert counter.say("/config undo").startswith("Nothing to undo: what was kept for that cannot be read.")
    assert counter.file.read_text() == changed
    assert UNDO in counter.say(f"/config set {LIMIT}=4")
    assert counter.say("/config undo").startswith("Undone:")


def test_one_that_names_another_file_takes_nothing_back(counter: Counter, tmp_path: Path) -> None:
    counter.say(f"/config set {LIMIT}=3")
    found, other = undo.read(counter.places.undo), tmp_path / "other.json"
    assert found is not None
    other.write_text("mine")
    undo.keep(counter.places.undo, replace(found, file=str(other), before=undo.digest(b"mine")))
    assert counter.say("/config undo").startswith("Not undone: ")
    assert other.read_text() == "mine"


def test_where_it_cannot_be_kept_the_change_is_made_and_no_way_back_is_offered(counter: Counter) -> None:
    counter.places.undo.mkdir(parents=True)
    said = counter.say(f"/config set {LIMIT}=3")
    assert said.startswith(LIMIT)
    assert UNDO not in said
    assert "Nothing to undo" in counter.say("/config undo")


def test_it_is_read_as_it_was_kept(tmp_path: Path) -> None:
    place = tmp_path / "gateway" / "undo.json"
    assert undo.read(place) is None
    undo.keep(place, change())
    undo.keep(place, change(at=6.0))
    assert undo.read(place) == change(at=6.0)
    with pytest.raises(ValueError, match="surrogates"):
        undo.keep(place, change(file="/\udc80"))
    assert undo.read(place) == change(at=6.0)
    undo.forget(place)
    undo.forget(place)
    assert undo.read(place) is None
