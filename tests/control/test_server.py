"""The control socket: what it answers, who it lets in, and clients that mean harm."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.control import client, server
from actors.control.client import ControlError, NotRunningError, request
from actors.control.peer import UnknownPeerError
from actors.control.place import PlaceError
from actors.control.requests import LONGEST
from actors.control.server import MOST, TAKEN, ControlServer
from actors.runtime.pulse import Pulses
from config import Places
from tests.control.builders import eventually, gateway, pulse
from tests.control.conftest import Serve


@contextmanager
def connected(places: Places) -> Iterator[socket.socket]:
    """A raw connection to the server."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(5.0)
        raw.connect(str(places.socket))
        yield raw


def left(raw: socket.socket) -> bool:
    """Whether the other end hung up without a word."""
    try:
        return raw.recv(1) == b""
    except ConnectionResetError:
        return True


def test_each_request_gets_its_answer(places: Places, serve: Serve) -> None:
    pulses = Pulses()
    pulses.add(pulse("journal"))
    serve(gateway(pulses=pulses))
    assert request(places, {"do": "ping"}) == {
        "pid": os.getpid(),
        "version": "0.1.0",
        "startedAt": "2023-11-14T22:13:20.000Z",
    }
    assert request(places, {"do": "status"})["state"] == "ok"
    assert request(places, {"do": "inspect", "command": "actors"})["actors"][0]["name"] == "journal"
    assert request(places, {"do": "inspect", "command": "actor journal"})["name"] == "journal"


