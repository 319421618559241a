"""Make or mend ``<checkout>/.venv``: the slow path of the commands in ``bin/``.

In: ``bootstrap.py COMMAND LEVEL ROOT PYTHON``, called by ``launch.sh`` when the stamp of LEVEL does not match.
``runtime`` is ``install_requires`` of ``setup.cfg``; ``agents`` adds the extras of model and ACP agents, ``test`` the
``test`` extra on top; each satisfies those before it.
Out: a virtual environment in which ``python -I -m actors...`` works from any folder, progress on stderr, exit 0;
or one message with the remedy and exit 1. Nothing is ever written to stdout.

Promises: one start at a time works on ``.venv``, the others wait and find it done; stamps are written last and
removed first, so a half-made environment never counts as ready; work that was cut off is found by the text left in
``.venv.lock`` and done again from nothing. Standard library only.
"""

from __future__ import annotations

import configparser
import fcntl
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

LEVELS = ("runtime", "agents", "test")
EXTRAS = {"agents": ("model", "acp"), "test": ("model", "acp", "test")}
ADDING = {"agents": "what model and coding agents need", "test": "the test tools"}

PIP_INSTALL = (
    "-I",
    "-m",
    "pip",
    "install",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
)

PROBE = """
import json, os, sys, sysconfig
purelib = sysconfig.get_path("purelib")
print(json.dumps({
    "venv": sys.prefix != sys.base_prefix,
    "purelib": purelib,
    "pip": os.path.isdir(os.path.join(purelib, "pip")),
}))
"""


class BootstrapError(Exception):
    """The environment cannot be made; the text is for the person who typed the command, remedy included."""


@dataclass(frozen=True)
class Checkout:
    """One start: the command that asked, the level it needs, the folder, the interpreter to build with."""

    command: str
    level: str
    root: Path
    builder: str

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def log(self) -> Path:
        return self.venv / "bootstrap.log"

    @property
    def constraints(self) -> Path:
        return self.root / ".ci" / "constraints.txt"

    def stamp(self, level: str) -> Path:
        return self.venv / f"stamp.{level}"

    def say(self, text: str) -> None:
        print(f"{self.command}: {text}", file=sys.stderr, flush=True)

    def inputs(self) -> bytes:
        """The bytes a valid stamp holds; the same as ``imsgw_inputs`` of ``launch.sh``."""
        head = f"imessage-gateway .venv, format 1\nroot {self.root}\npython {os.path.realpath(self.python)}\n"
        return os.fsencode(head) + (self.root / "setup.cfg").read_bytes() + self.constraints.read_bytes()

    def is_ready(self, level: str) -> bool:
        try:
            return os.access(self.python, os.X_OK) and self.stamp(level).read_bytes() == self.inputs()
        except OSError:
            return False


def requirements(setup_cfg: Path, level: str) -> list[str]:
    """The requirement lines of ``level`` in ``setup.cfg``, comments left out.

    Raises BootstrapError when the file cannot be read or parsed.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(setup_cfg.read_text(encoding="utf-8"), source=str(setup_cfg))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise BootstrapError(f"cannot read {setup_cfg}: {error}") from error
    text = parser.get("options", "install_requires", fallback="")
    for extra in EXTRAS.get(level, ()):
        text += "\n" + parser.get("options.extras_require", extra, fallback="")
    return [line for line in map(str.strip, text.splitlines()) if line]


@contextmanager
def locked(checkout: Checkout) -> Iterator[TextIO]:
    """Hold ``<checkout>/.venv.lock``; wait, saying so once, while another start holds it.

    The file's text is empty at rest and says ``unfinished`` while ``.venv`` is being changed. The programs that
    change it inherit the lock: when this process is killed, the next start waits until they have ended as well.
    """
    path = checkout.root / ".venv.lock"
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            checkout.say(f"another start is preparing {checkout.venv}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def note(lock: TextIO, text: str) -> None:
    """Replace the text of the lock file."""
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()


def tail(text: str, count: int = 8) -> str:
    """The last non-blank lines of a program's output, indented for a message."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-count:])


