"""``dead list|show|retry|discard``, and what ``outbox`` can have done about a chunk."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from actors.control.cli import chunks, operating
from actors.control.lock import InstanceLock
from config import Places
from tests.control.builders import STARTED, JournalOnDisk, Told, account, gateway
from tests.control.conftest import Gateway, Serve


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes come at once here, or never."""
    monkeypatch.setattr(operating, "PAUSE", 0.01)
    monkeypatch.setattr(operating, "QUIET", 0.1)
    monkeypatch.setattr(operating, "DEADLINE", 0.2)


def test_dead_letters_and_corrupt_messages_are_listed_side_by_side(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.chunk(1, "sent")
    key = journal.chunk(2, "failed", "two", at=1_700_000_000.0, why="no such chat")
    journal.corrupt(3, "id is no row number: 0", b'{"id": 0}')
    said = cli("dead", "list", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json == {
        "dead": [
            {
                "key": key,
                "state": "failed",
                "chatId": 42,
                "chatGuid": "iMessage;-;+15550001111",
                "text": "two",
                "attemptedAt": "2023-11-14T22:13:20.000Z",
                "why": "no such chat",
            }
        ],
        "corrupt": [
            {
                "seq": 3,
                "error": "id is no row number: 0",
                "receivedAt": "2023-11-14T22:13:20.000Z",
                "excerpt": '{"id": 0}',
            }
        ],
    }


def test_people_see_both_tables_and_the_next_command(cli: Gateway, journal: JournalOnDisk) -> None:
    key = journal.chunk(2, "failed", why="no such chat")
    journal.corrupt(3, "broken\x1b", b"\xff\x00")
    said = cli("dead", "list")
    for words in (str(key), "no such chat", "gateway dead retry", "broken\\x1b", "gateway dead show SEQ"):
        assert words in said.out
    assert "\x1b" not in said.out


def test_no_dead_letters_says_so(cli: Gateway, journal: JournalOnDisk) -> None:
    assert cli("dead", "list").out == "there are no dead letters\n"
    assert cli("dead", "retry", "--all").out == "there are no dead letters of that kind\n"
    assert cli("dead", "discard", "--all", "--json").json == {"results": []}
    assert cli("dead", "retry").code == 2


def test_one_of_each_kind_is_shown_in_full(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(2)
    key = journal.chunk(2, "failed", why="no such chat")
    journal.corrupt(3, "broken", b"what is this")
    said = cli("dead", "show", str(key), "3")
    assert said.code == 0
    for words in ("why: no such chat", f"gateway dead retry {key}", "reason: broken", "excerpt: what is this"):
        assert words in said.out
    missing = cli("dead", "show", "99", "--json")
    assert (missing.code, missing.json) == (1, {"dead": [], "corrupt": []})
    assert "99: neither" in missing.err


def test_a_chunk_is_shown_with_the_message_it_answers(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.held(2, text="what time is it?")
    key = journal.chunk(2, "uncertain", "noon", at=1_700_000_000.0, why="timeout")
    shown = cli("outbox", "show", str(key), "--json").json
    assert (shown["key"], shown["state"], shown["why"], shown["tries"]) == (key, "uncertain", "timeout", 0)
    assert (shown["part"], shown["parts"], shown["guid"], shown["account"]) == (1, 1, None, "default")
    assert (shown["answers"]["seq"], shown["answers"]["text"]) == (2, "what time is it?")
    said = cli("outbox", "show", str(key))
    for words in ("why: timeout", "answers message:", "text: what time is it?", f"outbox resolve {key} not-sent"):
        assert words in said.out
    assert "gateway outbox list" in cli("outbox", "show", "7").err


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("failed", "gateway outbox retry"),
        ("queued", "gateway status"),
        ("deferred", "gateway status"),
        ("sent", "nothing is left"),
        ("discarded", "nothing is left"),
    ],
)
def test_what_is_shown_names_what_can_be_done(cli: Gateway, journal: JournalOnDisk, state: str, words: str) -> None:
    key = journal.chunk(1, state)
    assert words in cli("outbox", "show", str(key)).out


def test_a_chunk_the_message_of_which_is_gone_is_shown_all_the_same(cli: Gateway, journal: JournalOnDisk) -> None:
    key = journal.chunk(1, "failed")
    assert cli("outbox", "show", str(key), "--json").json["answers"] is None


def test_a_running_gateway_is_told_and_the_outcome_looked_up(
    cli: Gateway, serve: Serve, journal: JournalOnDisk
) -> None:
    told = Told()
    told.on_order = lambda order: journal.move(order.key, "sent")
    serve(gateway(told=told))
    key = journal.chunk(2, "failed", "two", why="no such chat")
    said = cli("outbox", "retry", str(key))
    assert (said.code, said.out, said.err) == (0, "sent 1\n", "")
    [(name, order)] = told.orders
    assert (name, order.key, order.what) == ("default", key, "retry")
    assert (order.chunk.text, order.chunk.state, order.chunk.address.chat_id) == ("two", "failed", 42)


@pytest.mark.parametrize(
    ("words", "what", "state"),
    [
        (("resolve", "{}", "sent"), "sent", "sent"),
        (("resolve", "{}", "not-sent"), "failed", "failed"),
        (("discard", "{}"), "discard", "discarded"),
        (("retry", "{}", "--even-if-twice"), "retry", "sent"),
    ],
)
def test_an_uncertain_chunk_is_settled_by_the_operator(
    cli: Gateway, serve: Serve, journal: JournalOnDisk, words: tuple[str, ...], what: str, state: str
) -> None:
    told = Told()
    told.on_order = lambda order: journal.move(order.key, state)
    serve(gateway(told=told))
    key = journal.chunk(2, "uncertain")
    said = cli("outbox", *(word.format(key) for word in words), "--json")
    assert (said.code, said.json["results"][0]["done"]) == (0, True)
    assert [order.what for _, order in told.orders] == [what]


def test_an_uncertain_chunk_is_not_sent_again_without_the_risk_being_named(
    cli: Gateway, serve: Serve, journal: JournalOnDisk
) -> None:
    told = Told()
    serve(gateway(told=told))
    key = journal.chunk(2, "uncertain")
    said = cli("outbox", "retry", str(key))
    assert (said.code, said.out, told.orders) == (1, "", [])
    assert "gets it twice" in said.err
    assert f"gateway outbox resolve {key} not-sent" in said.err
    assert cli("outbox", "retry", "--help").out.count("twice") >= 2


def test_what_the_gateway_does_not_do_in_time_is_told(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    serve(gateway())
    key = journal.chunk(2, "failed")
    said = cli("outbox", "retry", str(key))
    assert said.code == 1
    assert "still failed 1" in said.out
    assert "gateway logs" in said.out


def test_a_chunk_that_waits_for_imsg_counts_as_done(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.on_order = lambda order: journal.run("UPDATE outbox SET state = 'queued', why = NULL")
    serve(gateway(told=told))
    key = journal.chunk(2, "failed", why="no such chat")
    said = cli("outbox", "retry", str(key))
    assert said.code == 0
    assert said.out.startswith("queued again 1")


def test_an_account_that_does_not_run_is_named(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.alive = False
    serve(gateway(told=told))
    key = journal.chunk(2, "failed")
    said = cli("dead", "retry", "--all")
    assert (said.code, said.out) == (1, "")
    assert f"chunk {key}: account default does not run" in said.err


def test_a_chunk_of_another_database_is_not_sent_into_this_one(
    cli: Gateway, serve: Serve, journal: JournalOnDisk
) -> None:
    told = Told()
    told.on_order = lambda order: journal.move(order.key, "discarded")
    serve(gateway(account(), told=told))
    key = journal.chunk(2, "failed")
    journal.run("UPDATE outbox SET source = 2")
    assert "another Messages database" in cli("outbox", "retry", str(key)).err
    assert told.orders == []
    assert cli("outbox", "discard", str(key)).code == 0


def test_what_was_seen_of_a_chunk_of_another_database_can_be_said_without_a_gateway(
    cli: Gateway, serve: Serve, journal: JournalOnDisk
) -> None:
    told = Told()
    running = serve(gateway(account(), told=told))
    key = journal.chunk(2, "uncertain")
    journal.run("UPDATE outbox SET source = 2")
    said = cli("outbox", "resolve", str(key), "sent")
    assert (said.code, told.orders) == (1, [])
    assert "stop the gateway" in said.err
    running.stop()
    assert cli("outbox", "resolve", str(key), "sent").code == 0


def test_a_send_that_the_last_gateway_began_is_in_doubt(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.alive = False
    serve(gateway(told=told))
    old, new = journal.chunk(2, "attempted", at=STARTED - 1.0), journal.chunk(3, "attempted", at=STARTED + 1.0)
    assert "does not run" in cli("outbox", "resolve", str(old), "sent").err
    assert "may have gone out already" in cli("outbox", "retry", str(old)).err
    assert "being sent just now" in cli("outbox", "resolve", str(new), "sent").err
    assert [order.key for _, order in told.orders] == [old]


def test_what_a_gateway_sent_before_the_lock_was_there_is_left_alone(
    cli: Gateway, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = journal.chunk(2, "uncertain")

    def alone(where: Places) -> AbstractContextManager[None]:
        journal.move(key, "sent")
        return operating.alone(where)

    monkeypatch.setattr(chunks, "alone", alone)
    said = cli("outbox", "resolve", str(key), "not-sent")
    assert (said.code, said.out) == (1, "")
    assert "it was sent" in said.err
    assert cli("outbox", "list", "--json").json["chunks"][0]["state"] == "sent"


def test_all_dead_letters_of_a_chat_are_sent_again(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    told.on_order = lambda order: journal.move(order.key, "sent" if order.key >> 12 < 3 else "failed", 9.0, "no chat")
    serve(gateway(told=told))
    for seq, chat in ((1, 7), (2, 7), (3, 7), (4, 8)):
        journal.chunk(seq, "failed", chat=chat)
    said = cli("dead", "retry", "--chat", "7")
    assert (said.code, [order.key >> 12 for _, order in told.orders]) == (1, [1, 2, 3])
    assert said.out == f"sent 2, failed again 1 (no chat)\nnot done: {3 << 12}\n"
    assert "gateway dead show KEY" in said.err


@pytest.mark.parametrize(
    ("words", "state", "after"),
    [
        (("outbox", "retry", "{}"), "failed", "queued"),
        (("dead", "retry", "--all"), "failed", "queued"),
        (("dead", "discard", "{}"), "failed", "discarded"),
        (("outbox", "resolve", "{}", "sent"), "attempted", "sent"),
        (("outbox", "resolve", "{}", "not-sent"), "uncertain", "failed"),
    ],
)
def test_without_a_gateway_the_journal_is_written_from_here(
    cli: Gateway, journal: JournalOnDisk, places: Places, words: tuple[str, ...], state: str, after: str
) -> None:
    key = journal.chunk(2, state)
    said = cli(*(word.format(key) for word in words))
    assert (said.code, said.err) == (0, "")
    assert ("gateway run" in said.out) == (after == "queued")
    assert cli("outbox", "list", "--json").json["chunks"][0]["state"] == after
    with InstanceLock(places.lock, 0.0):
        pass


@pytest.mark.parametrize("verb", ["outbox", "dead"])
def test_a_key_that_cannot_be_one_is_wrong_usage(cli: Gateway, verb: str) -> None:
    for key in ("0", "-1", "x", "9" * 30):
        assert cli(verb, "discard", key).code == 2
