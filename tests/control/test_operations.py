"""What a client may have done inside a running gateway, where that cannot be."""

from __future__ import annotations

import socket
import threading

import pytest

from actors.control.client import ControlError, request
from config import Places
from tests.control.builders import Told, account, gateway
from tests.control.conftest import Serve


def test_levers_that_nobody_holds_are_refused_in_words(places: Places, serve: Serve) -> None:
    told = Told()
    told.alive = False
    running = serve(gateway(told=told))
    with pytest.raises(ControlError, match="just being started again"):
        request(places, {"do": "release", "seqs": [1]})
    with pytest.raises(ControlError, match=str(places.journal)):
        request(places, {"do": "order", "what": "retry", "keys": [1]})
    running.stop()
    serve(gateway(account(enabled=False)))
    with pytest.raises(ControlError, match="the gateway is idle"):
        request(places, {"do": "discard-held", "seqs": [1]})


def test_a_probe_under_way_does_not_hold_up_the_end(places: Places, serve: Serve) -> None:
    told, asked = Told(), threading.Event()
    told.on_probe = lambda _: asked.set()
    running = serve(gateway(told=told))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.connect(str(places.socket))
        raw.sendall(b'{"do": "probe", "account": "default"}\n')
        assert asked.wait(5.0)
        running.stop()
        assert running.clients() == 0
