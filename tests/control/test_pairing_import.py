"""``pairing import``: what newer OpenClaw approved is taken over, as often as one likes, OpenClaw left alone."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from config import Places
from tests.control.builders import gateway
from tests.control.conftest import Gateway, Serve
from tests.control.pairing_support import ALICE, BOB, CAROL, allowed, ask, configure, let_in

TABLES = """
CREATE TABLE channel_pairing_allow_entries (
  channel_key TEXT, account_id TEXT, entry TEXT, sort_order INTEGER, updated_at INTEGER);
CREATE TABLE channel_pairing_requests (
  channel_key TEXT, account_id TEXT, request_id TEXT, code TEXT, created_at TEXT, last_seen_at TEXT, meta_json TEXT);
"""


def database(path: Path, *entries: tuple[str, str], pending: int = 0) -> Path:
    """OpenClaw's database, with (account, entry) for iMessage and somebody of another channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        rows = [("imessage", *entry) for entry in entries] + [("telegram", "default", "12345678")]
        for number, row in enumerate(rows):
            connection.execute("INSERT INTO channel_pairing_allow_entries VALUES (?, ?, ?, ?, 0)", (*row, number))
        for number in range(pending):
            values = ("imessage", "default", f"+1555000{number:04d}", f"ABCDEFG{number}", "", "", "{}")
            connection.execute("INSERT INTO channel_pairing_requests VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return path


@pytest.fixture
def usual(places: Places) -> Path:
    """The database where OpenClaw has it, with people, and entries that are none."""
    return database(
        places.state / "state" / "openclaw.sqlite",
        ("default", ALICE),
        ("default", "Bob@Example.com"),
        ("default", "*"),
        ("work", CAROL),
        ("work", "chat_id:7"),
        pending=2,
    )


def test_people_are_taken_over_and_what_is_none_is_said(cli: Gateway, places: Places, usual: Path) -> None:
    said = cli("pairing", "import", "--json")
    assert said.code == 0
    assert said.json["from"] == str(usual)
    assert {(one["id"], one["account"]) for one in said.json["imported"]} == {
        (ALICE, "default"),
        (BOB, "default"),
        (CAROL, "work"),
    }
    assert {(one["entry"], one["account"]) for one in said.json["skipped"]} == {("*", "default"), ("chat_id:7", "work")}
    assert all(one["why"] for one in said.json["skipped"])
    assert said.json["pending"] == 2
    assert allowed(places) == {ALICE, BOB}
    assert allowed(places, "work") == {CAROL}


def test_again_changes_nothing_and_says_so(cli: Gateway, places: Places, usual: Path) -> None:
    cli("pairing", "import")
    files = {path: path.stat().st_mtime_ns for path in places.credentials.glob("*.json")}
    again = cli("pairing", "import", "--json").json
    assert again["imported"] == []
    assert len(again["known"]) == 3
    assert {path: path.stat().st_mtime_ns for path in places.credentials.glob("*.json")} == files
    assert usual.exists()


def test_whoever_was_revoked_here_stays_out_until_approved(cli: Gateway, places: Places, usual: Path) -> None:
    configure(places)
    cli("pairing", "import")
    assert cli("pairing", "revoke", BOB).code == 0
    for words in (("--dry-run",), (), ()):
        again = cli("pairing", "import", "--json", *words).json
        assert again["imported"] == []
        assert {one["id"] for one in again["known"]} == {ALICE, CAROL}
        (skipped,) = (one for one in again["skipped"] if one["entry"] == BOB)
        assert skipped["account"] == "default"
        assert "revoked here" in skipped["why"]
        assert "gateway pairing approve" in skipped["why"]
        assert "channels.imessage.allowFrom" in skipped["why"]
        assert allowed(places) == {ALICE}
    assert "2 known before, 3 skipped" in cli("pairing", "import").out
    assert cli("pairing", "approve", ask(places, BOB)).code == 0
    assert BOB in {one["id"] for one in cli("pairing", "import", "--json").json["known"]}
    assert allowed(places) == {ALICE, BOB}


def test_an_approval_ends_a_revocation_for_good(cli: Gateway, places: Places, usual: Path) -> None:
    """Also where the file with the approval is lost later."""
    cli("pairing", "import")
    cli("pairing", "revoke", BOB)
    cli("pairing", "approve", ask(places, BOB))
    for file in places.credentials.glob("*allowFrom.json"):
        file.unlink()
    assert BOB in {one["id"] for one in cli("pairing", "import", "--json").json["imported"]}


def test_a_revocation_in_one_account_keeps_nobody_out_of_another(cli: Gateway, places: Places, tmp_path: Path) -> None:
    path = str(database(tmp_path / "openclaw.sqlite", ("default", BOB), ("work", BOB)))
    cli("pairing", "import", "--from", path, "--account", "default")
    cli("pairing", "revoke", BOB)
    said = cli("pairing", "import", "--from", path, "--json").json
    assert [one["account"] for one in said["imported"]] == ["work"]
    assert [one["account"] for one in said["skipped"]] == ["default"]


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_guard_that_cannot_be_read_lets_in_nobody(
    cli: Gateway, places: Places, usual: Path, words: tuple[str, ...]
) -> None:
    places.gateway.mkdir()
    places.pairing_guard.write_text("{")
    said = cli("pairing", "import", *words)
    assert (said.code, said.out) == (1, "")
    assert str(places.pairing_guard) in said.err
    assert allowed(places) == allowed(places, "work") == frozenset()


def test_a_dry_run_writes_nothing(cli: Gateway, places: Places, usual: Path, serve: Serve) -> None:
    let_in(places)
    poked = threading.Event()
    serve(gateway(poke={"pairing-changed": poked.set}))
    said = cli("pairing", "import", "--dry-run", "--json").json
    assert said["dryRun"] is True
    assert [one["id"] for one in said["known"]] == [ALICE]
    assert [one["id"] for one in said["imported"]] == [BOB, CAROL]
    assert allowed(places) == {ALICE}
    assert not (places.credentials / "imessage-work-allowFrom.json").exists()
    assert not poked.is_set()
    assert "would be let in" in cli("pairing", "import", "--dry-run").out
    assert cli("pairing", "import").code == 0
    assert poked.is_set()
    assert sorted(path.name for path in usual.parent.iterdir()) == [usual.name]


def test_one_account_and_another_place(cli: Gateway, places: Places, tmp_path: Path) -> None:
    elsewhere = database(tmp_path / "old" / "openclaw.sqlite", ("default", ALICE), ("work", CAROL), ("work", "*"))
    said = cli("pairing", "import", "--from", str(elsewhere), "--account", "Work", "--json").json
    assert [one["id"] for one in said["imported"]] == [CAROL]
    assert len(said["skipped"]) == 1
    assert allowed(places) == frozenset()


def test_people_read_a_table_in_which_nothing_can_act(cli: Gateway, places: Places) -> None:
    database(places.state / "state" / "openclaw.sqlite", ("default", ALICE), ("default", "+1555\x1b[31m0001"))
    said = cli("pairing", "import")
    assert "1 let in, 0 known before, 1 skipped" in said.out
    assert "\x1b" not in said.out
    assert "+1555\\x1b[31m0001" in said.out


def test_accounts_the_config_does_not_know_are_remarked_upon(cli: Gateway, places: Places, usual: Path) -> None:
    configure(places)
    said = cli("pairing", "import", "--from", str(usual))
    assert said.code == 0
    assert "no account work" in said.err
    assert allowed(places, "work") == {CAROL}


def test_a_database_that_is_not_there_is_an_error_that_names_the_place(cli: Gateway, places: Places) -> None:
    said = cli("pairing", "import", "--json")
    assert (said.code, said.out) == (1, "")
    assert str(places.state / "state" / "openclaw.sqlite") in said.err
    assert "--from" in said.err
    assert not (places.state / "state").exists()


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at" * 20])
def test_a_file_that_is_no_database_of_openclaw_is_an_error(cli: Gateway, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "openclaw.sqlite"
    file.write_bytes(content)
    said = cli("pairing", "import", "--from", str(file))
    assert (said.code, said.out) == (1, "")
    assert str(file) in said.err
    assert file.read_bytes() == content
