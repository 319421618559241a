"""``gateway explain --row``: messages as imsg would write them, broken ones too, now or received at some time."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.facts import Appended, Queued, Sent
from actors.envelopes.inbound import Dropped, Replied
from config import Places
from tests.control.conftest import Gateway, Said
from tests.control.explain.desk import Desk, chunk
from tests.support.rows import ANN, OWN, START, admit, guid, inbound, raw


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk with a config that lists Ann."""
    one = Desk(places)
    one.configure()
    return one


@pytest.fixture
def rowed(cli: Gateway, tmp_path: Path) -> Any:
    """``rowed(data)`` explains a row from a file."""

    def explain(data: bytes, *words: str) -> Said:
        (tmp_path / "row.json").write_bytes(data)
        return cli("explain", "--row", str(tmp_path / "row.json"), "--json", *words)

    return explain


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_row_is_read_bare_or_inside_its_notification(desk: Desk, rowed: Any, wrapped: bool) -> None:
    row = json.loads(raw(1, 7))
    notice = {"jsonrpc": "2.0", "method": "message", "params": {"subscription": 3, "message": row}}
    said = rowed(json.dumps(notice if wrapped else row, indent=2).encode())
    assert (said.code, said.json["decision"], said.json["replyTarget"]) == (0, "admit", "chat_id:7")
    assert said.json["message"]["guid"] == guid(1)


def test_a_row_comes_from_standard_input_too(desk: Desk, cli: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + raw(1, 7))))
    assert cli("explain", "--row", "-", "--json").json["decision"] == "admit"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "line 1 column 1"),
        (b'{"id": 1', "line broken"),
        (b"[]", "object"),
        (b"null", "object"),
        (raw(1, 7, is_group=1), "is_group"),
        (raw(1, 7, guid=...), "guid is missing"),
        (b'{"jsonrpc":"2.0","method":"error","params":{}}', "no message"),
        (b'{"jsonrpc":"2.0","method":"message","params":{}}', "without a message"),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', "id"),
        (b"\xff\xfe", "line broken"),
        (b"[" * 100_000, "line broken"),
    ],
)
def test_what_is_no_message_is_dropped_as_malformed_with_why(desk: Desk, rowed: Any, data: bytes, why: str) -> None:
    said = rowed(data)
    assert said.code == 0
    told = said.json
    assert (told["decision"], told["reason"]) == ("drop", "malformed payload")
    assert why in told["error"]
    assert told["rules"] == [{"rule": "payload", "result": "drop: malformed payload"}]
    assert (told["session"], told["replyTarget"], told["message"]) == (None, None, None)


def test_a_line_longer_than_the_gateway_reads_is_not_read_here_either(desk: Desk, rowed: Any) -> None:
    told = rowed(raw(1, 7, "x" * (17 << 20))).json
    assert (told["reason"], "16 MiB" in told["error"]) == ("malformed payload", True)


def test_age_known_guids_and_echoes_count_only_when_it_is_said_to_be_received(desk: Desk, rowed: Any) -> None:
    old = raw(1, 7, created_at="2026-01-15T08:00:00Z")
    assert rowed(old).json["decision"] == "admit"
    late = rowed(old, "--at", "2026-01-15T08:30:00Z").json
    assert (late["decision"], late["reason"]) == ("hold", "stale backlog")
    assert late["configKey"] == "channels.imessage.recovery.liveMinutes"
    assert rowed(old, "--at", "2026-01-15T08:14:00+00:00").json["decision"] == "admit"


def test_a_guid_of_the_journal_is_a_duplicate(desk: Desk, rowed: Any) -> None:
    desk.live(Appended(inbound(1, 7), admit()))
    assert rowed(raw(1, 7)).json["decision"] == "admit"
    told = rowed(raw(1, 7), "--at", "2027-01-15T08:00:01Z").json
    assert (told["decision"], told["reason"]) == ("drop", "duplicate")
    assert told["rules"][-1] == {"rule": "duplicate", "result": "drop: duplicate"}
    assert rowed(raw(2, 7), "--at", "2027-01-15T08:00:01Z").json["decision"] == "admit"


def test_what_we_said_comes_back_as_an_echo(desk: Desk, rowed: Any) -> None:
    [seq] = desk.live(Appended(inbound(1, 7), admit()))
    part = chunk(seq)
    desk.live(Queued((part,), ((seq, Replied()),), 0, START), Sent(part.key, guid(99), START + 1))
    back = raw(99, 7, "echo: hello")
    told = rowed(back, "--at", "2027-01-15T08:17:00Z").json
    assert (told["decision"], told["reason"], told["rules"][-1]["rule"]) == ("drop", "echo", "echo")


@pytest.mark.parametrize("to_oneself", [False, True])
def test_a_row_from_us_is_an_echo_only_in_the_chat_with_oneself(desk: Desk, rowed: Any, to_oneself: bool) -> None:
    """What we wrote to a friend comes back from me: that is evidence, and no echo, although its GUID is known."""
    desk.configure(allowFrom=[ANN, OWN])
    [seq] = desk.live(Appended(inbound(1, 7), admit()))
    part = chunk(seq)
    desk.live(Queued((part,), ((seq, Replied()),), 0, START), Sent(part.key, guid(99), START + 1))
    chat = {"chat_identifier": OWN, "chat_guid": f"iMessage;-;{OWN}"} if to_oneself else {}
    own = raw(99, 7, "echo: hello", is_from_me=True, sender=OWN, destination_caller_id=OWN, **chat)
    told = rowed(own, "--at", "2027-01-15T08:17:00Z").json
    expected = ("echo", "agent echo in self-chat") if to_oneself else ("from me", "from me")
    assert (told["rules"][-1]["rule"], told["reason"]) == expected


@pytest.mark.parametrize("chat", [OWN, ANN])
def test_an_address_that_other_rows_say_is_ours_is_ours(desk: Desk, rowed: Any, cli: Gateway, chat: str) -> None:
    """imsg does not name the local address on every row."""
    desk.configure(dmPolicy="open", allowFrom=["*"])
    row = raw(5, 9, sender=OWN, chat_identifier=chat, chat_guid=f"iMessage;-;{chat}")
    assert rowed(row).json["decision"] == "admit"
    desk.live(Appended(inbound(1, 7, destination_caller_id=OWN), admit()))
    told, reason = rowed(row).json, "self-chat echo" if chat == OWN else "from me"
    assert (told["decision"], told["reason"]) == ("drop", reason)
    assert told["rules"][-1] == {"rule": "own address", "result": f"drop: {reason}"}
    [seq] = desk.live(Appended(inbound(5, 9, sender=OWN, chat_identifier=chat), Dropped(reason)))
    past = cli("explain", f"#{seq}", "--json").json
    assert (past["reason"], past["rules"][-1]["rule"], "now" in past) == (reason, "own address", False)


def test_a_time_without_a_zone_is_local(desk: Desk, rowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-5")
    time.tzset()
    try:
        row = raw(1, 7, created_at="2026-01-15T08:00:00Z")
        assert rowed(row, "--at", "2026-01-15T13:10").json["decision"] == "admit"
        assert rowed(row, "--at", "2026-01-15T18:10").json["decision"] == "hold"
    finally:
        monkeypatch.undo()
        time.tzset()
