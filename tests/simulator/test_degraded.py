"""Without a readable database: for good up to 0.13, until it is there from 0.14 on (imsg protocol 3, 12.4)."""

import json
from pathlib import Path

import pytest

from actors.simulator.behaviour import Behaviour
from actors.simulator.faults import Faults
from actors.simulator.frames import RpcError
from actors.simulator.generations import generation
from actors.simulator.messages_db import MessagesDb
from actors.simulator.methods import Methods
from actors.simulator.writer import LineWriter
from tests.simulator.harness import ANNA, DIRECT, Rpc, furnish, imsg

NEW = ("--imsg-version", "0.15")
GUID = f"iMessage;-;{ANNA}"


def unavailable(answer: dict[str, object]) -> dict[str, object]:
    """The data of a -32002."""
    error = answer["error"]
    assert isinstance(error, dict)
    assert (error["code"], error["message"]) == (-32002, "Database unavailable")
    data = error["data"]
    assert isinstance(data, dict)
    return data


def test_a_start_without_a_database_recovers_in_the_same_process(tmp_path: Path) -> None:
    path = tmp_path / "later" / "chat.db"
    with Rpc(path, *NEW) as rpc:
        standing = rpc.call("initialize")["result"]
        assert (standing["database"]["path"], standing["database"]["ready"]) == (str(path), False)
        assert standing["database"]["error"] == "unable to open database file (code: 14)"
        assert set(standing["methods"]) == {"initialize", "status", "send", "watch.unsubscribe"}
        for method, params in (
            ("chats.list", {}),
            ("watch.subscribe", {"since_rowid": 5}),
            ("messages.after", {"since_rowid": 0}),
            ("send", {"chat_id": DIRECT, "text": "x"}),
        ):
            assert unavailable(rpc.call(method, **params)) == {
                "path": str(path), "detail": "unable to open database file (code: 14)", "retryable": True,
            }  # fmt: skip
        lost = rpc.call("send", to=ANNA, text="x")["error"]["data"]
        assert (lost["disposition"], "-600" in lost["detail"]) == ("not_started", True)
        path.parent.mkdir()
        furnish(path)
        assert len(rpc.call("chats.list")["result"]["chats"]) == 3
        assert rpc.call("status")["result"]["database"]["ready"] is True
        assert rpc.call("watch.subscribe", since_rowid=5)["result"]["subscription"] == 1
        assert rpc.end() == 0


def test_it_ends_with_0_even_when_it_never_had_a_database(tmp_path: Path) -> None:
    with Rpc(tmp_path, *NEW) as rpc:
        assert unavailable(rpc.call("chats.list"))["path"] == str(tmp_path)
        assert rpc.end() == 0


def test_a_lost_permission_costs_reading_and_comes_back(tmp_path: Path) -> None:
    path, faults = tmp_path / "chat.db", tmp_path / "faults.json"
    furnish(path)
    faults.write_text('{"access": false}')
    with Rpc(path, *NEW, "--faults", str(faults)) as rpc:
        assert unavailable(rpc.call("chats.list"))["detail"] == "authorization denied (code: 23)"
        assert rpc.call("send", chat_guid=GUID, text="blind")["result"] == {"ok": True, "transport": "applescript"}
        unavailable(rpc.call("send", chat_id=DIRECT, text="x"))
        faults.unlink()
        newest = rpc.call("messages.history", chat_id=DIRECT, limit=1)["result"]["messages"][0]
        assert newest["text"] == "blind"


def test_a_watch_ends_when_the_permission_goes(tmp_path: Path) -> None:
    path, faults = tmp_path / "chat.db", tmp_path / "faults.json"
    furnish(path)
    with Rpc(path, *NEW, "--faults", str(faults), "--fallback-ms", "10") as rpc:
        rpc.call("watch.subscribe")
        faults.write_text(json.dumps({"access": False}))
        assert rpc.line()["params"] == {
            "subscription": 1, "error": {"message": "authorization denied (code: 23)"},
        }  # fmt: skip


def test_a_replaced_database_serves_requests_while_a_watch_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    furnish(path)
    with Rpc(path, *NEW) as rpc:
        rpc.call("watch.subscribe", debounce_ms=0)
        old = MessagesDb.open(path)
        # The first message proves that the watch has the database open.
        old.incoming(DIRECT, ANNA, "before")
        rpc.message()
        for name in ("chat.db", "chat.db-wal", "chat.db-shm"):
            (tmp_path / name).rename(tmp_path / f"old-{name}")
        unavailable(rpc.call("chats.list"))
        MessagesDb.open(path).close()
        assert rpc.call("chats.list")["result"] == {"chats": []}
        old.incoming(DIRECT, ANNA, "to the old one")
        old.close()
        assert rpc.message()["text"] == "to the old one"


@pytest.mark.parametrize(("version", "is_answered"), [("0.5", False), ("0.8.1", False), ("0.8.2", True), ("0.9", True)])
def test_up_to_0_13_it_is_for_good(tmp_path: Path, version: str, is_answered: bool) -> None:
    with Rpc(tmp_path, "--imsg-version", version) as rpc:
        if is_answered:
            assert "Full Disk Access" in rpc.call("chats.list")["error"]["data"]
        else:
            assert rpc.raw_line().startswith(b"unable to open database file (code: 14)")
        assert rpc.end() == 1


def test_a_subscription_caught_by_the_end_is_refused(tmp_path: Path) -> None:
    furnish(tmp_path / "chat.db")
    behaviour = Behaviour(generation=generation("0.15"))
    methods = Methods(tmp_path / "chat.db", behaviour, LineWriter(1), Faults.none())
    methods.subscriptions.close()
    with pytest.raises(RpcError, match="server is shutting down") as refusal:
        methods.table["watch.subscribe"]({})
    methods.connections.close()
    assert refusal.value.code == -32000


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("0.7.3", {"rpc_methods"}),
        ("0.9", {"rpc_methods", "version"}),
        ("0.15", {"rpc_methods", "version", "capabilities"}),
    ],
)
def test_the_status_verb_tells_what_its_version_tells(version: str, words: set[str]) -> None:
    told = json.loads(imsg("status", "--json", "--imsg-version", version).stdout)
    assert told.keys() & {"rpc_methods", "version", "capabilities"} == words
    assert "send" in told["rpc_methods"]
    assert ("send.tracked" in told["rpc_methods"]) is (version == "0.15")


def test_the_first_versions_have_no_status_verb() -> None:
    done = imsg("status", "--json", "--imsg-version", "0.6")
    assert (done.returncode, "unknown command 'status'" in done.stdout) == (1, True)
