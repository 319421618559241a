"""The watcher sees what editors and people do to a file, and nothing else in its folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.reload.stamps import stamps
from actors.reload.watcher import Watcher
from tests.support.actors import wait_until


@pytest.fixture
def seen() -> Iterator[threading.Event]:
    """Set when the watcher said something."""
    yield threading.Event()


@pytest.fixture
def watcher(seen: threading.Event) -> Iterator[Watcher]:
    """A watcher that is stopped at the end."""
    made = Watcher(seen.set)
    yield made
    made.stop()
    wait_until(lambda: not _threads(), what="the end of the watcher's thread")


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "config-watch"]


def _write(file: Path) -> None:
    file.write_text("{ a: 2 }")


def _replace(file: Path) -> None:
    draft = file.with_name("draft")
    draft.write_text("{ a: 2 }")
    draft.replace(file)


def _link(file: Path) -> None:
    target = file.with_name("target")
    target.write_text("{ a: 2 }")
    file.unlink()
    file.symlink_to(target)


def test_each_way_to_change_a_file_is_seen(tmp_path: Path, watcher: Watcher, seen: threading.Event) -> None:
    file, marker = tmp_path / "openclaw.json", tmp_path / "marker"
    file.write_text("{ a: 1 }")
    _until_it_watches(watcher, [file, marker], marker, seen)
    for change in (_write, _replace, _link, Path.unlink):
        seen.clear()
        before = stamps([file])
        change(file)
        assert seen.wait(10), change
        assert stamps([file]) != before


def test_other_files_of_the_folder_are_not_its_business(
    tmp_path: Path, watcher: Watcher, seen: threading.Event
) -> None:
    file, marker = tmp_path / "openclaw.json", tmp_path / "marker"
    file.write_text("{}")
    _until_it_watches(watcher, [file, marker], marker, seen)
    for number in range(20):
        (tmp_path / f".openclaw.json.{number}.tmp").write_text("draft")
    # What is seen next is the marker: had the drafts been seen, that would have been before it.
    assert not seen.is_set()
    marker.write_text("now")
    assert seen.wait(10)


def test_other_paths_take_the_place_of_those_before(tmp_path: Path, watcher: Watcher, seen: threading.Event) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    _until_it_watches(watcher, [one / "a", one / "marker"], one / "marker", seen)
    _until_it_watches(watcher, [other / "a", other / "marker"], other / "marker", seen)
    wait_until(lambda: len(_threads()) == 1, what="the end of the thread before")
    (one / "a").write_text("x")
    assert not seen.is_set()
    (other / "a").write_text("x")
    assert seen.wait(10)


def test_a_folder_where_much_is_written_is_left_out(tmp_path: Path, seen: threading.Event) -> None:
    watcher = Watcher(seen.set, without=[tmp_path])
    watcher.watch([tmp_path / "gateway.json5"])
    assert not _threads()


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path, watcher: Watcher) -> None:
    watcher.watch([tmp_path / "nowhere" / "openclaw.json"])
    assert not _threads()


def _until_it_watches(watcher: Watcher, paths: list[Path], marker: Path, seen: threading.Event) -> None:
    """The thread needs a moment before it sees anything."""
    watcher.watch(paths)

    def sees() -> bool:
        marker.write_text(os.urandom(4).hex())
        return seen.wait(0.05)

    wait_until(sees, what="the watcher's first sight")
    wait_until(lambda: not _sees_more(seen), what="silence")


def _sees_more(seen: threading.Event) -> bool:
    seen.clear()
    return seen.wait(0.3)
