"""A config file in a folder of its own, loaded with an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from config import Loaded, Places, load
from config.account import Account

Load = Callable[..., Loaded]
LoadAccounts = Callable[..., dict[str, Account]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that is also the working folder, so that no `.env` of the host is read."""
    folder = tmp_path / "home"
    (folder / ".openclaw" / "gateway").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def places(home: Path) -> Places:
    """The places below that home."""
    return Places.from_env({"HOME": str(home)})


@pytest.fixture
def load_text(places: Places) -> Load:
    """Loads a text as the config file; `overlay` is the gateway's own file, `files` lie beside the config."""

    def run(
        text: str | bytes,
        env: Mapping[str, str] | None = None,
        overlay: str | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Loaded:
        places.config.write_bytes(text.encode() if isinstance(text, str) else text)
        if overlay is not None:
            places.overlay.write_text(overlay)
        for name, content in (files or {}).items():
            (places.state / name).write_text(content)
        return load(places, env or {})

    return run


@pytest.fixture
def load_accounts(load_text: Load) -> LoadAccounts:
    """The accounts of a valid file, given the inside of `channels.imessage`, by id."""

    def run(inside: str, rest: str = "", env: Mapping[str, str] | None = None) -> dict[str, Account]:
        loaded = load_text(f"{{ channels: {{ imessage: {{ {inside} }} }}, {rest} }}", env)
        assert loaded.problems == ()
        return {account.id: account for account in loaded.accounts}

    return run
