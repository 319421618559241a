"""Sends: routing decisions, and the own rows they leave behind."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.simulator.behaviour import Behaviour, BehaviourError, read_behaviour
from actors.simulator.generations import generation
from actors.simulator.messages_db import MessagesDb
from actors.simulator.routing import Buddy, Thread, check, is_handle_like, normalise, route
from tests.simulator.harness import ANNA, DIRECT, SMS, SMS_PEER, TEAM, Rpc, furnish


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    furnish(path)
    return path


@pytest.fixture
def rpc(db: Path) -> Iterator[Rpc]:
    with Rpc(db) as running:
        yield running


@pytest.mark.parametrize(
    ("identifier", "is_handle"),
    [
        ("a@b.c", True),
        ("+1 (555) 123-0001", True),
        ("sms:x", True),
        ("AUTO:x", True),
        ("chat77", False),
        ("", False),
    ],
)
def test_an_identifier_is_taken_for_a_person(identifier: str, is_handle: bool) -> None:
    assert is_handle_like(identifier) is is_handle


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("(555) 123-0001", "US", "+15551230001"),
        ("1 555 123 0001", "us", "+15551230001"),
        ("+44 20 7946 0000", "US", "+442079460000"),
        ("imessage:A@B.c", "US", "a@b.c"),
        ("020 7946", "GB", "020 7946"),
        ("Jane", "US", "Jane"),
    ],
)
def test_handles_are_normalised_as_far_as_a_region_says(typed: str, region: str, kept: str) -> None:
    assert normalise(typed, region) == kept


def test_a_handle_like_chat_becomes_a_buddy_send_and_a_guid_stays_exact() -> None:
    assert route(check({"chat_id": 3, "text": "x"}), ANNA, f"SMS;-;{ANNA}") == Buddy(ANNA, "iMessage")
    assert route(check({"chat_id": 3, "text": "x", "service": "sms"}), ANNA, "g") == Buddy(ANNA, "SMS")
    assert route(check({"chat_guid": "g", "text": "x"}), "", "g") == Thread("g")
    assert route(check({"chat_id": 2, "text": "x"}), "chat77", "iMessage;+;chat77") == Thread("iMessage;+;chat77")


def test_a_send_answers_with_the_row_that_then_is_in_history(rpc: Rpc) -> None:
    result = rpc.call("send", chat_id=TEAM, text="hi")["result"]
    newest = rpc.call("messages.history", chat_id=TEAM, limit=1)["result"]["messages"][0]
    assert result == {"ok": True, "transport": "applescript", "id": newest["id"], "guid": newest["guid"]}
    assert (newest["text"], newest["is_from_me"], newest["sender"]) == ("hi", True, "+15550009999")


def test_auto_in_an_sms_chat_goes_out_on_imessage_in_a_chat_of_its_own(rpc: Rpc) -> None:
    rpc.call("send", chat_id=SMS, text="auto")
    rpc.call("send", chat_id=SMS, text="sms", service="sms")
    rpc.call("send", chat_guid=f"SMS;-;{SMS_PEER}", text="exact")
    chats = rpc.call("chats.list")["result"]["chats"]
    assert {chat["guid"] for chat in chats} >= {f"iMessage;-;{SMS_PEER}", f"SMS;-;{SMS_PEER}"}
    history = rpc.call("messages.history", chat_id=SMS)["result"]["messages"]
    assert [message["text"] for message in history] == ["exact", "sms", "text 3"]


def test_a_new_person_gets_a_new_chat_and_a_name_gets_an_error(rpc: Rpc) -> None:
    assert rpc.call("send", to="(555) 123-7777", text="hello")["result"]["ok"] is True
    assert rpc.call("chats.list", limit=1)["result"]["chats"][0]["identifier"] == "+15551237777"
    error = rpc.call("send", to="Jane", text="hello")["error"]
    assert error["data"] == 'AppleScript failed: Messages got an error: Can\'t get buddy "Jane".'


def test_text_and_file_are_two_messages_and_the_file_is_copied(rpc: Rpc, db: Path, tmp_path: Path) -> None:
    source = tmp_path / "cat.png"
    source.write_bytes(b"png")
    with_text = rpc.call("send", chat_id=DIRECT, text="look", file=str(source))["result"]
    alone = rpc.call("send", chat_id=DIRECT, file=str(source))["result"]
    assert alone == {"ok": True, "transport": "applescript"}
    messages = rpc.call("messages.history", chat_id=DIRECT, attachments="true")["result"]["messages"]
    assert [message["text"] for message in messages[:3]] == ["\ufffc", "\ufffc", "look"]
    assert messages[2]["id"] == with_text["id"]
    (filed,) = messages[1]["attachments"]
    assert (filed["transfer_name"], filed["mime_type"], filed["total_bytes"]) == ("cat.png", "image/png", 3)
    assert Path(filed["original_path"]).read_bytes() == b"png"
    assert Path(filed["original_path"]).is_relative_to(db.parent / "Attachments" / "imsg")


def test_a_chat_with_neither_name_cannot_be_sent_to(rpc: Rpc, db: Path) -> None:
    writer = MessagesDb.open(db)
    writer.connection.execute("UPDATE chat SET guid = '', chat_identifier = NULL WHERE ROWID = 4")
    writer.close()
    assert rpc.call("send", chat_id=4, text="x")["error"]["data"] == "missing chat identifier or guid"


def test_a_note_to_oneself_arrives_too(rpc: Rpc) -> None:
    rpc.call("send", to="+15550009999", text="note")
    chat_id = rpc.call("chats.list", limit=1)["result"]["chats"][0]["id"]
    history = rpc.call("messages.history", chat_id=chat_id)["result"]["messages"]
    assert [(message["text"], message["is_from_me"]) for message in history] == [
        ("note", False),
        ("note", True),
    ]


def test_without_ids_the_answer_is_bare_and_the_text_is_still_readable(db: Path) -> None:
    with Rpc(db, "--send-ids", "false") as rpc:
        assert rpc.call("send", chat_id=DIRECT, text="x")["result"] == {
            "ok": True,
            "transport": "applescript",
        }
        assert rpc.call("messages.history", chat_id=DIRECT)["result"]["messages"][0]["text"] == "x"


def test_requests_are_answered_strictly_in_order_behind_a_slow_send(db: Path) -> None:
    with Rpc(db, "--send-delay-ms", "100") as rpc:
        rpc.request("send", "slow", chat_id=DIRECT, text="x")
        rpc.request("watch.unsubscribe", "quick", subscription=1)
        assert [rpc.line()["id"], rpc.line()["id"]] == ["slow", "quick"]


def test_thousands_of_sends_are_answered_in_order(rpc: Rpc) -> None:
    lines = [
        json.dumps({"id": n, "method": "send", "params": {"chat_id": DIRECT, "text": f"t{n}"}}) for n in range(2000)
    ]
    rpc.raw("\n".join(lines).encode() + b"\n")
    assert [rpc.line()["id"] for _ in lines] == list(range(2000))


def test_flags_win_over_the_environment_and_nonsense_is_named() -> None:
    environment = {
        "IMSG_SIM_SEND_DELAY_MS": "5", "IMSG_SIM_SEND_IDS": "0", "IMSG_SIM_OWN_ADDRESS": "me@x.y",
        "IMSG_SIM_VERSION": "0.6", "IMSG_SIM_BRIDGE": "true", "IMSG_SIM_FALLBACK_MS": "70",
        "IMSG_SIM_FLIP_MS": "300", "IMSG_SIM_TWIN_MS": "900",
    }  # fmt: skip
    behaviour = read_behaviour(environment, {"send-delay-ms": "7", "imsg-version": "0.15", "poll-rows": "3"})
    assert behaviour == Behaviour("me@x.y", 7, False, generation("0.15.9"), True, 3, 70, 300, 900)
    for variable, value in (("SEND_IDS", "maybe"), ("VERSION", "0.12"), ("POLL_ROWS", "0"), ("FALLBACK_MS", "x")):
        with pytest.raises(BehaviourError, match=value):
            read_behaviour({f"IMSG_SIM_{variable}": value}, {})
