"""``gateway logs``: the log as people or programs read it, also while no gateway runs."""

import argparse
import json
import os
import select
import stat
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actors.control.cli.common import places, remark, whole_number
from actors.control.cli.exits import OK, VerbError
from actors.control.tail import Tail

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LINES = 200
INTERVAL = 0.2
"""Seconds between two looks at the file."""


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "logs",
        help="what it did, also while it is not running",
        description="Show the newest lines of the gateway's log, oldest of them first, times in local time.",
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is written, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--limit", type=whole_number, default=LINES, metavar="N", help=f"how many lines to begin with ({LINES})"
    )


def execute(args: argparse.Namespace) -> int:
    """Print the last lines, and with ``--follow`` all later ones."""
    path = places(args).log_file
    tail = Tail(path)
    try:
        lines = tail.start(args.limit)
        if not lines and not path.exists():
            remark(f"no log at {path} yet: no gateway has run with this state folder")
        _show(lines, as_json=args.json)
        while args.follow and not _reader_left(INTERVAL):
            _show(tail.poll(), as_json=args.json)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise VerbError(f"cannot read the log {path}: {error.strerror or error}") from error
    finally:
        tail.close()
    return OK


def _show(lines: Iterable[bytes], *, as_json: bool) -> None:
    for line in lines:
        print(_as_json(line) if as_json else as_text(line))
    sys.stdout.flush()


def _as_json(line: bytes) -> str:
    found = _object(line)
    return json.dumps({"message": line.decode("utf-8", "replace"), "raw": True} if found is None else found)


def as_text(line: bytes) -> str:
    """A line of the file for people; one that is no JSON object is shown as it stands, control characters visible."""
    from actors.runtime.logs import readable, visible

    found = _object(line)
    if found is None:
        return visible(line.decode("utf-8", "replace"))
    return readable(found)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reader_left(seconds: float) -> bool:
    """Wait; True as soon as nobody reads stdout any more, so that a follower ends before the next line comes."""
    try:
        descriptor = sys.stdout.fileno()
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except (OSError, ValueError):
        is_pipe = False
    if not is_pipe:
        time.sleep(seconds)
        return False
    watch = select.poll()
    watch.register(descriptor, 0)
    return bool(watch.poll(seconds * 1000))
