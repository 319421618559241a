"""What the verbs share: where things are, asking a running gateway, how an answer and a remark are printed.

With ``--json`` stdout holds one JSON value and nothing else; errors and remarks for people go to stderr, one line each.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from actors.control.cli.exits import NOT_RUNNING, VerbError
from actors.control.client import ControlError, NotAnsweringError, NotRunningError, request
from config import Places


def add_json(parser: argparse.ArgumentParser) -> None:
    """The ``--json`` every reporting verb has."""
    parser.add_argument("--json", action="store_true", help="print one JSON value on stdout and nothing else")


def whole_number(text: str) -> int:
    """An argument that is a whole number from 0."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def places(args: argparse.Namespace) -> Places:
    """Where everything is, by ``--config`` and the environment."""
    return Places.from_env(os.environ, args.config)


def ask(where: Places, payload: Mapping[str, Any], seconds: float = 5.0) -> dict[str, Any]:
    """What a running gateway answers, in time. Raises ``VerbError``, with exit code 3 when none runs."""
    try:
        return request(where, payload, seconds)
    except (ControlError, NotAnsweringError) as error:
        raise VerbError(str(error)) from error
    except NotRunningError as error:
        raise VerbError(str(error), NOT_RUNNING) from error


def print_json(value: Any) -> None:
    """One JSON value and a line end; only ASCII, so that no text inside can reach a terminal's controls."""
    print(json.dumps(value))


def remark(text: str) -> None:
    """One line for the person, on stderr."""
    from actors.runtime.logs import visible  # late: few runs have anything to remark

    print(f"gateway: {visible(text)}", file=sys.stderr)
