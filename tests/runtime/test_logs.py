"""Log lines: one JSON object each, unforgeable, private, and never in the way of a message."""

import io
import json
import logging
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from actors.runtime import logs
from actors.runtime.logs import LogWriter, as_json, event, readable, stamp, visible

NASTY = "line\r\n\x1b]0;title\x07\x1b[31m \x9b31m \x7f \u202eevil\u2066 \u2028\u2029\x00\ufeff end"
Open = Callable[..., LogWriter]


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "gateway.jsonl"


@pytest.fixture(name="writer")
def _writer(log_file: Path) -> Iterator[Open]:
    """Opens writers on ``log_file``; afterwards logging is as it was."""
    root, level = logging.getLogger(), logging.getLogger("sh").level
    before = (root.level, list(root.handlers))
    opened: list[LogWriter] = []

    def start(path: Path | None = log_file, console: io.StringIO | None = None, level: str = "info") -> LogWriter:
        opened.append(LogWriter(path, console, level))
        return opened[-1]

    yield start
    logger.remove()
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.getLogger("sh").setLevel(level)


def lines(path: Path) -> list[dict[str, Any]]:
    """The log objects of a file, checked to be plain printable text."""
    text = path.read_bytes().decode("utf-8")
    found = text.split("\n")
    assert found.pop() == ""
    assert all(line.isprintable() for line in found)
    return [json.loads(line) for line in found]


def test_a_line_is_one_json_object_with_time_level_actor_and_message(writer: Open, log_file: Path) -> None:
    log = writer()
    event("info", "sender", "sent", guid="g-1", account="default")
    logger.bind(actor="reader", account="default").warning("watching {} of {}", 1, "two")
    logger.info("no actor bound")
    log.stop()
    first, second, third = lines(log_file)
    assert first.items() >= {"level": "info", "actor": "sender", "message": "sent", "guid": "g-1"}.items()
    assert second.items() >= {"level": "warning", "actor": "reader", "message": "watching 1 of two"}.items()
    assert second["account"] == "default"
    assert third["actor"] == __name__
    assert all(line["time"].endswith("Z") and len(line["time"]) == 24 for line in (first, second, third))


def test_what_a_sender_wrote_cannot_forge_a_line_or_steer_a_terminal(writer: Open, log_file: Path) -> None:
    console = io.StringIO()
    log = writer(console=console)
    event("info", "access", "dropped", sender=NASTY)
    logger.bind(actor="access").info("from {}", NASTY)
    log.stop()
    first, second = lines(log_file)
    assert first["sender"] == NASTY
    assert second["message"] == f"from {NASTY}"
    shown = console.getvalue().split("\n")
    assert shown.pop() == ""
    assert len(shown) == 2
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize("text", ["{}", "{0.__class__}", "{actor!r:>9999}", "%s %d", "<red>x</red>", "{"])
def test_braces_and_markup_in_a_text_are_text(writer: Open, log_file: Path, text: str) -> None:
    log = writer()
    logger.info("said {}", text)
    logger.bind(words=text).info(text)
    event("info", "a", text)
    log.stop()
    assert [line["message"] for line in lines(log_file)] == [f"said {text}", text, text]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters()), JSON, max_size=4))
def test_any_line_becomes_one_printable_line_of_json(line: dict[str, Any]) -> None:
    data = as_json(line)
    assert data.endswith(b"\n")
    text = data[:-1].decode("utf-8")
    assert text.isprintable()
    assert json.loads(text).keys() == line.keys()


@pytest.mark.parametrize(
    "value", ["\ud800", {(1, 2): 3}, {"\udcff": 1}, 10**400, object(), {1, 2}, b"\xff", float("nan"), Path("/x")]
)
def test_odd_values_do_not_stop_the_log(writer: Open, log_file: Path, value: Any) -> None:
    log = writer()
    event("info", "a", "odd", value=value)
    event("info", "a", "next")
    log.stop()
    assert [line["message"] for line in lines(log_file)] == ["odd", "next"]


