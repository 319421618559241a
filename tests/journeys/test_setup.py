"""From an empty home to an answer: ``setup``, ``run``, a message. And Ctrl-C at a question."""

import os
import pty
import signal
import subprocess
from pathlib import Path

from tests.journeys.house import DEADLINE, House, python
from tests.support.waiting import wait_for

ALICE = "+15550001111"


def beside(house: House) -> None:
    """The simulator stands where the PATH finds it as imsg; the home is empty."""
    house.state.rmdir()
    house.environment["PATH"] = f"{house.folder}:{os.environ['PATH']}"


def test_set_up_run_and_be_answered(house: House) -> None:
    beside(house)
    chat = house.db.direct_chat(ALICE)
    done = house.command("setup", "--yes", "--db-path", str(house.db_path), "--allow-from", ALICE)
    assert done.returncode == 0, done.stderr
    assert "imessage default: ok" in done.stdout
    assert done.stdout.splitlines()[-1] == "next: gateway run"
    assert house.command("config", "validate").returncode == 0
    house.start()
    house.db.incoming(chat, ALICE, "hi")
    wait_for("the answer", lambda: house.sent(chat) == ["echo: hi"])
    again = house.command("setup", "--yes")
    assert again.returncode == 0, again.stderr
    assert "asked inside the running gateway:" in again.stdout
    assert again.stdout.splitlines()[-1] == "next: gateway status"
    assert house.stop() == 0


def test_another_mac_over_ssh(house: House) -> None:
    """With an ssh that leads to this very computer."""
    beside(house)
    ssh = house.folder / "ssh"
    ssh.write_text('#!/bin/sh\n[ "$1 $2" = "-T bot@mac" ] || exit 255\nshift 2\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    chat = house.db.direct_chat(ALICE)
    words = ("--ssh-host", "bot@mac", "--db-path", str(house.db_path), "--allow-from", ALICE)
    done = house.command("setup", "--yes", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    house.start()
    house.db.incoming(chat, ALICE, "hi")
    wait_for("the answer", lambda: house.sent(chat) == ["echo: hi"])
    assert house.stop() == 0


def test_ctrl_c_at_a_question_leaves_nothing_behind(house: House) -> None:
    beside(house)
    ours, theirs = pty.openpty()
    errors = house.folder / "errors.txt"
    with errors.open("wb") as output:
        process = subprocess.Popen(
            [*python("actors.control.cli.main", "main"), "setup"],
            env=house.environment,
            stdin=theirs,
            stdout=output,
            stderr=output,
            preexec_fn=interruptible,
        )
    try:
        wait_for("the first question", lambda: "Where does Messages run?" in errors.read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
    assert not Path(house.state).exists()
    assert "Traceback" not in errors.read_text()


def interruptible() -> None:
    """Ctrl-C works in the child also where the test run was started to ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
