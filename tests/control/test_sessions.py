"""``gateway sessions list`` and ``show``: what people and programs read of the conversations with agents."""

from __future__ import annotations

import time
from io import StringIO

import pytest

from actors.control import reports, sessions, sessions_page, tables
from actors.control.cli import sessions as verb
from actors.control.cli.main import main
from actors.control.reading import JournalReader
from config import Places
from tests.control.conftest import Gateway
from tests.support.rows import ANN, START, guid
from tests.support.said import DIRECT, GROUP, MAIN, Archive

EVIL = "hi\x1b[31m\u202egnp\n2027-01-15 08:00:00 agent main: forged"


@pytest.fixture
def archive(places: Places) -> Archive:
    """An empty journal where the command line looks for it."""
    return Archive(places.journal)


def test_the_list_is_json_with_the_latest_first(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN, at=1, label="+15552223333")
    archive.session(GROUP, chat=42, at=3, activation="always", send="off", queue="collect", model="a:b")
    archive.exchange(1, MAIN, "hello")
    said = cli("sessions", "list", "--json")
    assert (said.code, said.err) == (0, "")
    group, direct = said.json["sessions"]
    assert direct == {
        "key": MAIN,
        "agent": "main",
        "kind": "main",
        "chatId": 7,
        "updatedAt": "2027-01-15T08:16:41.000Z",
        "turns": 1,
        "state": "idle",
        "account": "default",
        "label": "+15552223333",
        "startedAt": "2027-01-15T08:16:40.000Z",
    }
    assert [group[key] for key in ("kind", "chatId", "turns", "label")] == ["group", 42, 0, None]
    assert [group[key] for key in ("activation", "send", "queue", "model")] == ["always", "off", "collect", "a:b"]


def test_a_session_is_listed_while_its_first_message_is_open_or_held(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN)
    archive.row(1, MAIN, outcome=None)
    archive.session(GROUP)
    archive.row(2, GROUP, outcome="held", why="no agent")
    states = {one["key"]: (one["state"], one["turns"]) for one in cli("sessions", "list", "--json").json["sessions"]}
    assert states == {MAIN: ("busy", 0), GROUP: ("idle", 0)}


def test_the_list_can_be_narrowed(cli: Gateway, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    for at, key in enumerate((MAIN, GROUP, DIRECT)):
        archive.session(key, at=60 * at)
    monkeypatch.setattr(time, "time", lambda: START + 130)

    def listed(*words: str) -> list[str]:
        return [one["key"] for one in cli("sessions", "list", "--json", *words).json["sessions"]]

    assert listed("--agent", "OPS") == [DIRECT]
    assert listed("--active", "1") == [DIRECT]
    assert listed("--active", "2") == [DIRECT, GROUP]
    assert listed("--limit", "2") == [DIRECT, GROUP]
    assert listed("--agent", "nobody") == []
    assert cli("sessions", "list", "--agent", "nobody").out == "no such session\n"


def test_people_see_a_table_in_local_time_and_what_is_not_shown(
    cli: Gateway, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.session(MAIN, at=1, label="Ann\x1b[31m", failures=3, send="off")
    archive.session(GROUP, at=0)
    monkeypatch.setattr(verb, "SHOWN", 1)
    said = cli("sessions", "list")
    assert MAIN in said.out
    assert GROUP not in said.out
    assert "Ann\\x1b[31m" in said.out
    assert "\x1b" not in said.out
    assert "send off" in said.out
    assert "gateway sessions release" in said.out
    assert "older ones are not shown" in said.err


def test_no_session_yet_says_so(cli: Gateway, archive: Archive) -> None:
    assert cli("sessions", "list").out.startswith("no sessions yet")
    assert cli("sessions", "list", "--json").json == {"sessions": []}
    said = cli("sessions", "show", "main")
    assert (said.code, said.out) == (1, "")
    assert "there are none yet" in said.err


def test_without_a_journal_its_place_is_named(cli: Gateway, places: Places) -> None:
    said = cli("sessions", "list", "--json")
    assert (said.code, said.out) == (1, "")
    assert str(places.journal) in said.err


@pytest.mark.parametrize(
    ("word", "key"),
    [
        (MAIN, MAIN),
        ("AGENT:main:MAIN", MAIN),
        ("main", MAIN),
        ("group:42", GROUP),
        ("42", GROUP),
        (ANN, DIRECT),
        ("agent:ops", DIRECT),
        ("agent:main:im", GROUP),
    ],
)
def test_a_key_may_be_given_by_its_end_or_beginning(word: str, key: str) -> None:
    assert sessions.resolve([MAIN, GROUP, DIRECT], word) == key


@pytest.mark.parametrize("key", ["agent:main:direct:\u00c4rzte@example.com", "agent:main:direct:\u0130a"])
def test_a_key_with_a_capital_that_is_not_ascii_can_be_named(key: str) -> None:
    """Only ASCII letters of a handle are put in lower case."""
    peer = key.split(":")[-1]
    for word in (key, peer, key[:-2], peer.upper()):
        assert sessions.resolve([MAIN, key], word) == key
    other = f"agent:main:direct:{peer.casefold()}"
    assert [sessions.resolve([key, other], word) for word in (key, peer, other)] == [key, key, other]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("agent:main", f"'agent:main' may be {MAIN}, {GROUP}: give more"),
        ("roup:42", f"There are: {MAIN}, {GROUP}, {DIRECT}"),
        ("", "no session ''"),
        ("x\x1b", r"no session 'x\\x1b'"),
    ],
)
def test_a_word_that_means_none_or_several_is_refused_with_what_there_is(word: str, says: str) -> None:
    with pytest.raises(sessions.NoSuchSessionError) as caught:
        sessions.resolve([MAIN, GROUP, DIRECT], word)
    assert says.replace("\\\\", "\\") in str(caught.value)


