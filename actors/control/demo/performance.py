"""One performance of the demo from curtain to curtain: scenes, table, verdict, and everything cleaned away."""

import signal
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import IO

from actors.agents.extras import MODEL
from actors.control.demo.checks import Check
from actors.control.demo.director import Director, StageError
from actors.control.demo.folder import DemoFolder
from actors.control.demo.script import SCENES
from actors.control.demo.transcript import Transcript
from actors.runtime.process import SpawnError

OK, FAILED, INTERRUPTED = 0, 1, 130
_BREAKDOWNS = (StageError, SpawnError, OSError, sqlite3.Error, ValueError)


def perform(stream: IO[str], keep: bool, imsg_version: str) -> int:
    """Play it on ``stream`` over that imsg; the exit code. The folder stays when something failed, or with ``keep``.

    Call from the main thread: SIGTERM and SIGHUP end the demo as Ctrl-C does.
    """
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: interrupted.set())
    transcript = Transcript(stream)
    if not MODEL.is_here:
        transcript.say(f"The demo shows a language model, too, and {MODEL.remedy}", "bold red")
        return FAILED
    folder = DemoFolder(imsg_version)
    code = INTERRUPTED
    try:
        code = _play(Director(folder, transcript, interrupted.is_set))
    except KeyboardInterrupt:
        transcript.say("Interrupted.")
    finally:
        if code != FAILED and not keep:
            folder.remove()
    if folder.path.exists():
        transcript.say("Everything is kept:")
        transcript.path("folder", folder.path)
        transcript.path("log", folder.places.log_file)
    return code


def _play(play: Director) -> int:
    trouble = ""
    try:
        for scene in SCENES:
            scene(play)
    except _BREAKDOWNS as error:
        trouble = f'The demo broke off in "{play.scene_title}": {error or type(error).__name__}'
    finally:
        play.close()
    return _judge(play.checks, trouble, time.monotonic() - play.started, play.transcript)


def _judge(checks: Sequence[Check], trouble: str, seconds: float, transcript: Transcript) -> int:
    """Show the table and the verdict; the exit code."""
    if checks:
        transcript.table(checks)
    wrong = sum(not check.ok for check in checks)
    if trouble:
        transcript.say(trouble, "bold red")
    if wrong:
        transcript.say(f"{wrong} of {len(checks)} did not hold, in {seconds:.0f} s.", "bold red")
    if trouble or wrong:
        return FAILED
    transcript.say(f"All {len(checks)} held, in {seconds:.0f} s.", "bold green")
    return OK
