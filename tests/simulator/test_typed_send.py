"""Sends from 0.14 on (imsg protocol 12.3, 12.8): typed outcomes, the exact chat, and ids of the caller's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import ANNA, DIRECT, SMS, SMS_PEER, TEAM, Rpc, furnish, imsg

NEW = ("--imsg-version", "0.15")
BRIDGE = (*NEW, "--bridge", "true")
ATTEMPT = "0F8FAD5B-D9CB-469F-A165-70867728950E"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    furnish(path)
    return path


@pytest.fixture
def rpc(db: Path) -> Iterator[Rpc]:
    with Rpc(db, *NEW) as running:
        yield running


@pytest.fixture
def bridged(db: Path) -> Iterator[Rpc]:
    with Rpc(db, *BRIDGE) as running:
        yield running


def newest(rpc: Rpc, chat_id: int) -> dict[str, Any]:
    message = rpc.call("messages.history", chat_id=chat_id, limit=1)["result"]["messages"][0]
    assert isinstance(message, dict)
    return message


def test_the_result_names_the_row_that_is_there(rpc: Rpc) -> None:
    result = rpc.call("send", chat_id=TEAM, text="hi")["result"]
    row = newest(rpc, TEAM)
    assert result == {
        "ok": True, "transport": "applescript", "id": row["id"], "guid": row["guid"], "message_id": row["guid"],
        "chat_guid": row["chat_guid"], "service": "iMessage",
    }  # fmt: skip


def test_a_row_that_keeps_its_text_in_its_body_is_found_too(db: Path) -> None:
    with Rpc(db, *NEW, "--send-ids", "false") as rpc:
        assert rpc.call("send", chat_id=TEAM, text="hi")["result"]["guid"] == newest(rpc, TEAM)["guid"]


@pytest.mark.parametrize(
    ("params", "chat_guid"),
    [
        ({"chat_id": SMS}, f"SMS;-;{SMS_PEER}"),
        ({"chat_guid": f"SMS;-;{SMS_PEER}", "service": "imessage"}, f"SMS;-;{SMS_PEER}"),
        ({"chat_id": SMS, "service": "imessage"}, f"iMessage;-;{SMS_PEER}"),
        ({"to": SMS_PEER}, f"SMS;-;{SMS_PEER}"),
        ({"to": SMS_PEER, "service": "sms"}, f"SMS;-;{SMS_PEER}"),
        ({"to": "(555) 123-7777"}, "iMessage;-;+15551237777"),
    ],
)
def test_a_send_goes_to_the_chat_that_is_meant(rpc: Rpc, params: dict[str, Any], chat_guid: str) -> None:
    result = rpc.call("send", text="x", **params)["result"]
    assert (result["chat_guid"], result["service"]) == (chat_guid, chat_guid.split(";")[0])


def not_started(transport: str, operation: str, detail: str) -> dict[str, Any]:
    return {
        "code": -32603,
        "message": "Delivery failed before dispatch",
        "data": {
            "retry_safe": True, "disposition": "not_started", "transport": transport, "operation": operation,
            "detail": detail,
        },
    }  # fmt: skip


NO_CHAT = not_started("applescript", "send", "Messages automation failed with AppleScript error -1728.")
NO_FILE = not_started("applescript", "send", "Attachment not found at /nowhere/f.png")
BRIDGE_DOWN = not_started("bridge_v2", "send", "imsg bridge not ready: run imsg launch")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"chat_guid": "iMessage;+;chat0", "text": "x"}, NO_CHAT),
        ({"chat_id": DIRECT, "file": "/nowhere/f.png"}, NO_FILE),
        ({"chat_id": DIRECT, "text": "x", "transport": "bridge"}, BRIDGE_DOWN),
    ],
)
def test_what_was_not_started_says_so(rpc: Rpc, params: dict[str, Any], error: dict[str, Any]) -> None:
    assert rpc.call("send", **params)["error"] == error


def test_a_name_is_refused_without_contacts(rpc: Rpc) -> None:
    assert rpc.call("send", to="Jane", text="x")["error"]["code"] == -32602


def test_a_file_alone_is_verified_from_0_15_10_on(db: Path, tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(b"png")
    for version, known in (("0.15.9", False), ("0.15.10", True)):
        with Rpc(db, "--imsg-version", version) as rpc:
            assert ("id" in rpc.call("send", chat_id=DIRECT, file=str(file))["result"]) is known


def test_the_bridge_takes_what_it_can_when_it_is_ready(bridged: Rpc) -> None:
    result = bridged.call("send", chat_id=DIRECT, text="x", reply_to="ROOT")["result"]
    assert (result["transport"], "id" in result) == ("bridge", False)
    assert newest(bridged, DIRECT)["thread_originator_guid"] == "ROOT"
    assert bridged.call("send", chat_id=DIRECT, text="x", transport="applescript")["result"]["transport"] == (
        "applescript"
    )
    new = bridged.call("send", to="+15550001111", text="x")["result"]
    assert new["transport"] == "applescript"
    for params in ({"to": "+15550002222", "text": "x"}, {"chat_id": DIRECT, "text": "x", "file": "/f"}):
        assert bridged.call("send", transport="bridge", **params)["error"]["code"] == -32602
    for method in ("typing", "read"):
        assert bridged.call(method, chat_id=DIRECT)["result"] == {"ok": True}


@pytest.mark.parametrize("version", ["0.8.1", "0.9"])
def test_earlier_versions_have_a_bridge_too(db: Path, version: str) -> None:
    with Rpc(db, "--imsg-version", version, "--bridge", "true") as rpc:
        result = rpc.call("send", chat_id=DIRECT, text="x", transport="Bridge")["result"]
        assert result == {"ok": True, "transport": "bridge", "guid": newest(rpc, DIRECT)["guid"]}


def test_methods_tell_what_the_bridge_makes_usable(rpc: Rpc) -> None:
    standing = rpc.call("initialize", protocol_version=1)["result"]
    assert set(standing["supported_methods"]) - set(standing["methods"]) == {
        "send.tracked", "message.send_status", "typing", "read", "tapback",
    }  # fmt: skip
    assert standing["bridge"]["ready"] is False
    tracked = rpc.call("send.tracked", chat_id=DIRECT, text="x", attempt_id=ATTEMPT)["error"]
    assert tracked["data"]["disposition"] == "not_started"
    asked = rpc.call("message.send_status", guid=ATTEMPT)["error"]
    assert (asked["code"], asked["message"], asked["data"]["retryable"]) == (-32003, "Bridge unavailable", True)
    assert rpc.call("typing", chat_id=DIRECT)["error"]["data"]["retry_safe"] is True


def test_a_tracked_send_is_at_most_once_across_a_kill(db: Path) -> None:
    with Rpc(db, *BRIDGE) as rpc:
        unknown = rpc.call("message.send_status", guid=ATTEMPT.lower())["result"]
        assert (unknown["send_state"], unknown["status_fields"], unknown["service"]) == ("pending", None, None)
        result = rpc.call("send.tracked", chat_id=TEAM, text="once", attempt_id=ATTEMPT)["result"]
        assert (result["attempt_id"], result["guid"], result["message_id"]) == (ATTEMPT.lower(),) * 3
        assert newest(rpc, TEAM)["guid"] == ATTEMPT.lower()
        rpc.process.kill()
        rpc.process.wait()
    with Rpc(db, *BRIDGE) as rpc:
        again = rpc.call("send.tracked", chat_id=TEAM, text="once", attempt_id=ATTEMPT.lower())["error"]
        assert (again["code"], again["data"]["disposition"]) == (-32603, "not_started")
        assert "attempt_id was already used" in again["data"]["detail"]
        known = rpc.call("message.send_status", guid=ATTEMPT.lower())["result"]
        assert (known["ok"], known["guid"], known["send_state"], known["service"]) == (
            True, ATTEMPT.lower(), "sent", "iMessage",
        )  # fmt: skip
        assert known["status_fields"]["is_sent"] is True


@pytest.mark.parametrize(
    ("column", "value", "state"),
    [("error", 22, "failed"), ("is_delivered", 1, "delivered"), ("date_delivered", 10**9, "delivered")],
)
def test_send_status_reads_the_row(bridged: Rpc, db: Path, column: str, value: int, state: str) -> None:
    bridged.call("send.tracked", chat_id=TEAM, text="x", attempt_id=ATTEMPT)
    writer = MessagesDb.open(db)
    writer.connection.execute(f"UPDATE message SET {column} = ? WHERE guid = ?", (value, ATTEMPT.lower()))
    writer.close()
    status = bridged.call("message.send_status", guid=ATTEMPT.lower())["result"]
    assert status["send_state"] == state
    assert ("delivered_at" in status) is (column == "date_delivered")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"attempt_id": "7", "chat_id": 1, "text": "x"}, "attempt_id must be a UUID"),
        ({"attempt_id": ATTEMPT, "chat_id": 1, "text": "x", "file": "f"}, "unknown send.tracked param: file"),
        ({"attempt_id": ATTEMPT, "chat_id": 1}, "text or file is required"),
        ({"attempt_id": ATTEMPT, "chat_id": 1, "text": "x", "transport": "applescript"},
         "send.tracked requires bridge transport"),
        ({"attempt_id": ATTEMPT, "to": "+15550001111", "text": "x"},
         "bridge transport requires an existing chat target"),
    ],
)  # fmt: skip
def test_a_tracked_send_is_checked(bridged: Rpc, params: dict[str, Any], told: str) -> None:
    error = bridged.call("send.tracked", **params)["error"]
    assert (error["code"], error["data"]) == (-32602, told)


def test_the_command_line_sends_and_complains_on_stderr(db: Path) -> None:
    words = ("--db", str(db), *NEW)
    assert imsg("send", *words, "--chat-id", str(TEAM), "--text", "x").stdout == "sent\n"
    failed = imsg("send", *words, "--chat-guid", "iMessage;+;chat0", "--text", "x")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Messages automation failed with AppleScript error -1728.\n"
    assert ANNA in imsg("chats", *words).stdout
