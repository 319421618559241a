"""``gateway explain GUID|last|#SEQ``: the whole story of a message that came, and whether today's rules agree."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.reasons import PAIRING_REQUIRED as REQUIRED
from actors.envelopes.facts import Appended, Attempted, Deferred, Failed, Queued, Sent, Settled, Uncertain
from actors.envelopes.inbound import Absorbed, Admit, Challenge, Corrupt, Dropped, Held, Replied
from actors.journal.batch import GIVEN_UP, end_held
from actors.runtime.logs import stamp
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk, chunk
from tests.support.rows import ANN, BEN, OWN, START, admit, guid, inbound

ALLOW = "channels.imessage.allowFrom"
BLOCKED = Dropped("dmPolicy blocked", ALLOW)


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk with a config that lists Ann."""
    one = Desk(places)
    one.configure()
    return one


def test_an_answered_message_has_its_whole_story(desk: Desk, cli: Gateway) -> None:
    [seq] = desk.live(Appended(inbound(1, 7), Admit("agent:main:main", "main", True, "auto", False, "owner")))
    first, second = chunk(seq), chunk(seq, 1, "and more")
    desk.live(Queued((first, second), ((seq, Replied()),), first.key, START + 1), at=START + 1)
    desk.live(
        Sent(first.key, guid(99), START + 2), Attempted(second.key, START + 3), Uncertain(second.key, "no answer")
    )
    told = cli("explain", "last", "--json").json
    assert (told["decision"], told["reason"], told["outcome"]) == ("admit", None, "replied")
    assert (told["guid"], told["row"], told["receivedAt"]) == (guid(1), seq, stamp(START))
    assert (told["session"], told["agent"], told["replyTarget"]) == ("agent:main:main", "main", "chat_id:7")
    assert (told["authority"], told["commandAuthorized"]) == ("owner", True)
    assert [one["fact"] for one in told["history"]] == [
        "received", "judged", "settled", "queued", "attempted", "queued", "sent", "attempted", "uncertain",
    ]  # fmt: skip
    assert [one["time"] for one in told["history"]] == sorted(one["time"] for one in told["history"])
    assert [(one["key"], one["state"], one["text"], one["why"]) for one in told["chunks"]] == [
        (first.key, "sent", "echo: hello", None),
        (second.key, "uncertain", "and more", "no answer"),
    ]
    assert "now" not in told


@pytest.mark.parametrize("which", [guid(2), guid(2).lower(), "#2", "2", " 2 "])
def test_a_message_is_named_by_guid_or_number(desk: Desk, cli: Gateway, which: str) -> None:
    desk.live(*(Appended(inbound(number, 7), admit()) for number in (1, 2, 3)))
    assert cli("explain", which, "--json").json["row"] == 2


def test_last_is_a_note_to_oneself_that_was_refused(desk: Desk, cli: Gateway) -> None:
    note = inbound(2, sender=OWN, destination_caller_id=OWN, is_from_me=True, chat_identifier=OWN)
    desk.live(Appended(inbound(1), admit()), Appended(note, Dropped("from me", ALLOW)))
    told = cli("explain", "last", "--json").json
    assert (told["row"], told["reason"], told["configKey"]) == (2, "from me", ALLOW)


def test_last_is_the_newest_message_of_somebody_else(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, sender=BEN), BLOCKED), Appended(inbound(2, is_from_me=True), Dropped("from me")))
    assert cli("explain", "last", "--json").json["row"] == 1


@pytest.mark.parametrize("which", ["nonsense", "#99", "last"])
def test_a_message_nobody_knows_is_an_error_that_says_how_to_find_one(desk: Desk, cli: Gateway, which: str) -> None:
    desk.live()
    said = cli("explain", which, "--json")
    assert (said.code, said.out) == (1, "")
    assert "journal" in said.err


def test_without_a_journal_there_are_no_stories(desk: Desk, cli: Gateway) -> None:
    said = cli("explain", "last")
    assert said.code == 1
    assert "no journal" in said.err


def test_what_was_refused_then_and_would_be_now_says_what_would_flip_it(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, sender=BEN), BLOCKED))
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"], told["configKey"]) == ("drop", "dmPolicy blocked", ALLOW)
    assert BEN in told["flip"]
    assert (told["outcome"], told["replyTarget"], "now" in told) == ("dropped", None, False)
    assert told["history"][1] == {
        "time": stamp(START),
        "fact": "judged",
        "outcome": "dropped",
        "reason": "dmPolicy blocked",
        "configKey": ALLOW,
    }


def test_what_today_decides_otherwise_stands_beside_what_was_decided(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, sender=BEN), BLOCKED), Appended(inbound(2), admit()))
    desk.configure(allowFrom=[BEN])
    welcome = cli("explain", "#1", "--json").json
    assert (welcome["decision"], welcome["flip"], welcome["now"]["decision"]) == ("drop", None, "admit")
    assert welcome["rules"] == welcome["now"]["rules"]
    gone = cli("explain", "#2", "--json").json
    assert (gone["decision"], gone["now"]["decision"], gone["now"]["configKey"]) == ("admit", "drop", ALLOW)
    assert ANN in gone["now"]["flip"]


def test_an_approval_since_then_shows_in_what_today_decides(desk: Desk, cli: Gateway) -> None:
    desk.configure(dmPolicy="pairing", allowFrom=[])
    key = "channels.imessage.dmPolicy"
    [seq] = desk.live(Appended(inbound(1, sender=BEN), Challenge(BEN, key)))
    desk.live(Settled(seq, Dropped(REQUIRED, key)), at=START + 1)
    told = cli("explain", "last", "--json").json
    assert (told["decision"], told["reason"], told["configKey"]) == ("challenge", REQUIRED, key)
    assert (told["replyTarget"], "now" in told) == ("chat_id:7", False)
    desk.approve(BEN)
    told = cli("explain", "last", "--json").json
    assert (told["decision"], told["now"]["decision"]) == ("challenge", "admit")


