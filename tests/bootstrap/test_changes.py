"""What a later start notices and mends: new requirements, another place, a broken or half-made .venv."""

from __future__ import annotations

import os
import re
import signal

from tests.bootstrap.checkouts import FakeCheckout, Result, read_line_with, wait_for


def test_a_changed_requirement_is_installed_in_place_and_a_failure_leaves_a_way_back(
    copy: FakeCheckout,
) -> None:
    copy.require("no-such-package>=1")
    failed = copy.run()
    assert (failed.code, failed.stdout) == (1, "")
    assert "gateway: bringing .venv up to date\n" in failed.stderr
    assert "could not install the required packages: pip ended with 1" in failed.stderr
    assert "No matching distribution found for no-such-package" in failed.stderr
    assert f"All of it: {copy.root}/.venv/bootstrap.log" in failed.stderr
    assert "Check the network and the package index" in failed.stderr
    assert "Traceback" not in failed.stderr

    copy.require("tiny-part")
    mended = copy.run()
    assert mended.code == 0
    assert [line.partition("(")[0] for line in mended.stderr.splitlines()] == [
        "gateway: bringing .venv up to date",
        "gateway: .venv is ready ",
    ]
    assert copy.run().stderr == ""


def test_an_index_that_cannot_be_reached_is_named_with_the_remedy(copy: FakeCheckout) -> None:
    copy.require("no-such-package>=1")
    closed = {**copy.environment, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    del closed["PIP_NO_INDEX"]
    failed = copy.run(environment=closed)
    assert failed.code == 1
    assert "127.0.0.1" in (copy.root / ".venv" / "bootstrap.log").read_text(encoding="utf-8")
    assert "PIP_INDEX_URL" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_test_level_adds_to_a_ready_runtime_and_serves_it_too(copy: FakeCheckout) -> None:
    assert copy.run().code == 0
    tested = copy.run("tests/config", "-k", "x", command="bin/test")
    assert tested.code == 0
    assert tested.stderr.startswith("bin/test: adding the test tools to .venv\n")
    assert tested.report["arguments"] == ["tests/config", "-k", "x"]
    assert tested.report["folder"] == str(copy.root)
    log = (copy.root / ".venv" / "bootstrap.log").read_text(encoding="utf-8")
    assert re.search(r"Successfully installed .*tiny-test-tool-1\.0", log)
    assert copy.run().stderr == ""
    assert copy.run(command="bin/test").stderr == ""


def test_what_model_agents_need_is_added_when_asked_for_and_kept_up_to_date_then(copy: FakeCheckout) -> None:
    assert copy.run("status").code == 0
    asked = copy.run("extras")
    assert asked.code == 0
    assert asked.stderr.startswith("gateway: adding what model and coding agents need to .venv\n")
    assert "tiny-model-part-1.0" in (copy.root / ".venv" / "bootstrap.log").read_text(encoding="utf-8")
    assert copy.run("demo").stderr == ""
    assert copy.run("status").stderr == ""
    copy.require("tiny-part")
    assert copy.run("status").stderr.startswith("gateway: bringing .venv up to date\n")
    assert copy.run("extras").stderr == ""


def test_a_copied_checkout_runs_its_own_code(copy: FakeCheckout) -> None:
    result = copy.run()
    assert result.report["prefix"] == str(copy.root / ".venv")
    assert "bringing .venv up to date" in result.stderr


def test_a_build_ended_by_control_c_is_made_again(bare: FakeCheckout) -> None:
    first = bare.start()
    read_line_with(first, "making .venv")
    wait_for(bare.root / ".venv" / "pyvenv.cfg")
    os.killpg(first.pid, signal.SIGINT)
    _, words = first.communicate(timeout=30)
    assert first.returncode in {130, -signal.SIGINT}
    assert words == "gateway: interrupted; the next start finishes the job\n"
    assert_mended(bare, bare.run())


def test_a_killed_build_is_made_again_after_its_orphan_has_ended(bare: FakeCheckout) -> None:
    first = bare.start()
    read_line_with(first, "making .venv")
    wait_for(bare.root / ".venv" / "pyvenv.cfg")
    builder = int(re.findall(r"process (\d+)", bare.lock_text)[0])
    os.kill(first.pid, signal.SIGKILL)
    os.kill(builder, signal.SIGKILL)
    first.communicate(timeout=30)
    second = bare.run()
    assert "another start is preparing" in second.stderr
    assert_mended(bare, second)


def assert_mended(checkout: FakeCheckout, result: Result) -> None:
    assert result.code == 0
    assert "making .venv again" in result.stderr
    assert "(the last start was interrupted)" in result.stderr
    assert checkout.lock_text == ""
    assert checkout.run().stderr == ""


def test_a_python_that_went_away_is_replaced(copy: FakeCheckout) -> None:
    python = copy.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(copy.folder / "removed by an upgrade")
    result = copy.run()
    assert result.code == 0
    assert "making .venv again" in result.stderr
    assert "its Python does not start" in result.stderr
