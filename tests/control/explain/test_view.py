"""The story of a message as a person reads it: in order, on 80 columns, with nothing in it that a terminal obeys."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from actors.control import tables
from actors.control.explain import text
from actors.envelopes.facts import Appended, Queued, Sent
from actors.envelopes.inbound import Corrupt, Dropped, Replied
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk, chunk
from tests.support.rows import ANN, BEN, START, admit, guid, inbound

WIDTH = 80


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture
def desk(places: Places, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with a config that lists Ann, and a terminal of 80 columns without colours."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    one = Desk(places)
    one.configure()
    return one


def shown(answer: dict[str, Any]) -> list[str]:
    """The lines a person sees."""
    terminal = Terminal()
    text.tell(tables.console(terminal), answer)
    return terminal.getvalue().splitlines()


def test_the_story_is_told_in_order_and_fits(desk: Desk, cli: Gateway) -> None:
    [seq] = desk.live(Appended(inbound(1, 7, "what will the weather be like on Thursday? " * 4), admit()))
    part = chunk(seq, text="mostly sunny, with some clouds in the afternoon and a light wind from the west " * 2)
    desk.live(Queued((part,), ((seq, Replied()),), part.key, START + 1), Sent(part.key, guid(99), START + 2))
    lines = shown(cli("explain", "last", "--json").json)
    assert max(map(len, lines)) <= WIDTH
    story = "\n".join(lines)
    parts = [
        f"message {seq} of account default",
        guid(1),
        ANN,
        "text:     what will",
        "rules, as config and pairing are now:",
        "ok  payload",
        "=>  admitted",
        "verdict: ADMITTED",
        "session:    agent:main:main",
        "answer to:  chat_id:7",
        "history:",
        "received",
        "judged: admitted",
        "queued: chunk",
        "sent: chunk",
        f"chunk {part.key}, sent: mostly sunny",
    ]
    places = [story.find(each) for each in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_a_refusal_shows_its_key_and_the_change_that_flips_it(desk: Desk, cli: Gateway) -> None:
    lines = shown(cli("explain", "--from", BEN, "--chat-id", "42", "--group", "--json").json)
    assert lines[0] == "a message to account default"
    assert "verdict: DROPPED: not in groupAllowFrom" in lines
    assert "  decided by: channels.imessage.allowFrom" in lines
    assert f'  to change:  add "{BEN}" to channels.imessage.allowFrom' in lines
    assert any("(were it admitted)" in line for line in lines)
    assert not any(line.startswith(("history", "rules, as")) for line in lines)


def test_what_others_wrote_cannot_move_the_cursor_or_forge_a_line(desk: Desk, cli: Gateway) -> None:
    forged = "\x1b[2J\nverdict: ADMITTED\u202e[bold]"
    desk.live(
        Appended(inbound(1, 7, forged, sender_name=forged, chat_name=forged, sender=f"\x07{BEN}"), Corrupt("x\x1b"))
    )
    said = cli("explain", "last")
    assert said.code == 0
    assert all(char.isprintable() or char == "\n" for char in said.out)
    assert "\nverdict: ADMITTED" not in said.out
    assert "[bold]" in said.out


def test_todays_other_verdict_and_notes_are_said(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, sender=BEN), Dropped("dmPolicy blocked", "channels.imessage.allowFrom")))
    desk.configure(allowFrom=[BEN])
    assert "today it would be ADMITTED" in cli("explain", "last").out
    desk.live(Appended(inbound(2, account="work"), Dropped("dmPolicy blocked")))
    gone = cli("explain", "last").out
    assert "note: account work is not in" in gone
    assert "verdict: DROPPED: dmPolicy blocked" in gone


def test_a_row_that_is_no_message_shows_why(desk: Desk, cli: Gateway, tmp_path: Any) -> None:
    (tmp_path / "row").write_text(json.dumps({"id": 1, "guid": "A", "is_group": 1}))
    out = cli("explain", "--row", str(tmp_path / "row")).out
    assert "unusable: Expected" in out
    assert "verdict: DROPPED: malformed payload" in out


def test_without_a_terminal_lines_are_whole(desk: Desk, cli: Gateway) -> None:
    long = "a rather long text " * 20
    desk.live(Appended(inbound(1, 7, long), admit()))
    assert any(long.strip() in line for line in cli("explain", "last").out.splitlines())


def test_a_very_long_text_is_cut(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, 7, "x" * 5000), admit()))
    assert max(map(len, cli("explain", "last").out.splitlines())) < 1100