def test_a_broken_row_is_malformed_with_its_error(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1), Corrupt("Expected `bool`, got `int` - at `$.is_group`")))
    desk.run("UPDATE inbound SET body = ?", b'{"id": 1, "guid": "x", "is_group": 1}')
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"], told["outcome"]) == ("drop", "malformed payload", "corrupt")
    assert "is_group" in told["error"]
    assert "now" not in told


@pytest.mark.parametrize("minutes", [15, 60])
def test_what_was_too_old_is_judged_by_todays_fence(desk: Desk, cli: Gateway, minutes: int) -> None:
    key = "channels.imessage.recovery.liveMinutes"
    row = inbound(1, created_at="2027-01-15T07:30:00Z", received_at=START)
    desk.live(Appended(row, Held("stale backlog", key)))
    desk.configure(recovery={"liveMinutes": minutes})
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"]) == ("hold", "stale backlog")
    if minutes == 15:
        assert "now" not in told
        assert told["flip"].startswith("gateway held release 1")
    else:
        assert told["now"]["decision"] == "admit"


@pytest.mark.parametrize("reason", ["echo", "link preview", "agent echo in self-chat"])
def test_what_was_remembered_then_is_no_matter_of_todays_config(desk: Desk, cli: Gateway, reason: str) -> None:
    desk.live(Appended(inbound(1), Dropped(reason)))
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"]) == ("drop", reason)
    assert told["rules"][-1]["result"] == f"drop: {reason}"
    assert "now" not in told


def test_a_loop_is_held_until_it_is_released(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1), Held("echo loop")))
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"], told["flip"]) == ("hold", "echo loop", "gateway held release 1")
    assert "now" not in told


def test_a_held_message_the_operator_gave_up(desk: Desk, cli: Gateway) -> None:
    [seq] = desk.live(Appended(inbound(1), Held("no agent", "agents.list[].runtime")))
    desk.live(end_held(seq, Dropped(GIVEN_UP)), at=START + 60)
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["reason"], "now" in told) == ("drop", "discarded", False)
    assert [one["fact"] for one in told["history"]] == ["received", "judged", "settled"]
    assert told["history"][1]["outcome"] == "held"


def test_a_pruned_message_has_a_story_without_rules(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1), BLOCKED))
    desk.run("UPDATE inbound SET body = NULL")
    told = cli("explain", guid(1), "--json").json
    assert (told["decision"], told["rules"], told["message"], told["guid"]) == ("drop", [], None, guid(1))
    assert "pruned" in told["notes"][0]


def test_an_account_that_is_gone_keeps_its_stories(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, account="work"), admit()))
    told = cli("explain", "last", "--json").json
    assert (told["account"], told["decision"], told["rules"]) == ("work", "admit", [])
    assert "work" in told["notes"][0]
    assert "now" not in told


def test_an_open_message_and_a_deferred_and_a_failed_chunk(desk: Desk, cli: Gateway) -> None:
    seqs = desk.live(*(Appended(inbound(number), admit()) for number in (1, 2, 3)))
    deferred, failed = chunk(seqs[1]), chunk(seqs[2])
    desk.live(
        Queued((deferred,), ((seqs[1], Replied()),), deferred.key, START + 1),
        Deferred(deferred.key, START + 60, 1, "busy"),
        Queued((failed,), ((seqs[2], Absorbed("no reply")),), failed.key, START + 1),
        Failed(failed.key, "no such chat", START + 2),
    )
    opened, waits, dead = (cli("explain", f"#{seq}", "--json").json for seq in seqs)
    assert (opened["outcome"], opened["chunks"]) == ("open", [])
    assert waits["history"][-1] == {
        "time": stamp(START + 1),
        "fact": "deferred",
        "chunk": deferred.key,
        "why": "busy",
        "retryAt": stamp(START + 60),
    }
    assert _last(dead) == {"time": stamp(START + 2), "fact": "failed", "chunk": failed.key, "why": "no such chat"}


def _last(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told["history"][-1]
    return found


def test_one_guid_in_two_databases_is_said(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1), admit()))
    desk.run("INSERT INTO source (id, identity) VALUES (2, '/other')")
    desk.live(Appended(inbound(1, source=2), admit()))
    told = cli("explain", guid(1), "--json").json
    assert (told["row"], "2 rows" in told["notes"][0]) == (2, True)


@pytest.mark.parametrize("broken", ["{", "{channels: {imessage: {cliPth: 1}}}", None])
def test_a_story_is_told_under_a_broken_config_too(desk: Desk, cli: Gateway, broken: str | None) -> None:
    desk.live(Appended(inbound(1, sender=BEN), BLOCKED))
    desk.places.config.unlink()
    if broken is not None:
        desk.places.config.write_text(broken)
    said = cli("explain", "last", "--json")
    assert (said.code, said.err) == (0, "")
    told = said.json
    assert (told["decision"], told["reason"], told["configKey"]) == ("drop", "dmPolicy blocked", ALLOW)
    assert (told["rules"], told["message"]["sender"], "now" in told) == ([], BEN, False)
    [note] = told["notes"]
    assert note.startswith(f"no rules were tried, because {desk.places.config} is not valid: ")
    assert "note: no rules were tried" in cli("explain", "#1").out
    assert cli("explain", "#9").code == 1
    assert cli("explain", "--from", BEN).code == 78
