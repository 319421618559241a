"""The example file: complete, valid, without cautions, and true about the defaults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from actors.control.config_file import cautions
from config import Places, describe
from config.known import fits
from config.paths import Path as Keys
from config.source import Source, parse_bytes
from config.unhonoured import UNHONOURED
from tests.config.conftest import Load
from tests.config.shown import EVERYTHING, SHOWN, TEXT

REPEATED = (("channels", "imessage", "accounts", "*"), ("agents", "entries", "*"))
"""Blocks whose keys are shown once, elsewhere."""


MARKS = (" (later) ", "read and not used")
"""Words that stand at what nothing honours; `HEADLINE` explains the first."""
HEADLINE = "// What is marked (later) is read, and honoured by a later version only."

BARE: set[Keys] = {("channels",), ("channels", "imessage")}
"""Blocks that need no word."""


def parsed(text: str) -> Source:
    found = parse_bytes(Path("/example.json5"), text.encode())
    assert isinstance(found, Source)
    return found


def mark_of(source: Source, path: Keys) -> int:
    """The offset of the value at a path."""
    mark = source.root
    for key in path:
        mark = mark.children[key]
    return mark.start


def leaves(value: object, path: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """Every value at a path of its own, containers too."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def test_it_loads_without_a_word(load_text: Load, places: Places) -> None:
    loaded = load_text(TEXT)
    assert (loaded.problems, loaded.warnings, cautions(loaded, places)) == ((), (), [])
    assert [account.id for account in loaded.accounts] == ["bot", "default"]


def test_what_it_shows_in_comments_loads_too(load_text: Load) -> None:
    assert SHOWN.search(EVERYTHING) is None
    assert load_text(EVERYTHING, env={"API_KEY": "x", "OWNER_SECRET": "x"}).problems == ()


def test_it_shows_every_key() -> None:
    shown = [path for path, _ in leaves(parsed(EVERYTHING).value)]
    wanted = [each.pattern for each in describe.entries() if each.pattern[:4] not in REPEATED[:1]]
    wanted = [pattern for pattern in wanted if pattern[:3] != REPEATED[1]]
    assert [pattern for pattern in wanted if not any(fits(path, pattern) for path in shown)] == []


def test_it_explains_every_setting() -> None:
    """By a comment on its line, on the line above, or so for the block it stands in."""
    source, lines = parsed(EVERYTHING), EVERYTHING.splitlines()

    def is_explained(path: Keys) -> bool:
        line = source.line_column(mark_of(source, path))[0]
        return " // " in lines[line - 1] or lines[line - 2].lstrip().startswith("//")

    inside = [path for path, _ in leaves(source.value) if path[:3] != REPEATED[0][:3]]
    blocks = [{path[:length] for length in range(1, len(path) + 1)} - BARE for path in inside]
    assert [
        path for path, found in zip(inside, blocks, strict=True) if found and not any(map(is_explained, found))
    ] == []


def test_its_values_are_the_defaults_where_no_comment_says_otherwise() -> None:
    source, lines = parsed(TEXT), TEXT.splitlines()
    wrong = []
    for path, value in leaves(source.value):
        known = describe.entry(path)
        if known is None or known.default is None or known.default == value:
            continue
        if "default:" not in lines[source.line_column(mark_of(source, path))[0] - 1]:
            wrong.append(path)
    assert wrong == []


def test_what_stands_in_comments_has_no_default() -> None:
    shown = {path for path, _ in leaves(parsed(TEXT).value)}
    more = [(path, describe.entry(path)) for path, _ in leaves(parsed(EVERYTHING).value) if path not in shown]
    settled = [path for path, known in more if known is not None and known.default is not None and path[:-1] in shown]
    assert settled == []


def test_it_says_what_is_not_honoured_and_of_nothing_else() -> None:
    """On the line, on the line above, or so for the block it stands in."""
    source, lines = parsed(EVERYTHING), EVERYTHING.splitlines()

    def is_marked(path: Keys) -> bool:
        line = source.line_column(mark_of(source, path))[0]
        return any(mark in near for near in lines[line - 2 : line] for mark in MARKS)

    def is_covered(path: Keys) -> bool:
        return any(fits(path[: len(pattern)], pattern) for pattern in UNHONOURED)

    inside = [path for path, _ in leaves(source.value)]
    covered = [path for path in inside if is_covered(path)]
    assert covered
    assert [path for path in covered if not any(is_marked(path[:end]) for end in range(2, len(path) + 1))] == []
    marked = {number for number, line in enumerate(lines, 1) if any(mark in line for mark in MARKS)}
    known = {("session", "mainKey")}
    places = {source.line_column(mark_of(source, path))[0] for path in {*covered, *known}}
    assert [lines[number - 1] for number in sorted(marked) if not {number, number + 1} & places] == [HEADLINE]