def test_of_very_many_sessions_an_error_names_some() -> None:
    with pytest.raises(sessions.NoSuchSessionError, match=r"agent:a9:main and 90 more \(gateway sessions list\)"):
        sessions.resolve([f"agent:a{number}:main" for number in range(100)], "x")


def test_a_transcript_as_json(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN)
    archive.exchange(1, MAIN, "hello", sender_name="Ann", attachments=[{"mime_type": "image/png"}])
    archive.renewal(MAIN, 1, at=3)
    archive.row(2, MAIN, "never mind", "absorbed", "stopped", at=4)
    archive.row(3, MAIN, "still there?", None, at=5)
    shown = cli("sessions", "show", "main", "--json").json
    assert shown["session"]["key"] == MAIN
    assert shown["earlier"] == 0
    turn, renewal, message = shown["transcript"]
    heard = {"seq": 1, "guid": guid(1), "sender": ANN, "senderName": "Ann", "at": "2027-01-15T08:16:40.000Z"}
    assert turn == {
        "type": "turn",
        "session": MAIN,
        "seq": 1,
        "agent": "main",
        "outcome": "replied",
        "why": None,
        "beganAt": "2027-01-15T08:16:40.000Z",
        "endedAt": "2027-01-15T08:16:41.000Z",
        "messages": [{**heard, "text": "hello", "files": ["image/png"], "forgotten": False}],
        "text": "echo: hello",
        "forgotten": False,
        "model": None,
        "inputTokens": None,
        "outputTokens": None,
    }
    assert renewal == {"type": "renewal", "session": MAIN, "at": "2027-01-15T08:16:43.000Z", "why": "asked"}
    assert (message["type"], message["text"], message["outcome"], message["why"]) == (
        *("message", "never mind", "absorbed"),
        "stopped",
    )
    [waiting] = shown["waiting"]
    assert (waiting["seq"], waiting["outcome"], waiting["endedAt"]) == (3, None, None)


