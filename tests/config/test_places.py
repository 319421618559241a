"""Where files are, by environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import Places
from config.places import MAX_SOCKET_PATH


def test_the_usual_places() -> None:
    places = Places.from_env({"HOME": "/home/me"})
    assert places.config == Path("/home/me/.openclaw/openclaw.json")
    assert places.state == Path("/home/me/.openclaw")
    assert places.credentials == Path("/home/me/.openclaw/credentials")
    gateway = Path("/home/me/.openclaw/gateway")
    assert places.gateway == gateway
    assert places.journal == gateway / "journal.db"
    assert places.socket == gateway / "control.sock"
    assert places.control_path == gateway / "control.path"
    assert places.lock == gateway / "gateway.lock"
    assert places.log_file == gateway / "logs/gateway.jsonl"
    assert places.overlay == gateway / "gateway.json5"
    assert places.media == gateway / "media"


@pytest.mark.parametrize(
    ("env", "flag", "config", "state"),
    [
        ({"OPENCLAW_STATE_DIR": "/s"}, None, "/s/openclaw.json", "/s"),
        ({"OPENCLAW_STATE_DIR": "~/s"}, None, "/home/me/s/openclaw.json", "/home/me/s"),
        ({"OPENCLAW_CONFIG_PATH": "~/c.json5"}, None, "/home/me/c.json5", "/home/me/.openclaw"),
        ({"OPENCLAW_CONFIG_PATH": "/c", "OPENCLAW_STATE_DIR": "/s"}, None, "/c", "/s"),
        ({"OPENCLAW_CONFIG_PATH": "/c", "OPENCLAW_STATE_DIR": "/s"}, "/f", "/f", "/s"),
        (
            {"OPENCLAW_CONFIG_PATH": " ", "OPENCLAW_STATE_DIR": ""},
            None,
            "/home/me/.openclaw/openclaw.json",
            "/home/me/.openclaw",
        ),
        ({"OPENCLAW_HOME": "/other"}, None, "/other/.openclaw/openclaw.json", "/other/.openclaw"),
        ({"OPENCLAW_HOME": "~/inner"}, "~/c", "/home/me/inner/c", "/home/me/inner/.openclaw"),
        ({"OPENCLAW_PROFILE": "dev"}, None, "/home/me/.openclaw-dev/openclaw.json", "/home/me/.openclaw-dev"),
        ({"OPENCLAW_PROFILE": "default"}, None, "/home/me/.openclaw/openclaw.json", "/home/me/.openclaw"),
    ],
)
def test_what_the_environment_moves(env: dict[str, str], flag: str | None, config: str, state: str) -> None:
    places = Places.from_env({"HOME": "/home/me", **env}, flag)
    assert (str(places.config), str(places.state)) == (config, state)


def test_credentials_may_stand_elsewhere() -> None:
    assert Places.from_env({"HOME": "/h", "OPENCLAW_OAUTH_DIR": "~/keys"}).credentials == Path("/h/keys")


def test_relative_names_are_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Places.from_env({"HOME": "/h"}, "c.json5").config == tmp_path / "c.json5"


def test_a_long_socket_path_moves_to_the_runtime_folder() -> None:
    long = "/" + "s" * 120
    places = Places.from_env({"OPENCLAW_STATE_DIR": long, "XDG_RUNTIME_DIR": "/run/user/5"})
    assert places.socket.parent == Path(f"/run/user/5/imessage-gateway-{os.getuid()}")
    assert len(os.fsencode(places.socket)) <= MAX_SOCKET_PATH
    assert places.control_path == Path(long, "gateway", "control.path")
    other = Places.from_env({"OPENCLAW_STATE_DIR": long + "t", "XDG_RUNTIME_DIR": "/run/user/5"})
    assert other.socket != places.socket


def test_without_a_runtime_folder_the_socket_is_in_the_temporary_one() -> None:
    import tempfile

    places = Places.from_env({"OPENCLAW_STATE_DIR": "/" + "s" * 120})
    assert places.socket.is_relative_to(tempfile.gettempdir())


def test_bytes_count_not_characters() -> None:
    places = Places.from_env({"OPENCLAW_STATE_DIR": "/" + "ü" * 45})
    assert places.socket.parent != places.gateway
