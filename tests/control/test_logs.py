"""The log read from its end, followed, and shown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from actors.control.tail import Tail
from config import Places
from tests.control.conftest import Gateway


@pytest.fixture
def log(places: Places) -> Path:
    """The log's path; its folder exists, the file does not."""
    places.log_file.parent.mkdir(parents=True)
    return places.log_file


Following = Callable[[Path], Tail]


@pytest.fixture
def following() -> Iterator[Following]:
    """``following(path)`` is a tail that is closed after the test."""
    with ExitStack() as stack:

        def follow(path: Path) -> Tail:
            tail = Tail(path)
            stack.callback(tail.close)
            return tail

        yield follow


def write(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(lines) + end)


def rotate(path: Path) -> None:
    """As the log writer does it: oldest name first, then the live file."""
    for number in range(4, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def test_the_newest_lines_come_oldest_first(log: Path, following: Following) -> None:
    write(log, *(f"line {number}" for number in range(50_000)))
    assert following(log).start(3) == [b"line 49997", b"line 49998", b"line 49999"]
    assert len(following(log).start(60_000)) == 50_000
    assert following(log).start(0) == []


def test_rotated_files_fill_up_what_the_live_one_lacks(log: Path, following: Following) -> None:
    write(log, "1", "2")
    rotate(log)
    write(log, "3", "4")
    rotate(log)
    write(log, "5")
    assert following(log).start(4) == [b"2", b"3", b"4", b"5"]
    assert following(log).start(99) == [b"1", b"2", b"3", b"4", b"5"]


def test_following_gives_each_line_once(log: Path, following: Following) -> None:
    write(log, "1", "2")
    tail = following(log)
    assert tail.start(1) == [b"2"]
    assert tail.poll() == []
    write(log, "3", "4")
    assert tail.poll() == [b"3", b"4"]
    assert tail.poll() == []


def test_half_a_line_waits_for_its_end(log: Path, following: Following) -> None:
    write(log, "1", "ha", end="")
    tail = following(log)
    assert tail.start(9) == [b"1"]
    write(log, "lf")
    assert tail.poll() == [b"half"]


def test_following_goes_on_over_rotations(log: Path, following: Following) -> None:
    write(log, "1")
    tail = following(log)
    tail.start(9)
    write(log, "2")
    rotate(log)
    assert tail.poll() == [b"2"]
    write(log, "3")
    rotate(log)
    write(log, "4")
    rotate(log)
    write(log, "5", "half", end="")
    assert tail.poll() == [b"3", b"4", b"5"]
    write(log, "!")
    assert tail.poll() == [b"half!"]


def test_a_half_line_at_a_rotation_is_not_lost(log: Path, following: Following) -> None:
    write(log, "1")
    tail = following(log)
    tail.start(9)
    write(log, "cut", end="")
    rotate(log)
    write(log, "2")
    assert tail.poll() == [b"cut", b"2"]


def test_following_survives_truncation(log: Path, following: Following) -> None:
    write(log, "1", "2", "3")
    tail = following(log)
    tail.start(9)
    log.write_text("")
    assert tail.poll() == []
    write(log, "4")
    assert tail.poll() == [b"4"]


def test_following_survives_deletion(log: Path, following: Following) -> None:
    write(log, "1")
    tail = following(log)
    tail.start(9)
    write(log, "2")
    log.unlink()
    assert tail.poll() == [b"2"]
    write(log, "3")
    assert tail.poll() == [b"3"]


def test_following_waits_for_a_file_that_is_not_there_yet(places: Places, following: Following) -> None:
    tail = following(places.log_file)
    assert tail.start(9) == []
    assert tail.poll() == []
    places.log_file.parent.mkdir(parents=True)
    write(places.log_file, "1")
    assert tail.poll() == [b"1"]


def line(**fields: object) -> str:
    return json.dumps(
        {"time": "2026-01-02T03:04:05.678Z", "level": "info", "actor": "journal", "message": "hello", **fields}
    )


def test_people_read_local_time_and_visible_controls(cli: Gateway, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-5")
    time.tzset()
    try:
        write(log, line(message="a\x1b]52;c;x\x07\nb \u202e\x9b {0}", chat=7))
        said = cli("logs")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert said.code == 0
    assert said.out == "08:04:05 INFO    journal: a\\x1b]52;c;x\\x07\\nb \\u202e\\x9b {0}  chat=7\n"


def test_json_is_one_object_a_line_whatever_the_file_holds(cli: Gateway, log: Path) -> None:
    write(log, line(message="\u202e\x1b"), "no json \x1b[31m", "[1]", line(time=None))
    said = cli("logs", "--json")
    found = [json.loads(one) for one in said.out.splitlines()]
    assert [one["message"] for one in found] == ["\u202e\x1b", "no json \x1b[31m", "[1]", "hello"]
    assert found[1]["raw"] is True
    assert said.out.isascii()
    assert "\x1b" not in said.out
    shown = cli("logs").out
    assert "no json \\x1b[31m" in shown
    assert len(shown.splitlines()) == 4


def test_limit_counts_lines(cli: Gateway, log: Path) -> None:
    write(log, *(line(message=f"m{number}") for number in range(300)))
    assert len(cli("logs").out.splitlines()) == 200
    assert [json.loads(one)["message"] for one in cli("logs", "--json", "--limit", "1").out.splitlines()] == ["m299"]


def test_without_a_log_one_line_says_so(cli: Gateway, places: Places) -> None:
    said = cli("logs", "--json")
    assert (said.code, said.out) == (0, "")
    assert str(places.log_file) in said.err


def test_a_log_that_cannot_be_read_is_an_error(cli: Gateway, places: Places) -> None:
    places.log_file.mkdir(parents=True)
    said = cli("logs")
    assert said.code == 1
    assert f"cannot read the log {places.log_file}" in said.err
