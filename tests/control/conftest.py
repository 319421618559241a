"""The command line in this process, and a control server for a made-up gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from actors.control.cli.main import main
from actors.control.server import ControlServer
from actors.control.view import GatewayView
from config import Places
from tests.control.builders import JournalOnDisk, places_now


class Said(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)


Gateway = Callable[..., Said]
Serve = Callable[..., ControlServer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Gateway:
    """``cli("status", "--json")`` runs the command line in this process."""

    def run(*words: str) -> Said:
        code = main(words)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Said(code, captured.out, captured.err)

    return run


@pytest.fixture
def places() -> Places:
    """Where this test's files are."""
    return places_now()


@pytest.fixture
def journal(places: Places) -> JournalOnDisk:
    """An empty journal."""
    return JournalOnDisk(places)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(view)`` starts a control server at the place its view names; all are stopped after the test."""
    servers: list[ControlServer] = []

    def start(view: GatewayView, patience: float = 5.0) -> ControlServer:
        server = ControlServer(view, view.places.socket, patience)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