def test_a_poke_calls_the_action_of_that_name(places: Places, serve: Serve) -> None:
    poked = threading.Event()
    serve(gateway(poke={"pairing-changed": poked.set}))
    assert request(places, {"do": "poke", "name": "pairing-changed"}) == {"poked": "pairing-changed"}
    assert poked.is_set()
    with pytest.raises(ControlError, match="unknown action 'other'; known: pairing-changed"):
        request(places, {"do": "poke", "name": "other"})


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"garbage", "not a JSON"),
        (b"\xff\xfe", "not a JSON"),
        (b"[" * 60_000, "not a JSON"),
        (b"[" * 100_000, f"at most {LONGEST} bytes"),
        (b"x" * (8 * LONGEST), f"at most {LONGEST} bytes"),
        (b"", "not a JSON"),
        (b"[1]", "JSON object"),
        (b'{"do": "eval", "code": "1"}', "known: status, inspect, poke, ping, channels"),
        (b'{"do": "inspect", "command": 3}', "unknown request"),
        (b'{"do": "order", "what": "resend", "keys": [1]}', "known: sent, failed, retry, discard"),
        (b'{"do": "order", "what": "retry", "keys": 1}', "whole numbers"),
        (b'{"do": "order", "what": "retry", "keys": [true]}', "whole numbers"),
        (b'{"do": "release", "seqs": [0]}', "whole numbers"),
        (b'{"do": "discard-held", "seqs": [9223372036854775808]}', "whole numbers"),
        (b'{"do": "probe", "account": "nobody"}', "no account 'nobody'"),
        (b'{"do": "inspect", "command": "files"}', "Known: actors"),
        (b'{"do": "inspect", "command": "actor nobody"}', "no actor 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(places: Places, serve: Serve, line: bytes, word: str) -> None:
    serve(gateway())
    with connected(places) as raw:
        raw.sendall(line + b"\n")
        assert word in json.loads(raw.makefile("rb").readline())["error"]


def test_folder_and_socket_are_private(places: Places, serve: Serve) -> None:
    places.gateway.mkdir(mode=0o755, parents=True)
    places.gateway.chmod(0o755)
    serve(gateway())
    assert stat.S_IMODE(places.gateway.stat().st_mode) == 0o700
    assert stat.S_IMODE(places.socket.stat().st_mode) == 0o600


def test_another_user_is_turned_away(places: Places, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(gateway())
    monkeypatch.setattr(server, "peer_uid", lambda _: os.geteuid() + 1)
    with connected(places) as raw:
        assert left(raw)


def test_one_the_system_cannot_name_is_turned_away(
    places: Places, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: socket.socket) -> int:
        raise UnknownPeerError("no")

    serve(gateway())
    monkeypatch.setattr(server, "peer_uid", unknown)
    with connected(places) as raw:
        assert left(raw)


def test_a_gateway_of_somebody_else_is_not_believed(
    places: Places, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(gateway())
    monkeypatch.setattr(client, "peer_uid", lambda _: 12_345)
    monkeypatch.setattr("actors.control.client.os.geteuid", lambda: 1000)
    with pytest.raises(ControlError, match="somebody else listens"):
        request(places, {"do": "ping"})


def test_one_who_never_ends_a_request_is_dropped(places: Places, serve: Serve) -> None:
    serve(gateway())
    with connected(places) as raw, pytest.raises((BrokenPipeError, ConnectionResetError)):
        raw.sendall(b"x" * (4 * TAKEN))
    assert request(places, {"do": "ping"})


def test_one_who_never_asks_is_dropped_in_time(places: Places, serve: Serve) -> None:
    serve(gateway(), patience=0.2)
    with connected(places) as raw:
        raw.sendall(b'{"do": ')
        assert left(raw)


def test_one_who_drips_is_dropped_in_time(places: Places, serve: Serve) -> None:
    serve(gateway(), patience=0.3)

    def gone() -> bool:
        try:
            raw.sendall(b" ")
        except OSError:
            return True
        return False

    with connected(places) as raw:
        eventually(gone)


def test_one_who_never_reads_is_dropped_and_others_are_served(places: Places, serve: Serve) -> None:
    pulses = Pulses()
    for number in range(20_000):
        pulses.add(pulse(f"conversation:{number}"))
    running = serve(gateway(pulses=pulses), patience=0.5)
    with connected(places) as raw:
        raw.sendall(b'{"do": "inspect", "command": "actors"}\n')
        assert request(places, {"do": "ping"})
        eventually(lambda: not running.clients())


def test_one_who_leaves_in_the_middle_hurts_nobody(places: Places, serve: Serve) -> None:
    running = serve(gateway())
    for _ in range(50):
        with connected(places) as raw:
            raw.sendall(b'{"do": "status"}\n')
    eventually(lambda: not running.clients())
    assert request(places, {"do": "ping"})


def test_beyond_the_most_clients_are_turned_away_until_there_is_room(places: Places, serve: Serve) -> None:
    running = serve(gateway())
    idle = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(MOST)]
    try:
        for raw in idle:
            raw.connect(str(places.socket))
        eventually(lambda: running.clients() == MOST)
        with pytest.raises(ControlError, match=r"broke off|hung up"):
            request(places, {"do": "ping"})
    finally:
        for raw in idle:
            raw.close()
    eventually(lambda: not running.clients())
    assert request(places, {"do": "ping"})


def test_an_answer_that_fails_costs_only_its_client(places: Places, serve: Serve) -> None:
    def broken() -> None:
        raise RuntimeError("broken action")

    serve(gateway(poke={"bad": broken}))
    with pytest.raises(ControlError, match="hung up"):
        request(places, {"do": "poke", "name": "bad"})
    assert request(places, {"do": "ping"})


def test_a_stale_socket_is_replaced(places: Places, serve: Serve) -> None:
    places.gateway.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(places.socket))
    with pytest.raises(NotRunningError):
        request(places, {"do": "ping"})
    serve(gateway())
    assert request(places, {"do": "ping"})


def test_a_file_in_the_way_is_not_removed(places: Places) -> None:
    places.gateway.mkdir(parents=True)
    places.socket.write_text("mine")
    with pytest.raises(PlaceError, match="is no socket: move it away"):
        ControlServer(gateway(), places.socket).start()
    assert places.socket.read_text() == "mine"


def test_after_the_stop_nobody_listens_and_nothing_is_left(places: Places, serve: Serve) -> None:
    running = serve(gateway())
    with connected(places) as raw:
        eventually(running.clients)
        running.stop()
        assert left(raw)
    assert list(places.gateway.iterdir()) == []
    with pytest.raises(NotRunningError, match="gateway run"):
        request(places, {"do": "ping"})
    running.stop()


def test_a_long_path_moves_the_socket_and_is_written_down(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = home / "rt"
    environment = {"HOME": str(home), "OPENCLAW_STATE_DIR": str(home / ("deep" * 25)), "XDG_RUNTIME_DIR": str(runtime)}
    far = Places.from_env(environment)
    assert far.socket.is_relative_to(runtime)
    running = serve(gateway(places=far))
    assert stat.S_IMODE(far.socket.parent.stat().st_mode) == 0o700
    assert far.control_path.read_text().strip() == str(far.socket)
    elsewhere = Places.from_env({**environment, "XDG_RUNTIME_DIR": str(home / "other")})
    assert request(elsewhere, {"do": "ping"})
    running.stop()
    assert not far.control_path.exists()


def test_a_path_no_socket_can_have_is_refused_with_a_remedy(home: Path) -> None:
    with pytest.raises(PlaceError, match="longer than 100 bytes: set XDG_RUNTIME_DIR"):
        ControlServer(gateway(), home / ("x" * 120)).start()


def test_a_folder_of_somebody_else_is_not_used(home: Path, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = home / "shared"
    shared.mkdir()
    monkeypatch.setattr("actors.control.place.os.geteuid", lambda: shared.stat().st_uid + 1)
    with pytest.raises(PlaceError, match="must belong to this user"):
        ControlServer(gateway(), shared / "control.sock").start()


def test_a_gateway_that_does_not_answer_is_given_up(places: Places) -> None:
    places.gateway.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(places.socket))
        deaf.listen(1)
        with pytest.raises(ControlError, match=r"did not answer within 0.1 s"):
            request(places, {"do": "ping"}, timeout=0.1)


@pytest.mark.parametrize(("reply", "word"), [(b"what\n", "not JSON"), (b"", "hung up"), (b"[]\n", "another kind")])
def test_an_answer_that_is_none_is_told_as_such(places: Places, reply: bytes, word: str) -> None:
    places.gateway.mkdir(parents=True)

    def answer() -> None:
        connection, _ = odd.accept()
        with connection:
            connection.makefile("rb").readline()
            connection.sendall(reply)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as odd:
        odd.bind(str(places.socket))
        odd.listen(1)
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ControlError, match=word):
            request(places, {"do": "ping"})
        thread.join()