def probe(checkout: Checkout) -> dict[str, object] | None:
    """What the interpreter in ``.venv`` says about itself; None when it does not start."""
    try:
        answer = subprocess.run(
            [str(checkout.python), "-I", "-c", PROBE], capture_output=True, text=True, check=True
        )
        facts: dict[str, object] = json.loads(answer.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return facts


def damage(checkout: Checkout, left_over: str) -> str | None:
    """Why ``.venv`` must be made again from nothing; None when it can be used or brought up to date in place."""
    if left_over:
        return "the last start was interrupted"
    facts = probe(checkout)
    if facts is None:
        return "its Python does not start"
    if not facts["venv"]:
        return "it is not a virtual environment"
    # pip lives in a folder named after the minor version, so this also finds an interpreter that moved to another.
    return None if facts["pip"] else f"it has no pip in {facts['purelib']}"


def make_venv(checkout: Checkout, lock: TextIO) -> None:
    """Create ``.venv`` from nothing. Raises BootstrapError, with the packages to install, when Python cannot."""
    version = platform.python_version()
    made = subprocess.run(
        [checkout.builder, "-I", "-m", "venv", "--clear", str(checkout.venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[lock.fileno()],
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise BootstrapError(
            f"Python {version} ({checkout.builder}) cannot make a virtual environment in {checkout.venv}. It says:\n"
            f"{tail(made.stdout)}\n"
            "  The modules venv and ensurepip come with\n"
            "    Debian, Ubuntu: apt install python3-venv\n"
            "    macOS: brew install python@3.13, or the installer from python.org"
        )


def install(checkout: Checkout, lock: TextIO, wanted: Sequence[str]) -> None:
    """Bring ``wanted`` into ``.venv`` with the pins of ``constraints.txt``; pip's words go to ``bootstrap.log``.

    Raises BootstrapError with pip's last lines.
    """
    if not wanted:
        return
    with checkout.log.open("w", encoding="utf-8") as log:
        code = subprocess.run(
            [str(checkout.python), *PIP_INSTALL, "-c", str(checkout.constraints), "--", *wanted],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
            env={**os.environ, "PIP_USER": "0"},  # a personal "always --user" setting is an error in a venv
            check=False,
        ).returncode
    if code == 0:
        return
    words = checkout.log.read_text(encoding="utf-8", errors="replace")
    if "Installing collected packages" not in words:
        note(lock, "")  # nothing was touched yet: the packages that are there stay usable for the next try
    raise BootstrapError(
        f"could not install the required packages: pip ended with {code}. Its last lines:\n{tail(words)}\n"
        f"  All of it: {checkout.log}\n"
        "  Check the network and the package index (HTTPS_PROXY, PIP_INDEX_URL), then start again."
    )


def finish(checkout: Checkout) -> None:
    """Make the checkout importable from ``.venv`` wherever it is started, then stamp the level and those below it.

    Raises BootstrapError when the new interpreter does not start.
    """
    facts = probe(checkout)
    if facts is None:
        raise BootstrapError(f"{checkout.python} does not start; remove {checkout.venv} and start again")
    path_file = Path(str(facts["purelib"])) / "imessage-gateway.pth"
    path_file.write_bytes(os.fsencode(checkout.root) + b"\n")
    for level in LEVELS[: LEVELS.index(checkout.level) + 1]:
        checkout.stamp(level).write_bytes(checkout.inputs())


def prepare(checkout: Checkout) -> None:
    """Leave ``.venv`` ready for the wanted level. Raises BootstrapError."""
    with locked(checkout) as lock:
        if checkout.is_ready(checkout.level):
            return
        wanted = requirements(checkout.root / "setup.cfg", checkout.level)
        begun = time.monotonic()
        lock.seek(0)
        is_new = not checkout.venv.exists()
        why = "first start, about a minute" if is_new else damage(checkout, lock.read())
        # A higher level only adds packages, so a lower one that is ready stays so while they come in.
        below = LEVELS[: LEVELS.index(checkout.level)]
        kept = [level for level in below if checkout.is_ready(level)] if why is None else []
        note(lock, f"unfinished: process {os.getpid()}, Python {platform.python_version()}\n")
        for level in LEVELS:
            if level not in kept:
                checkout.stamp(level).unlink(missing_ok=True)
        if why is not None:
            again = "" if is_new else " again"
            checkout.say(f"making .venv{again} with Python {platform.python_version()} ({why})")
            make_venv(checkout, lock)
        else:
            checkout.say(f"adding {ADDING[checkout.level]} to .venv" if kept else "bringing .venv up to date")
        install(checkout, lock, wanted)
        finish(checkout)
        note(lock, "")
        checkout.say(f".venv is ready ({time.monotonic() - begun:.0f} s)")


def main(arguments: Sequence[str]) -> int:
    """Prepare for ``COMMAND LEVEL ROOT PYTHON``; the exit code of the launcher on failure."""
    command, level, root, builder = arguments
    checkout = Checkout(command, level, Path(root), builder)
    try:
        prepare(checkout)
    except BootstrapError as error:
        checkout.say(str(error))
        return 1
    except OSError as error:
        checkout.say(f"cannot prepare {checkout.venv}: {error}; that folder must be writable for you")
        return 1
    except KeyboardInterrupt:
        checkout.say("interrupted; the next start finishes the job")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
