"""Which paths a config depends on: those whose change can change what is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Loaded, Places, load
from config.trail import trails
from tests.config.conftest import Load
from tests.config.writing import Desk


def always(places: Places) -> set[Path]:
    return {places.config, places.overlay, *places.dotenv}


def test_a_plain_file_and_what_may_yet_come(places: Places, load_text: Load) -> None:
    assert set(load_text("{}").watched) == always(places)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{ chanels: {} }", "\0"])
def test_whatever_the_file_holds(places: Places, content: str | None) -> None:
    if content is not None:
        places.config.write_text(content)
    loaded = load(places, {})
    assert loaded.config is None
    assert set(loaded.watched) == always(places)


def test_includes_there_missing_broken_and_refused(places: Places, load_text: Load, tmp_path: Path) -> None:
    text = """{
      agents: { $include: ["./there.json5", "missing/deep.json5"] },
      messages: { $include: "broken.json5" },
      session: { $include: "../outside.json5" },
    }"""
    files = {"there.json5": '{ $include: "inner.json5" }', "broken.json5": "{ x: "}
    loaded = load_text(text, overlay='{ bindings: { $include: "over.json5" } }', files=files)
    assert loaded.config is None
    names = ("there.json5", "inner.json5", "missing/deep.json5", "broken.json5", "gateway/over.json5")
    found = {places.state / name for name in names}
    assert set(loaded.watched) == always(places) | found | {
        places.state / ".." / "outside.json5",
        places.state.parent / "outside.json5",
    }


def test_mending_any_of_them_changes_what_is_loaded(places: Places, load_text: Load) -> None:
    loaded = load_text('{ messages: { $include: "part.json5" } }')
    part = places.state / "part.json5"
    assert loaded.config is None
    assert part in loaded.watched
    part.write_text("{ removeAckAfterReply: true }")
    assert load(places, {}).config is not None


class TestLinks:
    """A link may be turned as well as what it leads to be written."""

    def test_each_on_the_way_counts(self, places: Places, tmp_path: Path) -> None:
        real = tmp_path / "dotfiles"
        real.mkdir()
        (real / "openclaw.json").write_text("{}")
        (tmp_path / "current").symlink_to("dotfiles")
        (tmp_path / "middle").symlink_to("current/openclaw.json")
        places.config.symlink_to("../../middle")
        watched = set(load(places, {}).watched)
        assert watched == always(places) | {tmp_path / "middle", tmp_path / "current", real / "openclaw.json"}

    def test_one_that_leads_nowhere_is_seen_to_come(self, places: Places, tmp_path: Path) -> None:
        places.config.symlink_to(tmp_path / "later" / "openclaw.json")
        assert tmp_path / "later" / "openclaw.json" in load(places, {}).watched

    def test_circles_and_odd_names_end(self, tmp_path: Path) -> None:
        one, other = tmp_path / "one", tmp_path / "other"
        one.symlink_to(other)
        other.symlink_to(one)
        assert trails([one]) == (one, other)
        assert trails([tmp_path / "\0x"]) == (tmp_path / "\0x",)

    def test_the_systems_own_are_left_out(self) -> None:
        links = [path for path in Path("/").iterdir() if path.is_symlink()]
        for link in links:
            assert link not in trails([link / "x"])


@pytest.fixture
def desk(places: Places) -> Iterator[Desk]:
    yield Desk(places)


def test_a_change_names_the_files_and_not_its_drafts(desk: Desk) -> None:
    loaded = desk.set("channels.imessage.name", "Me").loaded
    assert isinstance(loaded, Loaded)
    assert set(loaded.watched) == always(desk.places)
