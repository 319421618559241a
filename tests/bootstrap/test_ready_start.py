"""A start with .venv up to date: quick, silent, and nothing but an exec."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.bootstrap.checkouts import Result
from tests.bootstrap.conftest import Built

# What a shell may set by itself in front of any exec.
SHELL_OWN = {"PWD", "OLDPWD", "SHLVL", "_", "__CF_USER_TEXT_ENCODING"}


def test_it_says_nothing_of_its_own_and_keeps_arguments_folder_and_exit_code(built: Built) -> None:
    result = built.checkout.run("status", "two words", "", "fail")
    assert (result.code, result.stderr) == (7, "")
    assert result.report["arguments"] == ["status", "two words", "", "fail"]
    assert result.report["folder"] == str(built.checkout.folder)


def test_the_process_that_was_started_becomes_python(built: Built) -> None:
    result = built.checkout.run()
    assert result.report["pid"] == result.pid


def test_the_environment_passes_through_unchanged(built: Built) -> None:
    seen = built.checkout.run().report["environment"]
    assert {name: seen[name] for name in seen if name not in SHELL_OWN} == built.checkout.environment


def test_python_runs_isolated_from_the_variables_and_folders_of_the_user(built: Built) -> None:
    planted = built.checkout.folder / "tiny_part.py"
    planted.write_text("raise SystemExit('imported from the working directory')\n", encoding="utf-8")
    environment = {**built.checkout.environment, "PYTHONPATH": str(built.checkout.folder)}
    try:
        report = built.checkout.run(environment=environment).report
    finally:
        planted.unlink()
    assert report["isolated"] == 1
    assert report["environment"]["PYTHONPATH"] == str(built.checkout.folder)


def test_a_symbolic_link_to_the_command_finds_the_checkout(built: Built, tmp_path: Path) -> None:
    (tmp_path / "bin").symlink_to(built.checkout.root / "bin")
    (tmp_path / "gw").symlink_to(tmp_path / "bin" / "gateway")
    process = subprocess.Popen(
        ["gw", "x"],
        executable=tmp_path / "gw",
        cwd=tmp_path,
        env=built.checkout.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    result = Result.of(process)
    assert (result.code, result.stderr) == (0, "")
    assert result.report["folder"] == str(tmp_path)


@pytest.mark.parametrize(
    ("command", "module"),
    [("bin/gateway", "actors.control.cli.main"), ("bin/imsg-sim", "actors.simulator.__main__")],
)
def test_each_command_runs_its_module(built: Built, command: str, module: str) -> None:
    result = built.checkout.run(command=command)
    assert (result.code, result.stderr) == (0, "")
    assert result.report["spec"] == module


def best_time(words: Sequence[str], environment: dict[str, str], folder: Path) -> float:
    """Seconds of the quickest of several runs: what the work itself takes, other load left aside."""
    times: list[float] = []
    for _ in range(15):
        begun = time.perf_counter()
        subprocess.run(words, check=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def test_the_launcher_costs_less_than_30_ms(built: Built) -> None:
    root = built.checkout.root
    python = os.fspath(root / ".venv" / "bin" / "python")
    direct = [python, "-I", "-m", "actors.control.cli.main"]
    extra = best_time([os.fspath(root / "bin" / "gateway")], built.checkout.environment, root) - best_time(
        direct, built.checkout.environment, root
    )
    assert extra < 0.030
