"""The config read at a bad moment: half written, overwritten in place, replaced by something else, made unreadable.

Whatever is found there, `load` comes back at once, with a report that names the file, and lets in nobody whom the whole
file does not: what the gateway runs with meanwhile is not asked for here.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actors.access.list_check import unusable_lists
from config import Loaded, Places, load
from tests.access.builders import ANN, BEN
from tests.config.strictness import Pass, admitted

AT_ONCE = 2.0
"""Seconds that no reading may take."""

MAIN = f"""\
// mine
{{
  channels: {{ imessage: {{
    dmPolicy: "allowlist", allowFrom: ["{ANN}"],
    groupPolicy: "allowlist", groups: {{ "42": {{ requireMention: true }} }},
    $include: "part.json5",
  }} }},
  commands: {{ ownerAllowFrom: ["{ANN}"] }},
}}
"""
PART = f"""{{ groupAllowFrom: ["{ANN}"], historyLimit: 5, /* all */ }}\n"""
OVERLAY = """{ "agents": { "list": [ { "id": "a", "runtime": { "type": "echo" } } ] } }\n"""
OTHER = MAIN.replace(ANN, BEN).replace('"allowlist", allow', '"disabled", allow').replace("mine", "yours, and longer")


class Bench:
    """A config of three files; `read` loads it, and holds it to what every reading promises."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.part = places.state / "part.json5"
        self.files = {places.config: MAIN, self.part: PART, places.overlay: OVERLAY}
        self.restore()
        self.whole = self.read()
        assert self.whole.problems == ()

    def restore(self) -> None:
        for path, text in self.files.items():
            path.write_text(text)

    def read(self, most: frozenset[Pass] | None = None, env: Mapping[str, str] | None = None) -> Loaded:
        started = time.monotonic()
        loaded = load(self.places, env or {}, (unusable_lists,))
        assert time.monotonic() - started < AT_ONCE
        assert (loaded.config is None) == bool(loaded.problems)
        assert loaded.config is not None or not loaded.accounts
        if most is not None:
            assert admitted(loaded) <= most
        return loaded


@pytest.fixture
def bench(places: Places) -> Bench:
    return Bench(places)


@pytest.mark.parametrize("name", ["openclaw.json", "part.json5", "gateway.json5"])
def test_cut_at_every_byte(bench: Bench, name: str) -> None:
    path, text = next((path, text) for path, text in bench.files.items() if path.name == name)
    whole, most = text.rstrip(), admitted(bench.whole)
    for length in range(len(text)):
        path.write_text(text[:length])
        loaded = bench.read(most)
        if length >= len(whole):
            assert loaded.config == bench.whole.config
            continue
        (problem,) = loaded.problems
        assert problem.line is not None
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.file == (None if path == bench.places.config else str(path))


@pytest.mark.parametrize("fill", ["\0", " ", "x"])
def test_written_up_to_somewhere_and_filled(bench: Bench, fill: str) -> None:
    """As a file system leaves it that was cut off: the length is there, the content is not."""
    most = admitted(bench.whole)
    for length in range(0, len(MAIN.rstrip()), 7):
        bench.places.config.write_text(MAIN[:length] + fill * (len(MAIN) - length))
        assert bench.read(most).problems[0].line is not None


@pytest.mark.parametrize(("old", "new"), [(MAIN, OTHER), (OTHER, MAIN)])
def test_overwritten_in_place(bench: Bench, old: str, new: str) -> None:
    """The new text up to somewhere, then what is left of the old one: who gets in is let in by the one or the other."""
    most: frozenset[Pass] = frozenset()
    for text in (old, new):
        bench.places.config.write_text(text)
        most |= admitted(bench.read())
    for length in range(0, len(new), 3):
        bench.places.config.write_text(new[:length] + old[length:])
        bench.read(most)


def test_a_blank_file_and_one_of_zeros_name_no_config(bench: Bench) -> None:
    for content in ("", "\n\n", "// nothing", "\0" * 4096, "\ufeff"):
        bench.places.config.write_text(content)
        (problem,) = bench.read(frozenset()).problems
        assert problem.line is not None


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(path.parent)  # its name may be too long from elsewhere
        server.bind(path.name)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _nowhere(path: Path) -> None:
    path.symlink_to("gone/away")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _large(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(1 << 40)


def _unreadable(path: Path) -> None:
    path.symlink_to("part.json5/below-a-file")


@pytest.mark.parametrize(
    "become", [_folder, os.mkfifo, _socket, _loop, _nowhere, _device, _large, _unreadable, lambda path: None]
)
@pytest.mark.parametrize("name", ["openclaw.json", "part.json5", "gateway.json5"])
def test_something_else_in_its_place(bench: Bench, name: str, become: Callable[[Path], None]) -> None:
    path = next(path for path in bench.files if path.name == name)
    path.unlink()
    become(path)
    loaded = bench.read(admitted(bench.whole))
    assert path in loaded.watched
    if path == bench.places.overlay and not path.is_symlink() and not path.exists():
        assert loaded.problems == ()  # it may be missing
        return
    (problem,) = loaded.problems
    assert str(path) in str(problem) or (problem.path, problem.line) == ("channels.imessage.$include", 6)


def test_a_link_to_a_good_file_is_that_file(bench: Bench, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "mine.json5"
    there.parent.mkdir()
    bench.places.config.rename(there)
    bench.places.config.symlink_to(there)
    (there.parent / "part.json5").write_text(PART)
    assert bench.read(env={"OPENCLAW_INCLUDE_ROOTS": str(there.parent)}).config == bench.whole.config


@pytest.mark.parametrize(
    ("old", "new", "path", "line"),
    [
        ("dmPolicy", "dmPolici", "channels.imessage.dmPolici", 4),
        ('"allowlist", allow', '"alowlist", allow', "channels.imessage.dmPolicy", 4),
        (f'["{ANN}"],\n    group', "true,\n    group", "channels.imessage.allowFrom", 4),
        ("requireMention: true", 'requireMention: "true"', "channels.imessage.groups.42.requireMention", 5),
        ("requireMention: true", "requireMention: null", "channels.imessage.groups.42.requireMention", 5),
        ('{ "42"', '["42"', "<root>", 5),
        ("commands:", "commands: 0, comands:", "comands", 8),
        (f'ownerAllowFrom: ["{ANN}"]', 'ownerAllowFrom: "me"', "commands.ownerAllowFrom", 8),
    ],
)
def test_a_mistake_is_named_with_its_place(bench: Bench, old: str, new: str, path: str, line: int) -> None:
    assert old in MAIN
    bench.places.config.write_text(MAIN.replace(old, new))
    loaded = bench.read(frozenset())
    assert (path, line) in {(problem.path, problem.line) for problem in loaded.problems}


def test_a_variable_that_went_away_shuts_its_account(bench: Bench) -> None:
    bench.places.config.write_text(MAIN.replace(f'allowFrom: ["{ANN}"],\n    g', 'allowFrom: ["${WHO}"],\n    g'))
    assert admitted(bench.read(env={"WHO": ANN})) == admitted(bench.whole)
    loaded = bench.read(frozenset())
    assert loaded.problems == ()
    assert "WHO" in (loaded.accounts[0].unavailable or "")


def test_a_file_that_vanishes_between_looks_is_no_empty_one(bench: Bench) -> None:
    for path in (bench.places.config, bench.part):
        bench.restore()
        path.unlink()
        assert str(path) in str(bench.read(frozenset()).problems[0])
