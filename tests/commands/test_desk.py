"""The desk: one answer to every command, every write at most once, no row lost, no value in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.commands import answers
from actors.commands.desk import BROKEN, PATIENCE, CommandDesk
from actors.envelopes.control import Enrolled, Overruled, Replay
from actors.envelopes.inbound import Corrupt, Dropped
from actors.envelopes.outbound import Reply
from config.writer import Writer, WriteRefusedError
from tests.commands.conftest import Open
from tests.commands.counter import TEXT, Counter
from tests.support.probes import KillableStage
from tests.support.rows import ANN, address

LIMIT = "channels.imessage.historyLimit"
SET = f"/config set {LIMIT}=3"


def test_it_asks_for_commands_an_earlier_life_left_open_once_it_knows_who_is_shut_out(counter: Counter) -> None:
    assert counter.journal.told == []
    counter.recheck()
    assert counter.journal.told == [Replay("commanded", counter.ref)]
    counter.recheck()
    assert len(counter.journal.told) == 1


@pytest.mark.parametrize("replayed", [True, False])
@pytest.mark.parametrize("text", ["/config", SET, "/restart"])
def test_somebody_shut_out_since_gets_no_answer(counter: Counter, text: str, replayed: bool) -> None:
    before, lost = counter.file.read_text(), Dropped("revoked", "channels.imessage.allowFrom")
    counter.recheck(lambda row: lost if row.sender == ANN else None)
    seq = counter.tell(text, replayed=replayed)
    assert counter.settled == [(seq, lost)]
    assert (counter.replies, counter.restarts) == ([], [])
    assert counter.file.read_text() == before
    counter.recheck()
    assert counter.say("/config show commands.config") == "commands.config: true"


def test_the_answer_goes_where_the_command_came_from(counter: Counter) -> None:
    seq = counter.tell("/config show commands.config")
    (reply,) = counter.replies
    assert reply == Reply(seq, "agent:main:main", address(7), "commands.config: true", reply.settles, first=0)


@pytest.mark.parametrize("text", ["/config", "/CONFIG:", "  /config show\nand more", "@claw /config"])
def test_a_command_is_read_as_the_gate_reads_it(counter: Counter, text: str) -> None:
    assert counter.say(text).startswith("openclaw.json, as it is written:")


@pytest.mark.parametrize(
    ("text", "look"),
    [
        (SET, f"/config show {LIMIT}"),
        ("/config undo", "/config show"),
        ("/debug set channels.imessage.name=x", "/debug show"),
        ("/allowlist add +15551112222", "/allowlist list"),
        ("/allowlist remove +15551112222", "/allowlist list"),
    ],
)
def test_a_write_of_an_earlier_life_is_not_made_again(counter: Counter, text: str, look: str) -> None:
    before = counter.file.read_text()
    said = counter.say(text, replayed=True)
    assert said.startswith("This waited too long, or the gateway was restarted in the middle of it")
    assert said.endswith(f"Look: {look}")
    assert counter.file.read_text() == before
    assert counter.ordered == counter.pairing.told == []


def test_a_write_of_an_earlier_life_that_was_never_allowed_is_refused(counter: Counter) -> None:
    assert counter.say(SET, "authorised", replayed=True).startswith("Only an owner")


@pytest.mark.parametrize("text", ["/config", "/config show commands.config", "/allowlist", "/debug show"])
def test_a_read_that_waited_is_not_answered_on_what_its_sender_might_do_then(counter: Counter, text: str) -> None:
    assert counter.say(text, replayed=True) == answers.again()
    assert answers.again().endswith("it is not carried out now. Send it again.")
    assert counter.ordered == counter.pairing.told == []


def test_a_command_that_is_told_twice_is_carried_out_once(counter: Counter) -> None:
    """The journal told it as it came, and once more because it was open when the desk asked."""
    counter.tell(SET, seq=9)
    changed = counter.file.read_text()
    counter.tell(SET, seq=9, replayed=True)
    assert len(counter.replies) == 1
    assert counter.file.read_text() == changed


def test_a_restart_is_answered_by_the_next_life(counter: Counter) -> None:
    seq = counter.tell("/restart")
    assert counter.restarts == ["now"]
    assert not counter.replies
    assert not counter.settled
    counter.stage.advance(1.0)
    counter.open()
    assert counter.say("/restart", replayed=True, seq=seq) == "Restarted: imessage-gateway 0.1.0 is running."
    assert counter.restarts == ["now"]


def test_a_restart_that_waited_for_its_release_is_none(counter: Counter) -> None:
    """It came in this life of the gateway, or nobody can tell."""
    assert counter.say("/restart", replayed=True) == answers.again()
    counter.stage.advance(1.0)
    counter.open(generation=2)
    assert counter.say("/restart", replayed=True) == answers.again()
    assert counter.restarts == []


def test_a_restart_is_refused_without_a_line_in_the_record_of_the_config(counter: Counter) -> None:
    assert counter.say("/restart", "authorised").startswith("Only an owner")
    assert not counter.restarts
    assert not counter.audited


def test_what_breaks_is_answered_and_not_tried_again(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def breaks(*_: object, **__: object) -> None:
        calls.append("change")
        raise RuntimeError("sk-canary in an error")

    monkeypatch.setattr(Writer, "change", breaks)
    assert counter.say(SET) == BROKEN
    assert calls == ["change"]
    assert counter.stage.errors() == ["a command broke: RuntimeError"]
    monkeypatch.undo()
    assert counter.say(SET).startswith(LIMIT)


def test_even_what_should_end_a_thread_ends_in_an_answer(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def leaves(*_: object, **__: object) -> None:
        calls.append("change")
        raise SystemExit

    monkeypatch.setattr(Writer, "change", leaves)
    assert counter.say(SET) == BROKEN
    assert calls == ["change"]


def test_what_cannot_even_be_answered_is_kept_as_corrupt(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(CommandDesk, "_say", breaks)
    seq = counter.tell("/config")
    assert counter.replies == []
    assert counter.settled == [(seq, Corrupt("command failed: ValueError"))]
    monkeypatch.undo()
    assert counter.say("/config show commands.config") == "commands.config: true"


def test_an_answer_of_another_that_breaks_is_answered(counter: Counter) -> None:
    seq = counter.tell("/debug")
    counter.stage.tell(counter.ref, Overruled(seq, 5))
    assert [reply.text for reply in counter.replies] == [BROKEN]


def test_answers_to_nobody_are_passed_over(counter: Counter) -> None:
    counter.stage.tell(counter.ref, Enrolled(77, ()), Overruled(78, {}))
    counter.stage.advance(PATIENCE)
    assert counter.replies == []


@pytest.mark.parametrize("text", ["hello", "/think", "/nothing", ""])
def test_what_is_no_command_of_this_desk_ends_as_dropped(counter: Counter, text: str) -> None:
    seq = counter.tell(text)
    assert counter.replies == []
    assert counter.settled == [(seq, Dropped("control command (unauthorized)", "commands.ownerAllowFrom"))]


def test_a_busy_lock_is_waited_for_briefly_and_said(counter: Counter) -> None:
    lock = counter.file.with_name("openclaw.json.lock")
    lock.write_text('{"pid": 1}')
    said = counter.say(SET)
    assert said.startswith("Not changed: ")
    assert "is held by process 1" in said
    assert [line[:3] for line in counter.audited] == [("chat:+15552223333", "failed", "busy")]


def test_a_record_that_cannot_be_written_costs_no_answer(counter: Counter) -> None:
    (counter.places.state / "logs").write_text("in the way")
    assert counter.say("/config set channels.imessage.cliPath=x").startswith("Not changed: channels.imessage.cliPath")
    assert "not on record" in counter.say(SET)


def test_a_managed_config_is_not_changed(opened: Open) -> None:
    counter = opened(TEXT, env={"OPENCLAW_NIX_MODE": "1"})
    assert "the config is managed elsewhere" in counter.say(SET)


def test_the_command_line_and_a_chat_change_the_file_by_turns(counter: Counter) -> None:
    other = counter.view().writer
    for number in range(5):
        counter.say(f"/config set {LIMIT}={number}")
        with pytest.raises(WriteRefusedError):
            other.rollback(9, "cli")
        assert counter.value["channels"]["imessage"]["historyLimit"] == number


def test_the_log_names_command_and_path_and_nobody_whole(counter: Counter) -> None:
    counter.say("/config set channels.imessage.name=Claw")
    counter.say("/config set channels.imessage.cliPath=Claw")
    counter.say("/config set sk-canary-0123456789=Claw")
    said = [text for _, text in counter.stage.logged]
    assert said == [
        "/config: change channels.imessage.name, by ...3333",
        "/config: change refused (forbidden) channels.imessage.cliPath, by ...3333",
        "/config: change refused (forbidden) ?, by ...3333",
    ]


def test_a_command_of_an_account_that_is_gone_still_ends(counter: Counter) -> None:
    assert counter.say("/config show commands.config", account="gone") == "commands.config: true"
    assert "is not in the config any more" in counter.say(SET, account="gone")


def test_many_commands_are_remembered_and_not_for_ever(counter: Counter, stage: KillableStage) -> None:
    for _ in range(1100):
        counter.tell("/frob")
    assert len(counter.settled) == 1100
    assert stage.deaths.told == []


def test_no_file_is_left_behind(counter: Counter, tmp_path: Path) -> None:
    counter.say(SET)
    counter.say("/config undo")
    counter.say(f"/config set {LIMIT}=x")
    names = {path.name for path in counter.file.parent.iterdir() if path.is_file()}
    assert names == {"openclaw.json", "openclaw.json.bak", "openclaw.json.bak.1"}
