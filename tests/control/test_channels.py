"""``channels list|status``, with a gateway that probes inside, and from this terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.control import operations
from actors.control.lock import InstanceLock
from actors.control.view import AccountView
from actors.journal.ledger import Ledger
from actors.outbound.report import AUTOMATION
from actors.rpc.capabilities import from_initialize
from actors.rpc.health import LinkHealth, Problem
from config import Places
from tests.control.builders import JournalOnDisk, Told, account, gateway
from tests.control.conftest import Gateway, Serve
from tests.support.scripts import python_script

KEYS = {
    "id",
    "name",
    "enabled",
    "state",
    "problem",
    "imsg",
    "probe",
    "cursor",
    "lastInboundAt",
    "lastSentAt",
    "lastError",
}
HEALTHY = """
import json, sys
if sys.argv[1:] == ["--version"]:
    print("0.9.0"); sys.exit()
for line in sys.stdin:
    asked = json.loads(line)
    known = asked["method"] == "chats.list"
    said = {"result": {"chats": []}} if known else {"error": {"code": -32601, "message": "Method not found"}}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}), flush=True)
"""


def configure(places: Places, channel: str) -> None:
    """Write a config with this channel block."""
    places.state.mkdir(parents=True, exist_ok=True)
    places.config.write_text(f"{{channels: {{imessage: {{{channel}}}}}}}")


@pytest.fixture
def healthy(tmp_path: Path) -> str:
    """A program that answers like an imsg."""
    return python_script(tmp_path / "imsg", HEALTHY)


def test_accounts_are_listed_from_the_config(cli: Gateway, places: Places) -> None:
    configure(places, 'cliPath: "/opt/imsg", remoteHost: "bot@mac", dbPath: "/db", accounts: {off: {enabled: false}}')
    said = cli("channels", "list", "--json")
    default, off = said.json["accounts"]
    assert default == {
        "id": "default",
        "name": None,
        "enabled": True,
        "configured": True,
        "cliPath": "/opt/imsg",
        "dbPath": "/db",
        "remoteHost": "bot@mac",
        "unavailable": None,
    }
    assert (off["id"], off["enabled"]) == ("off", False)
    shown = cli("channels", "list")
    assert "bot@mac" in shown.out
    assert "gateway channels status --probe" in shown.out


def test_without_accounts_the_file_is_named(cli: Gateway, places: Places) -> None:
    places.state.mkdir(parents=True)
    places.config.write_text("{}")
    assert str(places.config) in cli("channels", "list").out


def test_a_config_that_is_not_valid_ends_with_78(cli: Gateway, places: Places) -> None:
    configure(places, "cliPth: 1")
    for words in (("list",), ("status",), ("status", "--probe")):
        said = cli("channels", *words)
        assert (said.code, said.out) == (78, "")
        assert "gateway config validate" in said.err


def test_a_running_gateway_tells_what_it_saw_last(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    serve(gateway(told=told))
    said = cli("channels", "status", "--json")
    assert (said.code, said.err, told.probed) == (0, "", [])
    assert said.json.keys() == {"ts", "accounts"}
    [one] = said.json["accounts"]
    assert one.keys() == KEYS
    assert (one["state"], one["problem"], one["probe"], one["cursor"]) == ("ok", None, None, 77)
    assert one["imsg"] == {"path": "imsg", "version": None, "generation": None, "methods": None}


def test_a_probe_is_made_inside_the_gateway(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    health = LinkHealth(Problem("starting", "starting"))
    told = Told()

    def probed(done: object) -> None:
        health.reading = None
        health.capabilities = from_initialize({"version": "0.15.9", "methods": ["send", "chats.list"]})
        assert callable(done)
        threading.Thread(target=done).start()

    told.on_probe = probed
    serve(gateway(AccountView("work", "Work", True, 1, "imsg", health), told=told))
    said = cli("channels", "status", "--probe", "--json")
    assert (said.code, told.probed) == (0, ["work"])
    [one] = said.json["accounts"]
    assert (one["probe"]["ok"], one["probe"]["where"]) == (True, "gateway")
    assert one["imsg"] == {
        "path": "imsg",
        "version": "0.15.9",
        "generation": "0.14+",
        "methods": ["chats.list", "send"],
    }


def test_a_probe_without_an_end_is_a_hanging_link(
    cli: Gateway, serve: Serve, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "GRACE_SECONDS", 0.05)
    told = Told()
    told.on_probe = lambda _: None
    serve(gateway(AccountView("work", None, True, 1, "imsg", LinkHealth(None), patience=0.05), told=told))
    said = cli("channels", "status", "--probe", "--json")
    [one] = said.json["accounts"]
    assert (said.code, one["state"], one["problem"]["code"], one["probe"]["ok"]) == (1, "down", "hanging", False)
    told.alive = False
    assert "does not run just now" in cli("channels", "status", "--probe").out


def test_a_send_without_an_end_is_a_hanging_link_where_nothing_else_is_answered(
    cli: Gateway, serve: Serve, journal: JournalOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "GRACE_SECONDS", 0.05)
    told, health = Told(), LinkHealth(None, busy=1)
    serve(gateway(AccountView("work", None, True, 1, "imsg", health, patience=0.05), told=told))
    said = cli("channels", "status", "--probe", "--json")
    [one] = said.json["accounts"]
    assert (said.code, one["state"], one["problem"]["code"], one["probe"]["ok"]) == (1, "down", "hanging", False)
    assert "whether Messages may be controlled" in one["problem"]["remedy"]
    health.capabilities = from_initialize({"version": "0.15.9", "methods": ["send", "chats.list"]})
    assert cli("channels", "status", "--probe").code == 0, "reads have a lane of their own"


def test_a_probe_waits_for_the_send_before_it(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told, health, ledger = Told(), LinkHealth(None, busy=1), Ledger()

    def probed(done: Callable[[], None]) -> None:
        if len(told.probed) == 1:
            threading.Timer(0.1, setattr, (health, "busy", 0)).start()
        done()

    told.on_probe = probed
    serve(gateway(AccountView("work", None, True, 1, "imsg", health), ledger=ledger, told=told))
    assert (cli("channels", "status", "--probe").code, told.probed) == (0, ["work", "work"])
    health.busy = 1

    def sending(done: Callable[[], None]) -> None:
        ledger.last_sent["work"] = 2.0
        done()

    told.on_probe = sending
    assert cli("channels", "status", "--probe").code == 0, "it sends one after the other"


def test_each_account_says_what_is_wrong_and_what_helps(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    told = Told()
    health = LinkHealth(None, Problem("no-automation", "sends fail: not authorized", AUTOMATION), last_error="a hiccup")
    off = account("off", "down", enabled=False)
    serve(gateway(account("a"), AccountView("b", "B\x1b", True, 2, "imsg", health), off, told=told))
    said = cli("channels", "status", "--probe")
    assert (said.code, sorted(told.probed)) == (1, ["a", "b"])
    for words in (
        "probed inside the running gateway",
        "imessage a: ok",
        "imessage b (B\\x1b): degraded (no-automation)",
        "works",
        f"remedy: {AUTOMATION}",
        "last error: a hiccup",
        "imessage off: disabled",
    ):
        assert words in said.out


def test_an_account_that_should_run_and_cannot_is_not_well(cli: Gateway, serve: Serve) -> None:
    serve(gateway(account(), account("b", "down", enabled=False, unavailable=True)))
    assert cli("channels", "status").code == 1


def test_an_unknown_account_is_not_probed(serve: Serve, places: Places) -> None:
    from actors.control.client import ControlError, request

    serve(gateway(account("off", "down", enabled=False)))
    for name in ("off", "nobody"):
        with pytest.raises(ControlError, match="gateway channels list"):
            request(places, {"do": "probe", "account": name})


def test_without_a_gateway_the_config_is_told_and_the_code_is_3(
    cli: Gateway, places: Places, journal: JournalOnDisk
) -> None:
    configure(places, 'cliPath: "/opt/imsg", dbPath: "db", accounts: {off: {enabled: false}}')
    journal.row(1, "replied")
    said = cli("channels", "status", "--json")
    assert (said.code, said.err) == (3, "")
    default, off = said.json["accounts"]
    assert default.keys() == KEYS
    assert (default["state"], default["problem"]["code"], default["probe"]) == ("down", "not-running", None)
    assert (off["state"], off["problem"]["code"]) == ("disabled", "off")
    assert default["lastInboundAt"] == "2023-11-14T22:13:20.000Z"
    shown = cli("channels", "status")
    assert (shown.code, "gateway run" in shown.out) == (3, True)
    assert "channels status --probe asks from this terminal" in shown.out


def test_without_a_gateway_a_probe_asks_from_here_and_says_so(
    cli: Gateway, places: Places, journal: JournalOnDisk, healthy: str
) -> None:
    configure(places, f'cliPath: "{healthy}"')
    journal.run("UPDATE source SET identity = ?", (f"cli:{healthy}",))
    said = cli("channels", "status", "--probe", "--json")
    assert (said.code, said.err) == (0, "")
    [one] = said.json["accounts"]
    assert (one["state"], one["problem"], one["cursor"]) == ("ok", None, 77)
    assert (one["probe"]["ok"], one["probe"]["where"]) == (True, "this terminal")
    assert one["imsg"]["version"] == "0.9.0"
    shown = cli("channels", "status", "--probe")
    assert "not from the service" in shown.out
    assert "works" in shown.out
    assert "whether it may send (Automation) is known after the first send" in shown.out
    journal.chunk(1, "sent", at=5.0)
    assert "whether it may send" not in cli("channels", "status", "--probe").out


def test_what_is_wrong_from_here_ends_with_1(cli: Gateway, places: Places) -> None:
    configure(places, 'cliPath: "/nowhere/imsg"')
    said = cli("channels", "status", "--probe", "--json")
    [one] = said.json["accounts"]
    assert (said.code, one["state"], one["problem"]["code"], one["probe"]["ok"]) == (1, "down", "not-installed", False)


def test_missing_automation_is_known_from_the_last_send(
    cli: Gateway, places: Places, journal: JournalOnDisk, healthy: str
) -> None:
    configure(places, f'cliPath: "{healthy}"')
    journal.chunk(1, "sent", at=5.0)
    journal.chunk(2, "deferred", at=9.0, why="imsg error -32603: Not authorized to send Apple events to Messages.")
    said = cli("channels", "status", "--probe", "--json")
    [one] = said.json["accounts"]
    assert (said.code, one["state"], one["problem"]["code"]) == (1, "degraded", "no-automation")
    assert one["probe"]["ok"]
    journal.chunk(3, "sent", at=10.0)
    assert cli("channels", "status", "--probe", "--json").json["accounts"][0]["problem"] is None


def test_a_gateway_that_does_not_answer_is_not_one_that_is_not_running(
    cli: Gateway, places: Places, healthy: str
) -> None:
    configure(places, f'cliPath: "{healthy}"')
    places.gateway.mkdir(parents=True)
    with InstanceLock(places.lock):
        said = cli("channels", "status", "--json")
        probed = cli("channels", "status", "--probe")
    assert said.code == 1
    assert "does not answer on its control socket" in said.json["accounts"][0]["problem"]["reason"]
    assert probed.code == 0
    assert "does not answer on its control socket" in probed.out


def test_without_an_enabled_account_that_is_said(cli: Gateway, serve: Serve) -> None:
    serve(gateway(account("off", "down", enabled=False)))
    said = cli("channels", "status")
    assert said.code == 0
    assert "no account is enabled" in said.err