def test_a_transcript_for_people(cli: Gateway, archive: Archive) -> None:
    archive.session(GROUP, chat=42, label="Family", queue="collect")
    archive.exchange(1, GROUP, "first\nsecond", "one\ntwo", sender_name="Ann")
    archive.row(2, GROUP, "boom", "held", "agent failed: exited with code 3", at=2)
    archive.turn(2, GROUP, "", outcome="failed", failure="exited with code 3", at=2)
    archive.row(3, GROUP, "psst", "absorbed", "no reply", at=4)
    archive.turn(3, GROUP, "", outcome="absorbed", at=4, model="a:b", input_tokens=12, output_tokens=3)
    archive.renewal(GROUP, 3, at=6)
    archive.row(4, GROUP, "never mind", "absorbed", "stopped", at=7)
    archive.row(5, GROUP, "hello?", None, at=8)
    lines = cli("sessions", "show", "group:42").out.splitlines()
    assert lines[0].startswith(f"{GROUP} (Family): chat 42, account default, busy, 3 turns, began ")
    assert lines[0].endswith("queue collect")
    assert [line.partition(":")[2][6:] for line in lines[1:] if line[:2] == "20"] == [
        f"Ann ({ANN}): first",
        "agent main: one",
        f"{ANN}: boom",
        "agent main failed: exited with code 3",
        f"{ANN}: psst",
        "agent main (a:b, 12 tokens in, 3 out) said nothing: no reply",
        f"{ANN} [4, absorbed: stopped]: never mind",
        f"{ANN} [2, held: agent failed: exited with code 3]: boom",
        f"{ANN} [5, not answered yet]: hello?",
    ]
    assert lines[2] == "  second"
    assert lines[4] == "  two"
    assert any(line.startswith("--- began anew ") and line.endswith("(asked) ---") for line in lines)


def test_only_the_last_turns_are_shown_unless_all_are_asked_for(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN)
    for seq in range(1, 26):
        archive.exchange(seq, MAIN, f"text {seq}.")
    said = cli("sessions", "show", "main")
    assert "5 earlier turns: --all" in said.out
    assert "text 5." not in said.out
    assert "text 6." in said.out
    assert "text 1." in cli("sessions", "show", "main", "--all").out
    assert cli("sessions", "show", "main", "--limit", "2", "--json").json["earlier"] == 23
    assert cli("sessions", "show", "main", "--limit", "2", "--all").code == 2


def test_nobody_forges_a_line_of_a_transcript(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN, label=EVIL)
    archive.exchange(1, MAIN, EVIL, EVIL, sender_name=EVIL)
    for words in (("show", "main"), ("list",)):
        said = cli("sessions", *words).out
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert not any(line.startswith("2027-01-15 08:00:00 agent main") for line in said.splitlines())


def test_forgotten_words_say_so(cli: Gateway, archive: Archive) -> None:
    archive.session(MAIN)
    archive.exchange(1, MAIN, "secret")
    archive.turn(2, MAIN, None)
    archive.run("UPDATE inbound SET body = NULL")
    archive.run("UPDATE turn SET text = NULL")
    said = cli("sessions", "show", "main")
    assert said.out.count("(words forgotten)") == 4
    assert "somebody" in said.out
    first, second = cli("sessions", "show", "main", "--json").json["transcript"]
    assert (first["text"], first["forgotten"], first["messages"][0]["text"]) == (None, True, None)
    assert (second["forgotten"], second["messages"]) == (True, [])


def test_an_age_is_told_in_its_largest_unit() -> None:
    iso = "2027-01-15T08:00:00.000Z"
    at = 1_800_000_000.0
    ages = [sessions_page.age(iso, at + seconds) for seconds in (-5, 0, 59, 60, 3599, 3600, 86_399, 86_400, 864_000)]
    assert ages == ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "10 d"]


def test_the_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["sessions"], ["sessions", "export"], ["sessions", "reset"]):
        assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "list|show|export|reset|release" in said
    assert '{type: "renewal"' in said


def test_the_status_tells_of_quarantined_sessions(archive: Archive, places: Places) -> None:
    archive.session(MAIN, failures=3)
    archive.session(GROUP, failures=2)
    assert JournalReader(places.journal).read().quarantined == 1
    said = StringIO()
    report = reports.stopped("0.1.0", JournalReader(places.journal).read())
    tables.status(tables.console(said), {**report, "quarantined": 1}, START)
    assert "sessions: 1 quarantined, their turns failed: gateway sessions list" in said.getvalue()
