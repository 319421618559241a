"""Pictures and PDFs: shown to the model where it may see them, and left out where it does not take them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.agents.blocks import Coalesce
from actors.agents.briefing.briefing import Briefing
from actors.agents.model import messages as model_messages
from actors.agents.model.messages import NOT_SHOWN
from actors.envelopes.outbound import Turn
from actors.simulator.model_script import Refusal, files_of, say
from actors.simulator.model_server import ModelServer
from tests.agents.models import Agents, Turned
from tests.agents.turns import briefing, message, turn

PNG = b"\x89PNG\r\n\x1a\n picture"
Send = Callable[..., Turn]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


@pytest.fixture
def told(tmp_path: Path) -> Briefing:
    """A briefing whose account has its files in the test's folder."""
    return briefing(channel={"attachmentRoots": [str(tmp_path)], "mediaMaxMb": 1})


@pytest.fixture
def send(tmp_path: Path) -> Send:
    """``send("a.png")`` is a turn with that file, which is there."""

    def make(*names: str, mime: str = "", data: bytes = PNG) -> Turn:
        for name in names:
            (tmp_path / name).write_bytes(data)
        return turn(message(1, "look", attachments=[wire(tmp_path / name, mime) for name in names]))

    return make


def wire(path: Path, mime: str = "") -> dict[str, Any]:
    """An attachment as imsg writes it."""
    size = path.stat().st_size if path.is_file() else -1
    return {"original_path": str(path), "mime_type": mime, "transfer_name": path.name, "total_bytes": size}


def shown(server: ModelServer, number: int = -1) -> list[dict[str, Any]]:
    """The files in a request."""
    return files_of(server.requests[number].body)


def system(server: ModelServer, number: int = -1) -> str:
    """The instructions of a request."""
    return str(server.requests[number].body["messages"][0]["content"])


@pytest.mark.parametrize(
    ("name", "mime", "declared"),
    [
        ("a.png", "image/png", "image/png"),
        ("a.bin", "image/jpg", "image/jpeg"),
        ("a.JPG", "", "image/jpeg"),
        ("a.webp", "image/webp; x=1", "image/webp"),
    ],
)
def test_a_picture_is_shown(
    server: ModelServer, agent: Agents, told: Briefing, send: Send, name: str, mime: str, declared: str
) -> None:
    Turned(agent(server, told=told), send(name, mime=mime)).answer()
    (picture,) = shown(server)
    assert picture["image_url"]["url"] == f"data:{declared};base64,{base64.b64encode(PNG).decode()}"
    assert NOT_SHOWN not in system(server)


def test_a_pdf_is_shown(server: ModelServer, agent: Agents, told: Briefing, send: Send) -> None:
    Turned(agent(server, told=told), send("a.pdf", mime="application/pdf", data=b"%PDF-1.4")).answer()
    (file,) = shown(server)
    assert file["type"] == "file"
    assert file["file"]["file_data"].startswith("data:application/pdf;base64,")


@pytest.mark.parametrize("name", ["a.heic", "a.mov", "a.txt", "png"])
def test_what_models_do_not_look_at_is_named_alone(
    server: ModelServer, agent: Agents, told: Briefing, send: Send, name: str
) -> None:
    Turned(agent(server, told=told), send(name)).answer()
    assert shown(server) == []
    assert name in str(server.requests[0].body["messages"][-1]["content"])
    assert NOT_SHOWN in system(server)


def test_a_file_outside_the_roots_or_too_large_is_not_read(
    server: ModelServer, agent: Agents, told: Briefing, send: Send, tmp_path: Path
) -> None:
    Turned(agent(server, told=briefing(channel={"attachmentRoots": ["/nowhere"]})), send("a.png")).answer()
    assert shown(server) == []
    Turned(agent(server, told=told), send("b.png", data=b"x" * 1_100_000)).answer()
    assert shown(server) == []
    (tmp_path / "link.png").symlink_to("/etc/hostname")
    link = turn(message(1, "look", attachments=[wire(tmp_path / "link.png")]))
    Turned(agent(server, told=told), link).answer()
    assert shown(server) == []
    assert all(NOT_SHOWN in system(server, number) for number in range(3))


def test_files_of_an_account_on_another_mac_are_not_read(
    server: ModelServer, agent: Agents, send: Send, tmp_path: Path
) -> None:
    told = briefing(channel={"attachmentRoots": [str(tmp_path)], "remoteHost": "me@mac"})
    Turned(agent(server, told=told), send("a.png")).answer()
    assert shown(server) == []


def test_there_is_an_end_to_how_many_and_how_much(
    server: ModelServer, agent: Agents, told: Briefing, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_messages, "MOST_FILES", 3)
    Turned(agent(server, told=told), send(*[f"{number}.png" for number in range(5)])).answer()
    assert len(shown(server)) == 3
    monkeypatch.setattr(model_messages, "MOST_BYTES", 2 * len(PNG))
    Turned(agent(server, told=told), send(*[f"{number}.png" for number in range(5)])).answer()
    assert len(shown(server)) == 2
    assert NOT_SHOWN in system(server)


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
def test_a_model_that_refuses_files_is_asked_without_them(
    server: ModelServer, agent: Agents, told: Briefing, send: Send, status: int
) -> None:
    server.add(Refusal(status, "no images here"), say("I cannot see it."))
    assert Turned(agent(server, told=told), send("a.png")).answer().text == "I cannot see it."
    assert [len(shown(server, number)) for number in (0, 1)] == [1, 0]
    assert [NOT_SHOWN in system(server, number) for number in (0, 1)] == [False, True]


def test_a_model_that_breaks_at_files_is_asked_without_them_at_last(
    server: ModelServer, agent: Agents, told: Briefing, send: Send
) -> None:
    server.add(*[Refusal(500, "mmproj is missing")] * 3, say("I cannot see it."))
    assert Turned(agent(server, told=told), send("a.png")).answer().text == "I cannot see it."
    assert [len(shown(server, number)) for number in range(4)] == [1, 1, 1, 0]


def test_a_refusal_that_is_about_something_else_is_told(
    server: ModelServer, agent: Agents, told: Briefing, send: Send
) -> None:
    server.add(*[Refusal(400, "nonsense")] * 3)
    subject = agent(server, told=told, streams=Coalesce())
    assert "nonsense" in Turned(subject, send("a.png")).failure()
    found = [(bool(one.body.get("stream")), len(files_of(one.body))) for one in server.requests]
    assert found == [(True, 1), (False, 1), (False, 0)]


def test_what_came_in_meanwhile_may_have_a_picture(
    server: ModelServer, agent: Agents, told: Briefing, send: Send
) -> None:
    said = Turned(agent(server, told=told), steered=[send("a.png").messages]).answer()
    assert said.taken == (1,)
    assert [len(shown(server, number)) for number in (0, 1)] == [0, 1]
