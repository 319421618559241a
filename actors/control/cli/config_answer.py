"""What a running gateway makes of a config file that was just written."""

import time

from actors.control.client import ControlError, NotAnsweringError, NotRunningError, request
from config import Places

PATIENCE = 5.0
"""Seconds: the file has to be still for a moment, then is read; sends under way may hold an account up for longer."""
PAUSE = 0.05

NOBODY = "no gateway runs"
TAKEN = "the running gateway has taken it"
LATER = "the running gateway has not taken it yet: see gateway status"
SILENT = "a gateway runs and cannot be asked: see gateway status"


def answer(where: Places, digest: str, patience: float = PATIENCE) -> str:
    """Wait until the gateway runs with the files of this digest, or says why it does not."""
    end = time.monotonic() + patience
    while True:
        try:
            told = request(where, {"do": "config"})
        except NotAnsweringError:
            return SILENT
        except NotRunningError:
            return NOBODY
        except ControlError:
            return SILENT
        if told.get("path") != str(where.config):
            return f"the running gateway uses another file: {told.get('path')}"
        if told.get("digest") == digest:
            return TAKEN
        if told.get("pending"):
            return f"the running gateway does not take it: {told['pending']}"
        if time.monotonic() > end:
            problems = told.get("problems") or []
            return f"the running gateway does not take it: {problems[0]}" if problems else LATER
        time.sleep(PAUSE)
