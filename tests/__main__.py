"""The checks behind ``bin/test``: ruff, mypy and pytest over the checkout, in this order.

In: ``[--require tool,tool] [pytest arguments]``. Out: what each check prints, and a last line that sums up; exit 0
only when all of them passed. With pytest arguments only pytest runs. Paths are those of the checkout.
``--benchmark [arguments]`` hands over to ``tests.benchmarks`` instead: it measures and checks nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.tools import REQUIRE_VARIABLE, SYSTEM_FOLDERS, absent, tool_names

ROOT = Path(__file__).resolve().parents[1]
USAGE = "usage: bin/test [--require tool,tool] [pytest arguments], or bin/test --benchmark [--help]"
BENCHMARK = "--benchmark"

CHECKS: dict[str, tuple[str, ...]] = {
    "ruff": ("ruff", "check"),
    "mypy": ("mypy", "--strict"),
    "pytest": ("pytest",),
}


def parse(arguments: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Split into (required tools, pytest arguments); None when ``--require`` has no value."""
    required: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        option, equals, value = word.partition("=")
        if option != "--require":
            rest.append(word)
            continue
        names = tool_names(value if equals else next(words, ""))
        if not names:
            return None
        required += names
    return required, rest


def say(text: str) -> None:
    """One line of ours, in order with what the checks print."""
    print(f"bin/test: {text}", flush=True)


def run(name: str, rest: Sequence[str], environment: dict[str, str]) -> bool:
    """Run one check over the checkout; True when it passed."""
    words = [*CHECKS[name], *rest]
    say(" ".join(words))
    begun = time.monotonic()
    code = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, env=environment, check=False).returncode
    say(f"{name} {'passed' if code == 0 else f'failed (exit {code})'} in {time.monotonic() - begun:.1f} s")
    return code == 0


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for: 0 all passed, 1 something failed or is absent, 2 usage."""
    if arguments[:1] == [BENCHMARK]:
        words = [sys.executable, "-m", "tests.benchmarks", *arguments[1:]]
        return subprocess.run(words, cwd=ROOT, check=False).returncode
    parsed = parse(arguments)
    if parsed is None:
        print(USAGE, file=sys.stderr)
        return 2
    required, rest = parsed
    missing = absent(required)
    if missing:
        say(f"required but neither on PATH nor in {', '.join(SYSTEM_FOLDERS)}: {', '.join(missing)}")
        say("install what is missing, or leave it out of --require to deselect the tests that need it")
        return 1
    environment = dict(os.environ)
    if required:
        environment[REQUIRE_VARIABLE] = ",".join(required)
    names = ["pytest"] if rest else list(CHECKS)
    failed = [name for name in names if not run(name, rest, environment)]
    say(f"FAILED: {', '.join(failed)}" if failed else f"passed: {', '.join(names)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
