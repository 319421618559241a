"""The verbs that do to a Messages database what real life does: read back from the file, and from live watches."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.dates import apple_ns, parse_iso
from actors.simulator.messages_db import MessagesDb
from actors.simulator.schema import open_database
from tests.simulator.harness import ANNA, DIRECT, SMS_PEER, TEAM, Rpc, imsg

_JOINED = """
SELECT m.ROWID, m.guid, j.chat_id FROM message m LEFT JOIN chat_message_join j ON j.message_id = m.ROWID
ORDER BY m.ROWID, j.chat_id
"""
_TO_DIRECT = ("--chat-id", str(DIRECT), "--text", "hi")


def written(*words: str, path: Path) -> list[dict[str, Any]]:
    """The objects a verb prints."""
    done = imsg(*words, "--db", str(path))
    assert done.returncode == 0, done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def refusal(*words: str, path: Path) -> str:
    """The one line of a verb that refuses."""
    done = imsg(*words, "--db", str(path))
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout.rstrip("\n")


def rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(open_database(path, create=False)) as connection:
        return connection.execute(sql, values).fetchall()


def one(path: Path, sql: str, *values: object) -> Any:
    ((value,),) = rows(path, sql, *values)
    return value


def test_a_message_can_have_any_date_and_guid(path: Path) -> None:
    moment = "2026-05-16T12:34:56.789Z"
    (row,) = written("receive", *_TO_DIRECT, "--at", moment, "--guid", "G-1", path=path)
    assert row["guid"] == "G-1"
    found = rows(path, "SELECT date, text FROM message WHERE ROWID = ?", row["id"])
    assert found == [(parse_iso(moment), "hi")]


def test_a_half_written_message_gets_its_chat_later(path: Path) -> None:
    (row,) = written("receive", *_TO_DIRECT, "--no-join", path=path)
    assert row["chat_id"] == 0
    assert (row["id"], row["guid"], None) in rows(path, _JOINED)
    written("join", "--id", str(row["id"]), "--chat-id", str(DIRECT), path=path)
    assert (row["id"], row["guid"], DIRECT) in rows(path, _JOINED)
    dates = "SELECT message_date FROM chat_message_join WHERE message_id = ?"
    assert one(path, dates, row["id"]) == one(path, "SELECT date FROM message WHERE ROWID = ?", row["id"])


def test_a_message_can_be_in_two_chats(path: Path) -> None:
    (row,) = written("receive", *_TO_DIRECT, "--twice-joined", str(TEAM), path=path)
    found = [chat for rowid, _guid, chat in rows(path, _JOINED) if rowid == row["id"]]
    assert found == [DIRECT, TEAM]


def test_many_messages_come_in_one_commit(path: Path) -> None:
    with Rpc(path) as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        printed = written("receive", *_TO_DIRECT, "--count", "40", path=path)
        heard = [rpc.message() for _ in range(40)]
    assert [message["text"] for message in heard] == [f"hi {n}" for n in range(1, 41)]
    assert [message["guid"] for message in heard] == [row["guid"] for row in printed]


def test_a_backlog_has_new_rowids_and_old_dates(path: Path) -> None:
    newest = one(path, "SELECT max(ROWID) FROM message")
    (printed,) = written("backlog", "--chat-id", str(DIRECT), "--count", "300", "--age-hours", "72", path=path)
    assert printed == {"rows": 300, "first": newest + 1, "last": newest + 300}
    dates = [date for (date,) in rows(path, "SELECT date FROM message WHERE ROWID > ? ORDER BY ROWID", newest)]
    assert dates == sorted(dates)
    hour = 3_600_000_000_000
    now = apple_ns(time.time_ns())
    assert now - 73 * hour < dates[0] < now - 71 * hour
    assert dates[-1] < now - 60 * hour
    assert len({guid for (guid,) in rows(path, "SELECT guid FROM message")}) == newest + 300


def test_a_short_backlog_of_many_rows_is_still_old(path: Path) -> None:
    written("backlog", "--chat-id", str(DIRECT), "--count", "1000", "--age-hours", "0.1", path=path)
    youngest = one(path, "SELECT max(date) FROM message WHERE text LIKE 'backlog %'")
    assert youngest < apple_ns(time.time_ns()) - 300 * 10**9


def test_a_flipped_row_is_own(path: Path) -> None:
    (row,) = written("receive", *_TO_DIRECT, path=path)
    with Rpc(path) as rpc:
        rpc.request("watch.subscribe", debounce_ms=0, since_rowid=row["id"] - 1)
        assert rpc.message()["is_from_me"] is False
        written("flip", "--id", str(row["id"]), path=path)
        rpc.request("messages.history", 2, chat_id=DIRECT)
        shown = rpc.answer(2)["result"]["messages"][0]
    assert (shown["guid"], shown["is_from_me"]) == (row["guid"], True)


def test_a_rewound_database_gives_its_rowids_out_again(path: Path) -> None:
    inode = path.stat().st_ino
    printed = written("receive", *_TO_DIRECT, "--count", "5", path=path)
    (report,) = written("rewind", "--to", str(printed[1]["id"]), path=path)
    assert report == {"to": printed[1]["id"], "gone": 3}
    (again,) = written("receive", *_TO_DIRECT, path=path)
    assert again["id"] == printed[2]["id"]
    assert again["guid"] not in {row["guid"] for row in printed}
    assert not rows(path, "SELECT 1 FROM chat_message_join WHERE message_id > ?", again["id"])
    assert path.stat().st_ino == inode


@pytest.fixture
def busy(path: Path) -> Iterator[MessagesDb]:
    """A process that has the database open, with rows only its write-ahead log holds."""
    db = MessagesDb.open(path)
    db.incoming(TEAM, ANNA, "in the log")
    yield db
    db.close()


def test_another_database_has_the_old_guids_in_other_places(path: Path, busy: MessagesDb) -> None:
    before = {guid: (row, chat) for row, guid, chat in rows(path, _JOINED)}
    peers = dict(rows(path, "SELECT guid, ROWID FROM chat"))
    inode = path.stat().st_ino
    (report,) = written("swap", "--keep", "3", path=path)
    assert report == {"rows": 3, "first": 1, "last": 3}
    assert path.stat().st_ino != inode
    found = rows(path, _JOINED)
    assert [row for row, _guid, _chat in found] == [1, 2, 3]
    newest_first = sorted(before, key=lambda guid: -before[guid][0])[:3]
    assert [guid for _row, guid, _chat in found] == newest_first
    assert rows(path, "SELECT text FROM message WHERE ROWID = 1") == [("in the log",)]
    moved = dict(rows(path, "SELECT guid, ROWID FROM chat"))
    assert moved.keys() == peers.keys()
    assert all(moved[guid] != peers[guid] for guid in peers)
    chats = {old: moved[guid] for guid, old in peers.items()}
    assert all(chat == chats[before[guid][1]] for _row, guid, chat in found)
    (following,) = written("receive", "--from", SMS_PEER, "--service", "SMS", "--text", "x", path=path)
    assert following["id"] == 4
    assert one(path, "PRAGMA integrity_check") == "ok"
    # Who had the old file open keeps it, and cannot spoil the new one by letting go of it.
    busy.incoming(TEAM, ANNA, "into the old file")
    busy.close()
    assert one(path, "SELECT max(ROWID) FROM message") == 4
    assert one(path, "PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize(("version", "seen"), [("0.9", 4), ("0.15", 0)])
def test_a_running_imsg_reads_the_other_database_from_0_14_on(path: Path, version: str, seen: int) -> None:
    with Rpc(path, "--imsg-version", version) as rpc:
        before = len(rpc.call("chats.list")["result"]["chats"])
        written("swap", path=path)
        after = len(rpc.call("chats.list")["result"]["chats"])
    assert (before, after) == (3, min(before, seen))


def test_another_database_may_be_empty(path: Path, busy: MessagesDb) -> None:
    written("swap", path=path)
    assert one(path, "SELECT count(*) FROM chat") == 0
    assert written("receive", "--from", ANNA, "--text", "hi", path=path)[0]["id"] == 1
    assert busy.connection.execute("SELECT count(*) FROM chat").fetchone() == (4,)


def test_another_database_may_come_from_elsewhere(path: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "chat.db"
    written("swap", "--rows-from", str(path), "--keep", "100", path=there)
    assert one(there, "SELECT count(*) FROM message") == one(path, "SELECT count(*) FROM message")
    assert sorted(entry.name for entry in there.parent.iterdir() if "-" not in entry.name) == ["chat.db"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("receive", *_TO_DIRECT, "--at", "noon"), "Error: --at: 'noon' is no moment like 2026-05-16T12:34:56Z"),
        (("receive", *_TO_DIRECT, "--count", "0"), "Error: --count: 0 is below 1"),
        (
            ("receive", *_TO_DIRECT, "--count", "2", "--guid", "G"),
            "Error: --guid: a GUID is for one message, so not together with --count",
        ),
        (("receive", *_TO_DIRECT, "--twice-joined", "9"), "Error: there is no chat 9 in the database"),
        (("join", "--id", "1"), "Error: --chat-id is required: see imsg join --help"),
        (("join", "--id", "99", "--chat-id", "1"), "Error: there is no message 99 in the database"),
        (("join", "--id", "1", "--chat-id", "1"), "Error: --id: message 1 is in chat 1 already"),
        (
            ("backlog", "--chat-id", "1", "--age-hours", "-1"),
            "Error: --age-hours: '-1' is not a number of hours above 0",
        ),
        (("swap", "--keep", "-1"), "Error: --keep: -1 is below 0"),
        (("rewind",), "Error: --to is required: see imsg rewind --help"),
        (("flip", "--id", "99"), "Error: there is no message 99 in the database"),
    ],
)
def test_a_verb_that_makes_no_sense_says_why(path: Path, words: tuple[str, ...], text: str) -> None:
    before = rows(path, _JOINED)
    assert refusal(*words, path=path) == text
    assert rows(path, _JOINED) == before


def test_a_guid_is_given_once(path: Path) -> None:
    written("receive", *_TO_DIRECT, "--guid", "G", path=path)
    assert refusal("receive", *_TO_DIRECT, "--guid", "G", path=path) == (
        "Error: --guid: 'G' is in the database already"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("join", "--id", "1", "--chat-id", "1"),
        ("backlog", "--chat-id", "1"),
        ("swap", "--keep", "1"),
        ("rewind", "--to", "0"),
        ("flip", "--id", "1"),
        ("receive", *_TO_DIRECT),
        ("note", "--text", "milk"),
    ],
    ids=lambda words: words[0],
)
def test_a_database_of_someone_else_is_never_touched(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "chat.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT)")
    before = path.read_bytes()
    assert "was not made by imsg-sim" in refusal(*words, path=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("verb", ["receive", "note", "join", "backlog", "swap", "rewind", "flip"])
def test_each_verb_has_its_help(verb: str) -> None:
    assert imsg(verb, "--help").stdout.startswith(f"Usage: imsg {verb} ")
