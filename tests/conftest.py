"""Ground rules for every test: a home that is not yours, and honest words about tests that cannot run here.

* HOME and OPENCLAW_STATE_DIR point into a temporary folder, new for each test; every other OPENCLAW_* and XDG_*
  variable is gone. Processes a test starts inherit that.
* ``@pytest.mark.needs("sshd")``: where the tool is absent the test is deselected and a line says so; with
  ``bin/test --require sshd`` it is an error instead.
* ``-m soak`` also tries the properties of hypothesis, with more examples.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import examples
from tests.support.tools import REQUIRE_VARIABLE, absent, tool_names

SOAK = "soak"
DESELECTED = pytest.StashKey[dict[str, int]]()
SAFE_FOLDER = pytest.StashKey[Path]()

_numbers = itertools.count(1)


def _live_in(home: Path) -> None:
    home.mkdir(mode=0o700, parents=True)
    os.environ["HOME"] = str(home)
    os.environ["OPENCLAW_STATE_DIR"] = str(home / ".openclaw")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: leave the real home, and check what ``--require`` asked for."""
    missing = absent(tool_names(os.environ.get(REQUIRE_VARIABLE, "")))
    if missing:
        raise pytest.UsageError(f"{REQUIRE_VARIABLE} asks for tools that are absent: {', '.join(missing)}")
    for name in list(os.environ):
        if name.startswith(("OPENCLAW_", "XDG_")):
            del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="gateway-tests-")).resolve()
    config.stash[SAFE_FOLDER] = folder
    _live_in(folder / "session")
    if config.option.markexpr == SOAK:
        examples.soak()


def pytest_collection() -> None:
    """Nothing that is imported becomes garbage: do not look for it."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor while the tests run: eight thousand of them, looked through again and again, take as long as many a test."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the homes of this run."""
    if SAFE_FOLDER in config.stash:
        shutil.rmtree(config.stash[SAFE_FOLDER], ignore_errors=True)


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """This test's own empty home folder, also the value of HOME."""
    before = {name: os.environ[name] for name in ("HOME", "OPENCLAW_STATE_DIR")}
    folder = request.config.stash[SAFE_FOLDER] / str(next(_numbers))
    _live_in(folder)
    yield folder
    os.environ.update(before)


def pytest_itemcollected(item: pytest.Item) -> None:
    """In a soak the properties have their part too."""
    if item.config.option.markexpr == SOAK:
        from hypothesis import is_hypothesis_test

        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(SOAK)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests whose tools are absent, and remember how many for the summary."""
    counts: dict[str, int] = defaultdict(int)
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        missing = absent([str(tool) for mark in item.iter_markers("needs") for tool in mark.args])
        for tool in missing:
            counts[tool] += 1
        (left_out if missing else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    config.stash[DESELECTED] = dict(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line for each tool whose absence left tests out."""
    for tool, count in sorted(config.stash.get(DESELECTED, {}).items()):
        terminalreporter.write_line(f"deselected {count} tests: {tool} is not installed (needs {tool})")
