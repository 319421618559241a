"""``gateway sessions export``: transcripts as files nobody who wrote a message can forge."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.control import sessions_export
from actors.control.sessions_export import escaped, fenced
from actors.journal import transcripts
from actors.journal.schema import connect, empty_log
from config import Places
from tests.control.conftest import Gateway
from tests.support.said import GROUP, MAIN, Archive

BREAKING = "```\n# not a heading\n~~~\n````text\n<script>\u202e\x1b]0;x\x07"


@pytest.fixture
def archive(places: Places) -> Archive:
    """A journal with two sessions and everything a transcript may have."""
    one = Archive(places.journal)
    one.session(MAIN, at=2, label="Ann <b>")
    one.session(GROUP, chat=42, at=1, model="a:b")
    one.exchange(1, MAIN, "hello", sender_name="Ann `<b>` [x](y)")
    one.row(2, MAIN, "boom", "held", "agent failed: exited with code 3", at=2)
    one.turn(2, MAIN, "", outcome="failed", failure="exited with code 3", at=2)
    one.renewal(MAIN, 2, at=4)
    one.row(3, MAIN, "never mind", "absorbed", "stopped", at=5)
    one.row(4, MAIN, "still there?", None, at=6)
    one.row(5, GROUP, "look", attachments=[{"mime_type": "image/png"}])
    one.turn(5, GROUP, "I see", model="a:b", input_tokens=12, output_tokens=3)
    return one


def test_one_object_a_line_for_each_turn_and_renewal_and_for_what_is_in_no_turn(cli: Gateway, archive: Archive) -> None:
    said = cli("sessions", "export", "main", "--format", "jsonl")
    assert (said.code, said.err) == (0, "")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [one["type"] for one in lines] == ["turn", "turn", "renewal", "message", "message"]
    assert {one["session"] for one in lines} == {MAIN}
    assert [one["outcome"] for one in lines if "outcome" in one] == ["replied", "failed", "absorbed", None]
    assert [one["text"] for one in lines if "text" in one] == ["echo: hello", "", "never mind", "still there?"]


def test_all_sessions_are_one_stream(cli: Gateway, archive: Archive) -> None:
    lines = [json.loads(line) for line in cli("sessions", "export", "--all").out.splitlines()]
    assert [one["session"] for one in lines] == [MAIN] * 5 + [GROUP]


def test_a_page_to_read(cli: Gateway, archive: Archive) -> None:
    page = cli("sessions", "export", "--all", "--format", "markdown").out
    assert page.count("\n# ") + page.startswith("# ") == 2
    for words in (
        "# agent:main:main",
        r"(Ann \<b\>)",
        r"**Ann \`\<b\>\` \[x\]\(y\) \(+15552223333\)**",
        "```text\nhello\n```",
        "**agent main**, 2027-01-15T08:16:43.000Z: failed (exited with code 3)",
        "*Began anew 2027-01-15T08:16:44.000Z: asked*",
        "absorbed \\(stopped\\)",
        "not answered yet",
        "files: image/png",
        r"**agent main** (a:b, 12 tokens in, 3 out)",
        "```text\nI see\n```",
    ):
        assert words in page


def test_forgotten_words_stand_outside_of_any_fence(cli: Gateway, archive: Archive) -> None:
    archive.run("UPDATE inbound SET body = NULL")
    archive.run("UPDATE turn SET text = NULL")
    page = cli("sessions", "export", "42", "--format", "markdown").out
    assert page.count(r"\(words forgotten\)") == 2
    assert "```" not in page


def test_no_words_of_others_break_the_page(cli: Gateway, archive: Archive) -> None:
    archive.exchange(6, GROUP, BREAKING, BREAKING, sender_name="a\n# b")
    page = cli("sessions", "export", "42", "--format", "markdown").out
    assert "\x1b" not in page
    assert "\u202e" not in page
    lines = page.splitlines()
    begins = [number for number, line in enumerate(lines) if line == "`````text"]
    assert len(begins) == 2
    for begin in begins:
        assert lines[begin : begin + 3] == ["`````text", "```", "# not a heading"]
        assert lines[begin + 6] == "`````"


def test_names_and_fences() -> None:
    assert escaped("a_b*c#d|e\n") == r"a\_b\*c\#d\|e\\n"
    assert list(fenced("a`b")) == ["```text", "a`b", "```", ""]
    assert list(fenced("\r```")) == ["````text", r"\r```", "````", ""]


def test_a_file_is_private_and_nothing_is_overwritten(cli: Gateway, archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    export = ("sessions", "export", "main", "--output", str(file))
    said = cli(*export)
    assert (said.code, said.out) == (0, "")
    assert "1 session written" in said.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 5
    file.write_text("mine")
    said = cli(*export)
    assert (said.code, file.read_text()) == (1, "mine")
    assert "--force" in said.err
    assert cli(*export, "--force").code == 0
    assert len(file.read_text().splitlines()) == 5
    assert list(tmp_path.glob(".out*")) == []


def test_whoever_reads_slowly_does_not_keep_the_journal_from_emptying_its_log(
    cli: Gateway, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pager that stays open must not hold what the gateway writes meanwhile in its log."""
    emptied: list[bool] = []
    jsonl = sessions_export.jsonl

    def slow(session: Any, transcript: Any) -> Iterator[str]:
        with closing(connect(archive.path)) as connection:
            archive.turn(6 + len(emptied), GROUP, "written meanwhile")
            emptied.append(empty_log(connection, wait=False))
        yield from jsonl(session, transcript)

    monkeypatch.setattr(sessions_export, "jsonl", slow)
    said = cli("sessions", "export", "--all")
    assert (said.code, emptied) == (0, [True, True])


def test_what_is_answered_meanwhile_is_told_once(
    cli: Gateway, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = transcripts.loose

    def loose(connection: Any, key: str | None = None) -> dict[str, list[int]]:
        before = found(connection, key)
        archive.turn(4, MAIN, "yes", at=9)
        archive.run("UPDATE inbound SET outcome = 'replied' WHERE seq = 4")
        return before

    monkeypatch.setattr(transcripts, "loose", loose)
    lines = [json.loads(line) for line in cli("sessions", "export", "main").out.splitlines()]
    assert [(one["type"], one["seq"]) for one in lines if one.get("seq") == 4] == [("turn", 4)]


def test_a_place_that_cannot_be_written_is_named(cli: Gateway, archive: Archive, tmp_path: Path) -> None:
    for words in (
        (str(tmp_path / "none" / "x"),),
        (str(tmp_path), "--force"),
    ):
        said = cli("sessions", "export", "main", "--output", *words)
        assert (said.code, said.out) == (1, "")
        assert f"cannot write {words[0]}" in said.err


def test_what_makes_no_sense_is_refused(cli: Gateway, archive: Archive) -> None:
    for words in ((), ("main", "--all"), ("main", "--force"), ("main", "--format", "xml")):
        assert cli("sessions", "export", *words).code == 2
    said = cli("sessions", "export", "nobody")
    assert (said.code, said.out) == (1, "")
    assert MAIN in said.err
