"""The first start builds .venv, at most once at a time, and leaves the command itself untouched."""

from __future__ import annotations

from tests.bootstrap.conftest import Built


def test_the_first_start_says_what_it_does_on_stderr_and_runs_the_command(built: Built) -> None:
    assert built.first.code == 0
    announcement, ready = built.first.stderr.splitlines()
    assert announcement.startswith("gateway: making .venv with Python 3.")
    assert announcement.endswith("(first start, about a minute)")
    assert ready.startswith("gateway: .venv is ready (")
    assert built.first.report["arguments"] == ["one"]
    assert built.first.report["prefix"] == str(built.checkout.root / ".venv")


def test_a_start_during_the_build_waits_says_so_and_installs_nothing(built: Built) -> None:
    assert built.second.code == 0
    venv = built.checkout.root / ".venv"
    assert built.second.stderr == f"gateway: another start is preparing {venv}; waiting for it\n"
    assert built.second.report["arguments"] == ["two"]


def test_the_words_of_pip_are_kept_and_nothing_is_left_unfinished(built: Built) -> None:
    log = (built.checkout.root / ".venv" / "bootstrap.log").read_text(encoding="utf-8")
    assert "Successfully installed tiny-part-1.0" in log
    assert built.checkout.lock_text == ""
