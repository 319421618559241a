"""What the machine lacks is said once, with the remedy, and without a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bootstrap.checkouts import REAL_PYTHON, FakeCheckout, write_program

# What the launcher itself runs, besides Python.
NEEDED_TOOLS = ("readlink", "cat", "cmp", "uname")


def only(checkout: FakeCheckout, folder: Path) -> dict[str, str]:
    """An environment whose PATH holds the launcher's tools and what the test put into ``folder``."""
    folder.mkdir(exist_ok=True)
    for tool in NEEDED_TOOLS:
        path = shutil.which(tool)
        assert path is not None
        (folder / tool).symlink_to(path)
    return {**checkout.environment, "PATH": str(folder)}


def test_a_python_without_the_venv_module(bare: FakeCheckout) -> None:
    write_program(
        bare.tools / "python3",
        f"""
case "$*" in *'-m venv'*) echo 'python3: No module named venv' >&2; exit 1 ;; esac
exec "{REAL_PYTHON}" "$@"
""",
    )
    result = bare.run()
    assert (result.code, result.stdout) == (1, "")
    assert "cannot make a virtual environment" in result.stderr
    assert "No module named venv" in result.stderr
    assert "apt install python3-venv" in result.stderr
    assert "macOS: brew install python@3.13" in result.stderr
    assert "Traceback" not in result.stderr


def test_only_old_pythons(bare: FakeCheckout, tmp_path: Path) -> None:
    environment = only(bare, tmp_path / "old")
    write_program(tmp_path / "old" / "python3", "echo 3.9.6")
    write_program(tmp_path / "old" / "python3.13", "echo not for this folder >&2; exit 127")
    result = bare.run(environment=environment)
    assert (result.code, result.stdout) == (1, "")
    assert "gateway: needs Python 3.11 or newer on PATH. Found:" in result.stderr
    assert f"{tmp_path}/old/python3: 3.9.6\n" in result.stderr
    assert f"{tmp_path}/old/python3.13: does not start\n" in result.stderr


def test_no_python_at_all(bare: FakeCheckout, tmp_path: Path) -> None:
    result = bare.run(environment=only(bare, tmp_path / "none"))
    assert result.code == 1
    assert "Found: no python3 at all\n" in result.stderr


def test_a_newer_python_behind_an_old_python3_is_taken(bare: FakeCheckout, tmp_path: Path) -> None:
    environment = only(bare, tmp_path / "mixed")
    write_program(tmp_path / "mixed" / "python3", "echo 3.9.6")
    write_program(
        tmp_path / "mixed" / "python3.12",
        f"""case "$*" in *'-m venv'*) echo taken; exit 1 ;; esac; exec "{REAL_PYTHON}" "$@" """,
    )
    result = bare.run(environment=environment)
    assert f"({tmp_path}/mixed/python3.12) cannot make a virtual environment" in result.stderr


def test_a_checkout_that_cannot_be_written(bare: FakeCheckout) -> None:
    (bare.root / ".venv.lock").mkdir()
    result = bare.run()
    assert (result.code, result.stdout) == (1, "")
    assert f"cannot prepare {bare.root}/.venv" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_setup_cfg_that_cannot_be_parsed(bare: FakeCheckout) -> None:
    (bare.root / "setup.cfg").write_text("install_requires = lost its section\n", encoding="utf-8")
    result = bare.run()
    assert result.code == 1
    assert f"cannot read {bare.root}/setup.cfg" in result.stderr
    assert "Traceback" not in result.stderr
