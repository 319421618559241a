"""``status`` and ``inspect``, with a gateway and without."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

import pytest

from actors.control import client
from actors.control.lock import InstanceLock
from actors.runtime.pulse import Pulses
from config import Places
from tests.control.builders import JournalOnDisk, account, gateway, pulse
from tests.control.conftest import Gateway, Serve


def test_a_running_gateway_is_reported_with_0(cli: Gateway, serve: Serve, journal: JournalOnDisk) -> None:
    journal.row(1, "held")
    journal.row(2, None)
    serve(gateway())
    said = cli("status", "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["state"], said.json["held"]) == ("ok", 1)
    assert said.json["accounts"][0]["cursor"] == 77
    assert said.json["oldestUnansweredAt"] == "2023-11-14T22:13:20.000Z"


def test_people_read_the_same_as_text(cli: Gateway, serve: Serve) -> None:
    serve(gateway(account("work", "down")))
    said = cli("status")
    assert said.code == 0
    for word in ("gateway 0.1.0, pid", "down", "reason: down reason", "remedy: do", "work", "outbox:", "held:"):
        assert word in said.out


def test_a_running_gateway_with_trouble_still_ends_with_0(cli: Gateway, serve: Serve) -> None:
    serve(gateway(account(state="down")))
    assert cli("status", "--json").code == 0


def test_without_a_gateway_status_ends_with_3_and_tells_what_is_on_disk(cli: Gateway, journal: JournalOnDisk) -> None:
    journal.row(1, None)
    journal.chunk(1, "queued")
    said = cli("status", "--json")
    assert said.code == 3
    assert (said.json["state"], said.json["pid"], said.json["reason"]) == ("down", None, "the gateway is not running")
    assert said.json["outbox"] == {"queued": 1}


def test_without_a_gateway_people_learn_how_to_start_it_and_where_was_looked(cli: Gateway, places: Places) -> None:
    said = cli("status")
    assert said.code == 3
    assert "gateway run" in said.out
    assert str(places.state) in said.out
    assert not places.state.exists()


def test_a_gateway_without_a_control_socket_runs_all_the_same(
    cli: Gateway, places: Places, journal: JournalOnDisk
) -> None:
    journal.chunk(1, "queued")
    with InstanceLock(places.lock):
        said = cli("status", "--json")
        shown = cli("status")
        looked = cli("inspect", "-c", "actors")
    assert (said.code, said.err, shown.code) == (0, "", 0)
    assert (said.json["state"], said.json["pid"], said.json["startedAt"]) == ("down", os.getpid(), None)
    assert said.json["reason"] == (
        f"a gateway runs (pid {os.getpid()}) but does not answer on its control socket: it is starting, or waits for "
        "its state folder or journal"
    )
    assert said.json["remedy"] == "see `gateway logs`"
    assert said.json["outbox"] == {"queued": 1}
    assert "does not answer on its control socket" in shown.out
    assert "gateway run\n" not in shown.out
    assert (looked.code, "see `gateway logs`" in looked.err) == (1, True)
    assert cli("status", "--json").code == 3


@pytest.mark.parametrize("running", [False, True])
def test_a_damaged_journal_is_named_with_what_helps(cli: Gateway, places: Places, running: bool) -> None:
    places.gateway.mkdir(parents=True)
    places.journal.write_bytes(b"no journal at all, " * 1000)
    with contextlib.ExitStack() as held:
        if running:
            held.enter_context(InstanceLock(places.lock))
        said, shown = cli("status", "--json"), cli("status")
    assert said.code == shown.code == (0 if running else 3)
    assert said.json["state"] == "down"
    assert said.json["reason"].startswith(f"the journal {places.journal} is damaged (file is not a database); ")
    waits = f"a gateway runs (pid {os.getpid()}) and waits for it"
    assert said.json["reason"].endswith(waits if running else "the gateway is not running")
    assert said.json["remedy"] == "Move it away; the gateway starts a new one."
    assert "is damaged" in shown.out
    assert "messages: unknown\noutbox:   unknown\nheld:     unknown\n" in shown.out


def test_a_gateway_that_is_suspended_is_named_with_what_helps(
    cli: Gateway, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.request, "__defaults__", (0.05,))
    places.gateway.mkdir(parents=True)
    with InstanceLock(places.lock), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(places.socket))
        listener.listen()
        said = cli("status")
    assert (said.code, said.out) == (1, "")
    for words in (f"pid {os.getpid()}", "did not answer within 0.05 s", f"kill -CONT {os.getpid()}", "gateway run"):
        assert words in said.err


def test_a_gateway_that_hangs_up_is_an_error(cli: Gateway, places: Places, serve: Serve) -> None:
    running = serve(gateway())
    idle = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(16)]
    for raw in idle:
        raw.connect(str(places.socket))
    said = cli("status", "--json")
    assert (said.code, said.out) == (1, "")
    assert "gateway: " in said.err
    for raw in idle:
        raw.close()
    running.stop()


def test_inspect_shows_actors_and_one_of_them(cli: Gateway, serve: Serve) -> None:
    pulses = Pulses()
    pulses.add(pulse("journal", handled=7))
    pulses.add(pulse("chunker"))
    serve(gateway(pulses=pulses))
    said = cli("inspect", "-c", "actors", "--json")
    assert [one["name"] for one in said.json["actors"]] == ["journal", "chunker"]
    assert cli("inspect", "-c", "actor journal", "--json").json["handled"] == 7
    assert "chunker" in cli("inspect", "-c", "actors").out


def test_an_actor_that_is_not_there_is_an_error_that_names_the_others(cli: Gateway, serve: Serve) -> None:
    pulses = Pulses()
    pulses.add(pulse("journal"))
    serve(gateway(pulses=pulses))
    said = cli("inspect", "-c", "actor jurnal", "--json")
    assert (said.code, said.out) == (1, "")
    assert "There are: journal" in said.err


@pytest.mark.parametrize("command", ["", "files", "actor", "actor a b", "actors now"])
def test_an_unknown_command_lists_the_known_ones(cli: Gateway, command: str) -> None:
    said = cli("inspect", "-c", command)
    assert said.code == 2
    assert "Known: actors:" in said.err
    assert "actor NAME" in said.err


def test_inspect_without_a_gateway_ends_with_3(cli: Gateway) -> None:
    said = cli("inspect", "-c", "actors", "--json")
    assert (said.code, said.out) == (3, "")
    assert "gateway run" in said.err


def test_a_real_process_asks_as_well(serve: Serve) -> None:
    serve(gateway())
    words = [sys.executable, "-m", "actors.control.cli.main", "status", "--json"]
    done = subprocess.run(words, capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b'{"version": "0.1.0"')
