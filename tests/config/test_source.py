"""Reading and parsing: what is refused, and where the report points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import Places, load
from config.paths import dotted, parse
from config.positions import MAX_DEPTH, scan
from config.source import MAX_BYTES, Source, parse_bytes
from tests.config.conftest import Load


def source(text: str) -> Source:
    found = parse_bytes(Path("/x.json5"), text.encode())
    assert isinstance(found, Source)
    return found


REFUSED = {
    # name: (text, part of the message, path, line, column)
    "duplicate key in JSON": ('{"a":1,\n "a":2}', "twice", "a", 2, 2),
    "duplicate key in JSON5": ("{gateway:{a:1,\n 'a':2}}", "twice", "gateway.a", 2, 2),
    "duplicate key by escape": ('{a:1, "\\u0061":2}', "twice", "a", 1, 7),
    "duplicate key in a list": ("{x:[{},{a:1,a:2}]}", "twice", "x.1.a", 1, 13),
    "NaN in JSON": ('{"a":NaN}', "not a finite number", "a", 1, 6),
    "Infinity in JSON5": ("{a:[1,-Infinity]}", "not a finite number", "a.1", 1, 7),
    "overflow": ("{a:1e999}", "not a finite number", "a", 1, 4),
    "endless integer": ("{a:" + "9" * 5000 + "}", "not a finite number", "a", 1, 4),
    "list root": ("\n[]", "one object", "<root>", 2, 1),
    "scalar root": ("5", "one object", "<root>", 1, 1),
    "null root": ("null", "one object", "<root>", 1, 1),
    "half a character": ('{\n"a":"\\ud800"}', "half a character", "<root>", 2, 6),
    "half a character in a key": ("{'\\uDC00': 1}", "half a character", "<root>", 1, 3),
    "empty": ("", "not valid JSON5", "<root>", 1, 1),
    "missing brace": ("{a:1", "not valid JSON5", "<root>", 1, 5),
    "missing comma": ('{a:1\n "b":2}', "not valid JSON5", "<root>", 2, 2),
    "bad value": ("{a:\n  b}", "not valid JSON5", "<root>", 2, 3),
    "too deep list": ('{"a":' + "[" * 100 + "]" * 100 + "}", "nested deeper", "<root>", 1, 105),
    "too deep without end": ("{a:" * 5000, "nested deeper", "<root>", 1, 301),
}


@pytest.mark.parametrize(("text", "message", "path", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_is_refused(text: str, message: str, path: str, line: int, column: int, load_text: Load) -> None:
    loaded = load_text(text)
    assert loaded.config is None
    (problem,) = loaded.problems
    assert message in problem.message
    assert (problem.path, problem.line, problem.column) == (path, line, column)


def test_every_duplicate_is_named(load_text: Load) -> None:
    assert [problem.path for problem in load_text("{a:1,a:2,b:1,b:2}").problems] == ["a", "b"]


@pytest.mark.parametrize("opening", ["[", "{a:"])
def test_the_deepest_nesting_is_still_read(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    text = "{x:" + opening * (MAX_DEPTH - 1) + closing * (MAX_DEPTH - 1) + "}"
    assert source(text.replace("{a:}", "{}")).value


def test_not_utf8_is_told_with_its_place(load_text: Load) -> None:
    (problem,) = load_text(b'{\n "a": "\xff"}').problems
    assert (problem.message, problem.line, problem.column) == ("not UTF-8 text: save the file as UTF-8", 2, 8)


def test_a_byte_order_mark_is_fine(load_text: Load) -> None:
    assert load_text(b"\xef\xbb\xbf{}").problems == ()


def test_json5_comforts(load_text: Load) -> None:
    text = """// comment
    { channels: { 'imessage': { /* x */ name: 'A\\
B', mediaMaxMb: +8, historyLimit: 0x10, textChunkLimit: 4e3, }, }, }"""
    (account,) = load_text(text).accounts
    assert account.name == "AB"
    assert (account.media_max_mb, account.history_limit, account.text_chunk_limit) == (8, 16, 4000)


def test_a_large_file_is_refused(load_text: Load) -> None:
    (problem,) = load_text(b'{"a":"' + b"x" * MAX_BYTES + b'"}').problems
    assert "larger than 2048 KiB" in problem.message


def test_a_missing_file_says_how_to_make_one(places: Places) -> None:
    loaded = load(places, {})
    assert loaded.config is None
    (problem,) = loaded.problems
    assert str(places.config) in problem.message
    assert "create it with" in problem.message


def test_a_folder_in_place_of_the_file(places: Places) -> None:
    places.config.mkdir()
    (problem,) = load(places, {}).problems
    assert str(places.config) in problem.message


def test_a_named_pipe_does_not_hang(places: Places) -> None:
    os.mkfifo(places.config)
    (problem,) = load(places, {}).problems
    assert "not a regular file" in problem.message


def refuse_opening(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom file modes do not stop."""
    opened = os.open

    def refuse(name: str, flags: int) -> int:
        if Path(name) == path:
            raise PermissionError(13, "Permission denied", name)
        return opened(name, flags)

    monkeypatch.setattr("config.source.os.open", refuse)


def test_an_unreadable_file_names_the_remedy(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.config.write_text("{}")

    refuse_opening(places.config, monkeypatch)
    (problem,) = load(places, {}).problems
    assert str(places.config) in problem.message
    assert f"chmod u+r {places.config}" in problem.message


def test_an_unreadable_file_of_someone_else(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.config.write_text("{}")
    owner = places.config.stat().st_uid

    refuse_opening(places.config, monkeypatch)
    monkeypatch.setattr("config.source.os.getuid", lambda: owner + 1)
    (problem,) = load(places, {}).problems
    assert f"sudo chown {owner + 1} {places.config}" in problem.message


def test_positions_of_values() -> None:
    text = "{ a: { 'b c': [1,\n  {d: +5}] } }"
    found = source(text)
    assert found.locate("a") == (1, 6)
    assert found.locate('a["b c"].0') == (1, 16)
    assert found.locate('a["b c"][1].d') == (2, 7)
    assert found.locate("a.x") is None
    assert found.has_plus('a["b c"].1.d')
    assert not found.has_plus('a["b c"].0')


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "<root>"),
        (("a", 0, "b-c", "*", "$include"), "a.0.b-c.*.$include"),
        (("dms", "me@x.y", "k"), 'dms["me@x.y"].k'),
        (('q"\\', ""), '["q\\"\\\\"][""]'),
    ],
)
def test_paths_are_written_and_read(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text
    assert dotted(parse(text)) == text


@pytest.mark.parametrize("text", [".a", "a..b", "a[", "a[x]", 'a["x]', "a b"])
def test_a_malformed_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a config path"):
        parse(text)


def test_the_scanner_survives_anything_broken() -> None:
    for text in ('{"a', "{'a': 'b", "/*", "]]}}", ",,:", "{:1}", "\\", '{"\\', "{a:1,,b:2}", '{"\\x4', "//"):
        scan(text)