def test_levels_below_the_threshold_are_not_written(writer: Open, log_file: Path) -> None:
    log = writer(level="warning")
    for level in logs.LEVELS:
        event(level, "a", level)
    logger.info("info")
    logger.error("error")
    log.stop()
    assert [line["message"] for line in lines(log_file)] == ["warning", "error", "critical", "error"]


def test_lines_of_libraries_come_through_with_their_errors(writer: Open, log_file: Path) -> None:
    log = writer()
    logging.getLogger("some.library").warning("50%% of {%s}", "x")
    try:
        raise ValueError("planted")
    except ValueError:
        logging.getLogger("some.library").exception("went wrong")
    log.stop()
    first, second = lines(log_file)
    assert (first["actor"], first["message"]) == ("some.library", "50% of {x}")
    assert second["error"] == "ValueError('planted')"
    assert "Traceback" in second["traceback"]


def test_only_its_owner_may_read_the_log_and_its_folder(writer: Open, log_file: Path) -> None:
    log = writer()
    event("info", "a", "x")
    log.stop()
    assert stat.S_IMODE(log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(log_file.parent.stat().st_mode) == 0o700


def test_it_rotates_by_size_and_keeps_a_few(writer: Open, log_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 200)
    for number in range(2 * logs.KEPT + 4):
        log = writer()
        event("info", "a", str(number), padding="x" * 200)
        log.stop()
    files = sorted(log_file.parent.iterdir())
    assert [file.name for file in files] == [
        log_file.name,
        *(f"{log_file.name}.{number}" for number in range(1, logs.KEPT + 1)),
    ]
    numbers = [int(lines(file)[0]["message"]) for file in files]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == 2 * logs.KEPT + 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_a_log_that_was_deleted_is_begun_again(writer: Open, log_file: Path) -> None:
    for number in range(2):
        log = writer()
        event("info", "a", str(number))
        log.stop()
        assert lines(log_file)[0]["message"] == str(number)
        log_file.unlink()


def test_a_log_folder_that_cannot_be_used_costs_log_lines_only(
    writer: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    console = io.StringIO()
    log = writer(tmp_path / "file" / "gateway.jsonl", console=console)
    for number in range(5000):
        event("info", "a", str(number))
    log.stop()
    assert console.getvalue().count("\n") == 5000
    complaint = capsys.readouterr().err
    assert complaint.count("cannot write the log") == 1
    assert str(tmp_path / "file") in complaint


def test_a_console_that_went_away_costs_console_lines_only(writer: Open, log_file: Path) -> None:
    console = io.StringIO()
    console.close()
    log = writer(console=console)
    event("info", "a", "kept")
    log.stop()
    assert lines(log_file)[0]["message"] == "kept"


def test_quiet_and_debug_lines_are_for_the_file_only(writer: Open, log_file: Path) -> None:
    console = io.StringIO()
    log = writer(console=console, level="debug")
    event("info", "a", "quiet", quiet=True)
    event("debug", "a", "debug")
    event("info", "a", "shown")
    log.stop()
    assert len(lines(log_file)) == 3
    assert console.getvalue().count("\n") == 1
    assert "shown" in console.getvalue()


def test_readable_shows_time_level_actor_message_and_the_rest() -> None:
    line = {"time": "2026-11-20T10:11:12.345Z", "level": "info", "actor": "a", "message": "m", "guid": "g", "empty": ""}
    assert readable(line) == "10:11:12 INFO    a: m  guid=g"
    assert readable({}).isprintable()


@given(st.text(st.characters()))
def test_visible_text_prints_and_printable_text_stays(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    if text.isprintable():
        assert shown == text


def test_visible_shows_values_of_any_type() -> None:
    assert visible(5) == "5"
    assert visible("a\x1b\n\u202e") == "a\\x1b\\n\\u202e"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_800_000_000.9996, "2027-01-15T08:00:00.999Z")],
)
def test_stamps_are_utc_with_milliseconds(seconds: float, text: str) -> None:
    assert stamp(seconds) == text
