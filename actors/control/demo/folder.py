"""The demo's temporary folder: everything a gateway needs, and nothing of the user's.

gateway-demo-x/  state/openclaw.json   the config, in OpenClaw's style
                 chat.db               what stands for Messages
                 imsg                  a wrapper that runs the simulator, as a wrapper may run ssh
                 memory/               what the agent remembers
                 home/                 the HOME of every process of the demo
"""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import actors
from config import Places

ROOT = Path(actors.__file__).absolute().parents[1]
CHUNK_LIMIT = 400
AGENT = "Iris"
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
        self.memory = self.path / "memory"
        self.imsg = self.path / "imsg"
        for name in ("state", "memory", "home"):
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
        }

    def furnish(self, groups: Mapping[str, Any], group_senders: list[str]) -> None:
        """Write the wrapper and the config; ``groups`` and ``group_senders`` go into it as they are."""
        words = shlex.join(python_command("actors.simulator"))
        self.imsg.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        self.imsg.chmod(0o700)
        agent = {"type": "command", "command": [*python_command("actors.control.demo.agent"), str(self.memory)]}
        config = {
            "channels": {
                "imessage": {
                    "cliPath": str(self.imsg),
                    "dbPath": str(self.messages),
                    "dmPolicy": "pairing",
                    "groupPolicy": "allowlist",
                    "groupAllowFrom": group_senders,
                    "groups": groups,
                    "textChunkLimit": CHUNK_LIMIT,
                }
            },
            "agents": {"list": [{"id": "main", "default": True, "identity": {"name": AGENT}, "runtime": agent}]},
        }
        self.places.config.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def remove(self) -> None:
        """Take the folder away; what cannot be removed stays."""
        shutil.rmtree(self.path, ignore_errors=True)
