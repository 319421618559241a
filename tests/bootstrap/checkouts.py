"""Throw-away checkouts for the launcher tests: real launchers, tiny product, a package index in a folder.

A checkout lives in a folder with spaces in its name and holds copies of ``bin/`` and ``.ci/``, a ``setup.cfg`` with
one small requirement, and product modules that print what they see as JSON. Nothing reaches for the network.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# The interpreter below any virtual environment: what a person has on PATH.
REAL_PYTHON = Path(os.path.realpath(sys.executable))

SETUP_CFG = """\
[options]
install_requires =
    # why it is needed
    {requirement}

[options.extras_require]
model =
    tiny-model-part>=1
test =
    tiny-test-tool>=1
"""

REPORT = """\
import json, os, sys
import tiny_part
print(json.dumps({"module": __name__, "spec": __spec__.name, "pid": os.getpid(), "arguments": sys.argv[1:],
                  "folder": os.getcwd(), "prefix": sys.prefix, "isolated": sys.flags.isolated,
                  "environment": dict(os.environ), "stdin": "" if sys.stdin.isatty() else sys.stdin.read()}))
sys.exit(7 if "fail" in sys.argv else 0)
"""


def write_wheel(folder: Path, name: str) -> None:
    """Put a wheel of version 1.0 that holds one empty module into ``folder``."""
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    files = {
        f"{module}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


def write_program(path: Path, text: str) -> Path:
    """An executable shell script at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


class FakeCheckout:
    """One throw-away checkout below ``folder`` and the environment its commands are started with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "a check out"
        self.tools = folder / "tools"
        self.wheels = folder / "wheels"
        self.environment = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "root": "a variable the launcher must leave alone",
        }

    @classmethod
    def create(cls, folder: Path) -> FakeCheckout:
        """Write everything but ``.venv``."""
        made = cls(folder)
        for part in ("bin", ".ci"):
            shutil.copytree(ROOT / part, made.root / part)
        for module in ("actors/control/cli/main", "actors/simulator/__main__", "tests/__main__"):
            path = made.root / f"{module}.py"
            path.parent.mkdir(parents=True)
            path.write_text(REPORT, encoding="utf-8")
        (made.root / ".ci" / "constraints.txt").write_text("tiny-part==1.0\n", encoding="utf-8")
        made.require("tiny-part>=1")
        made.wheels.mkdir()
        write_wheel(made.wheels, "tiny-part")
        write_wheel(made.wheels, "tiny-model-part")
        write_wheel(made.wheels, "tiny-test-tool")
        write_program(made.tools / "python3", f'exec "{REAL_PYTHON}" "$@"')
        return made

    def copy_to(self, folder: Path) -> FakeCheckout:
        """The same, ``.venv`` included, at another place."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return FakeCheckout(folder)

    def require(self, requirement: str) -> None:
        """Let ``setup.cfg`` ask for ``requirement``."""
        (self.root / "setup.cfg").write_text(SETUP_CFG.format(requirement=requirement), encoding="utf-8")

    def start(
        self, *words: str, command: str = "bin/gateway", environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a command in its own process group, from a folder that is not the checkout."""
        return subprocess.Popen(
            [str(self.root / command), *words],
            cwd=self.folder,
            env=self.environment if environment is None else environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, command: str = "bin/gateway", environment: Mapping[str, str] | None = None) -> Result:
        """Start a command and wait for its end, at most a minute."""
        return Result.of(self.start(*words, command=command, environment=environment))

    @property
    def lock_text(self) -> str:
        return (self.root / ".venv.lock").read_text(encoding="utf-8")


class Result:
    """How a command ended: ``code``, ``stdout``, ``stderr``, the ``pid`` it was started with."""

    def __init__(self, code: int, stdout: str, stderr: str, pid: int) -> None:
        self.code, self.stdout, self.stderr, self.pid = code, stdout, stderr, pid

    @classmethod
    def of(cls, process: subprocess.Popen[str]) -> Result:
        """Wait for ``process``; end its whole group if it takes longer than a minute."""
        try:
            stdout, stderr = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return cls(process.returncode, stdout, stderr, process.pid)

    @property
    def report(self) -> dict[str, Any]:
        """What the product module printed. Raises ValueError when stdout is anything but one JSON object."""
        seen: dict[str, Any] = json.loads(self.stdout)
        return seen


def read_line_with(process: subprocess.Popen[str], text: str) -> str:
    """Read the stderr of ``process`` up to the first line that holds ``text`` and return that line."""
    assert process.stderr is not None
    read: list[str] = []
    for line in process.stderr:
        read.append(line)
        if text in line:
            return line
    raise AssertionError(f"no {text!r} in {''.join(read)!r}")


def wait_for(path: Path, seconds: float = 30) -> None:
    """Return once ``path`` exists. Raises AssertionError after ``seconds``."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear in {seconds} s"
        pause.wait(0.005)
