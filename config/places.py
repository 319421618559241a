"""Where files are: the config file, the state folder and what lies in it.

Computed from the environment alone; nothing is created, opened or resolved. Every verb uses this module, so the
command line and the running gateway always mean the same files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.values import expand_home

MAX_SOCKET_PATH = 100
"""Bytes a socket path may have: macOS allows 104 with the closing zero."""


@dataclass(frozen=True, slots=True)
class Places:
    """All absolute. `socket` may lie outside `gateway` when that path is too long; then the gateway writes it
    into `control_path` and makes its folder 0700. `dotenv` are the `.env` files, first one first."""

    home: Path
    config: Path
    state: Path
    gateway: Path
    credentials: Path
    journal: Path
    socket: Path
    control_path: Path
    lock: Path
    log_file: Path
    overlay: Path
    media: Path
    owners: Path
    pairing_guard: Path
    undo: Path
    dotenv: tuple[Path, ...]

    @classmethod
    def from_env(cls, env: Mapping[str, str], config_flag: str | None = None) -> Places:
        """The places an environment names.

        `config_flag` (`--config`) wins over `OPENCLAW_CONFIG_PATH`, that over `<state>/openclaw.json`. The state
        folder is `OPENCLAW_STATE_DIR`, else `~/.openclaw` (`~/.openclaw-X` for `OPENCLAW_PROFILE=X`), with
        `OPENCLAW_HOME` for `~`. `OPENCLAW_OAUTH_DIR` moves the credentials. Blank values count as unset.
        """
        user_home = Path(_get(env, "HOME") or Path.home())
        home = _absolute(_get(env, "OPENCLAW_HOME") or str(user_home), user_home)
        named_state = _get(env, "OPENCLAW_STATE_DIR")
        state = _absolute(named_state, home) if named_state else home / _state_name(env)
        file = config_flag or _get(env, "OPENCLAW_CONFIG_PATH")
        credentials = _get(env, "OPENCLAW_OAUTH_DIR")
        gateway = state / "gateway"
        return cls(
            home=home,
            config=_absolute(file, home) if file else state / "openclaw.json",
            state=state,
            gateway=gateway,
            credentials=_absolute(credentials, home) if credentials else state / "credentials",
            journal=gateway / "journal.db",
            socket=_socket(gateway, env),
            control_path=gateway / "control.path",
            lock=gateway / "gateway.lock",
            log_file=gateway / "logs" / "gateway.jsonl",
            overlay=gateway / "gateway.json5",
            media=gateway / "media",
            owners=gateway / "owners.json",
            pairing_guard=gateway / "pairing-guard.json",
            undo=gateway / "undo.json",
            dotenv=(Path.cwd() / ".env", state / ".env"),
        )


def _get(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _absolute(text: str, home: Path) -> Path:
    return Path(expand_home(text, home)).absolute()


def _state_name(env: Mapping[str, str]) -> str:
    profile = _get(env, "OPENCLAW_PROFILE")
    return ".openclaw" if profile in {"", "default"} else f".openclaw-{profile.replace(os.sep, '-')}"


def _socket(gateway: Path, env: Mapping[str, str]) -> Path:
    usual = gateway / "control.sock"
    if _fits(usual):
        return usual
    # Each state folder gets its own name: two gateways share the runtime folder and must not share a socket.
    name = f"{hashlib.sha256(os.fsencode(gateway)).hexdigest()[:12]}.sock"
    place = Path(f"imessage-gateway-{os.getuid()}", name)
    runtime = _get(env, "XDG_RUNTIME_DIR")
    return Path(runtime) / place if runtime and _fits(Path(runtime) / place) else Path(_temporary()) / place


def _temporary() -> str:
    from tempfile import gettempdir  # late: rarely needed, and not cheap to import

    return gettempdir()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH
