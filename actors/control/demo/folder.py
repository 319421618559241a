"""The demo's temporary folder: everything a gateway needs, and nothing of the user's.

gateway-demo-x/  state/openclaw.json   the config, in OpenClaw's style
                 chat.db               what stands for Messages
                 imsg                  a wrapper that runs the simulator, as a wrapper may run ssh
                 home/                 the HOME of every process of the demo
"""

import json
import os
import secrets
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import actors
from config import Places

ROOT = Path(actors.__file__).absolute().parents[1]
CHUNK_LIMIT = 400
AGENT, SECOND, LIBRARIAN = "Iris", "Otto", "Sage"
"""What the agents are called: the one for everybody, the one of Ben's own chat, the one with a model."""
KEY_VARIABLE = "DEMO_MODEL_KEY"
KEPT_VARIABLES = ("PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "SYSTEMROOT", "USER", "LOGNAME", "SHELL")


def python_command(module: str, *words: str) -> tuple[str, ...]:
    """The command line that runs ``module`` of this very package in a fresh, isolated interpreter.

    Such a one finds an installed package by itself; where ours lies elsewhere it is told the folder.
    """
    code = (
        f"import sys; at = {str(ROOT)!r}; at in sys.path or sys.path.insert(0, at); "
        f"from runpy import run_module; run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return (sys.executable, "-I", "-c", code, *words)


class DemoFolder:
    """The folder, made new under the system's temporary one, for an imsg of that version."""

    def __init__(self, imsg_version: str) -> None:
        self._imsg_version = imsg_version
        self.path = Path(tempfile.mkdtemp(prefix="gateway-demo-")).resolve()
        self.messages = self.path / "chat.db"
        self.imsg = self.path / "imsg"
        self.key = secrets.token_hex(16)
        """What the model server asks for."""
        for name in ("state", "home"):
            (self.path / name).mkdir(mode=0o700)
        self.places = Places.from_env(self.environment())

    def environment(self, send_delay_ms: int = 0) -> dict[str, str]:
        """The whole environment of a process of the demo; ``send_delay_ms`` is how long Messages takes for a send."""
        kept = {name: os.environ[name] for name in os.environ if name in KEPT_VARIABLES or name.startswith("LC_")}
        return kept | {
            "HOME": str(self.path / "home"),
            "OPENCLAW_STATE_DIR": str(self.path / "state"),
            "IMSG_SIM_SEND_DELAY_MS": str(send_delay_ms),
            "IMSG_SIM_VERSION": self._imsg_version,
            KEY_VARIABLE: self.key,
        }

    def furnish(
        self,
        groups: Mapping[str, Any],
        group_senders: Sequence[str],
        guests: Sequence[str] = (),
        bindings: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        model_url: str = "http://127.0.0.1:9/v1",
    ) -> None:
        """Write the wrapper and the config. ``groups`` and ``group_senders`` go into it as they are; ``guests`` may
        write without pairing; ``bindings`` say which conversation (its kind and id) is whose, by the agent's id.
        """
        words = shlex.join(python_command("actors.simulator"))
        self.imsg.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        self.imsg.chmod(0o700)
        program = python_command("actors.control.demo.agent")
        model = {"type": "model", "model": "openai:simulated", "baseUrl": model_url, "apiKey": f"${{{KEY_VARIABLE}}}"}
        config = {
            "channels": {
                "imessage": {
                    "cliPath": str(self.imsg),
                    "dbPath": str(self.messages),
                    "dmPolicy": "pairing",
                    "allowFrom": list(guests),
                    "groupPolicy": "allowlist",
                    "groupAllowFrom": list(group_senders),
                    "groups": groups,
                    "textChunkLimit": CHUNK_LIMIT,
                }
            },
            "agents": {
                "list": [
                    _agent("main", AGENT, {"type": "command", "command": program}) | {"default": True},
                    _agent("otto", SECOND, {"type": "command", "command": [*program, "noted"]}),
                    _agent("sage", LIBRARIAN, model),
                ]
            },
            "bindings": [
                {"agentId": agent, "match": {"channel": "imessage", "peer": dict(peer)}}
                for agent, peer in bindings.items()
            ],
        }
        self.places.config.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def remove(self) -> None:
        """Take the folder away; what cannot be removed stays."""
        shutil.rmtree(self.path, ignore_errors=True)


def _agent(agent_id: str, name: str, runtime: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": agent_id, "identity": {"name": name}, "runtime": dict(runtime)}
