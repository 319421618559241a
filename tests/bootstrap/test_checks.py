"""bin/test: required tools, tests that need absent tools, and a home that is not yours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.__main__ import parse
from tests.bootstrap.checkouts import ROOT

SAMPLE = """\
import os, pytest

@pytest.mark.needs("sh")
def test_with_a_tool_that_is_here(home):
    assert os.environ["HOME"] == str(home)

@pytest.mark.needs("sh", "no-such-tool")
def test_with_a_tool_that_is_absent():
    raise AssertionError

def test_the_real_home_is_out_of_reach(home):
    assert os.path.expanduser("~") == str(home) != "/real/home"
    assert os.listdir(home) == []
    assert os.environ["OPENCLAW_STATE_DIR"] == str(home / ".openclaw")
    assert "OPENCLAW_CONFIG_PATH" not in os.environ
    (home / "mine").write_text("left behind")

def test_each_test_has_a_new_home(home):
    assert os.listdir(home) == []
"""


def run_sample(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run SAMPLE under the real ``tests/conftest.py`` in ``folder``."""
    for name in ("conftest.py", "__init__.py", "support"):
        source, target = ROOT / "tests" / name, folder / "tests" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    (folder / "tests" / "test_sample.py").write_text(SAMPLE, encoding="utf-8")
    (folder / "setup.cfg").write_text("[tool:pytest]\nmarkers =\n    needs(tool): x\n", encoding="utf-8")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--import-mode=importlib",
            "--strict-markers",
            "-p",
            "no:cacheprovider",
        ],
        cwd=folder,
        env={**os.environ, "HOME": "/real/home", "OPENCLAW_CONFIG_PATH": "/real/config", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_test_whose_tool_is_absent_is_deselected_with_a_line(tmp_path: Path) -> None:
    result = run_sample(tmp_path)
    assert result.returncode == 0, result.stdout
    assert "3 passed, 1 deselected" in result.stdout
    assert "deselected 1 tests: no-such-tool is not installed (needs no-such-tool)" in result.stdout


def test_pytest_refuses_when_a_required_tool_is_absent(tmp_path: Path) -> None:
    result = run_sample(tmp_path, GATEWAY_TEST_REQUIRE="sh,no-such-tool")
    assert result.returncode == 4
    assert "GATEWAY_TEST_REQUIRE asks for tools that are absent: no-such-tool" in result.stderr + result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ([], [])),
        ("tests/config -k x", ([], ["tests/config", "-k", "x"])),
        ("--require sshd,chromium", (["sshd", "chromium"], [])),
        ("--require=sshd -x", (["sshd"], ["-x"])),
        ("--require", None),
        ("--require=", None),
    ],
)
def test_arguments(words: str, expected: tuple[list[str], list[str]] | None) -> None:
    assert parse(words.split()) == expected


def test_a_required_tool_that_is_absent_ends_before_any_check() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests", "--require", "sh,no-such-tool"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "required but neither on PATH nor in" in result.stdout
    assert "no-such-tool" in result.stdout
    assert "ruff" not in result.stdout
