"""What the writing verbs share: have something done, then look at the journal until the outcome is there.

A running gateway is asked over its control socket and does the writing; without one the instance lock is taken and the
journal written from here. Either way what is reported was read back from the journal.
"""

import argparse
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from actors.control.cli.common import add_json, ask, print_json, remark
from actors.control.cli.exits import ERROR, LOCK_HELD, OK, VerbError
from actors.control.client import ControlError, NotAnsweringError, NotRunningError, request
from actors.control.lock import InstanceLock, LockHeldError
from actors.journal.schema import JournalError, explain
from config import Places

PORTION = 1000
"""Numbers in one request: each has at most 19 digits, a request at most 64 KiB."""
DEADLINE = 10.0
"""Seconds without any change after which the outcome is not waited for."""
QUIET = 3.0
"""The same where nothing more need come."""
PAUSE = 0.1
SHOWN = 20

Seen = TypeVar("Seen")


class Done(NamedTuple):
    """What became of one: ``said`` and ``why`` are for people; ``refused`` when nothing was even tried."""

    number: int
    done: bool
    said: str
    why: str = ""
    refused: bool = False


def refuse(number: int, why: str) -> Done:
    """One for which nothing was tried."""
    return Done(number, False, "refused", why, True)


def number(text: str) -> int:
    """An argument that is a row number or a chunk key."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**63):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from the list")
    return int(text)


def add_choice(
    listing: argparse.ArgumentParser,
    showing: argparse.ArgumentParser,
    writing: Sequence[argparse.ArgumentParser],
    name: str,
    state: str,
) -> None:
    """Which ones are meant: numbers (called ``name``), or all that ``state`` (words) and fit; and ``--json``."""
    for each in (listing, showing, *writing):
        each.add_argument("numbers", metavar=name, type=number, nargs="+" if each is showing else "*", help="numbers")
        add_json(each)
    for each in (listing, *writing):
        each.add_argument("--reason", metavar="R", help=f"only those that {state} for this reason")
        each.add_argument("--chat", metavar="N", type=number, help="only those of this chat")
        each.add_argument("--account", metavar="A", help="only those of this account")
    for each in writing:
        each.add_argument("--all", action="store_true", help=f"all that {state}")


def runs(where: Places) -> str:
    """Since when a gateway runs that can be asked (ISO 8601), empty when none does. Raises ``VerbError`` when one runs
    that cannot be asked.
    """
    try:
        return str(request(where, {"do": "ping"})["startedAt"])
    except (ControlError, NotAnsweringError) as error:
        raise VerbError(str(error)) from error
    except NotRunningError:
        return ""


def portions(where: Places, payload: Mapping[str, Any], name: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The replies to ``payload`` with ``numbers`` under ``name``, a thousand at a time."""
    parts = [list(numbers[start : start + PORTION]) for start in range(0, len(numbers), PORTION)]
    return [ask(where, {**payload, name: part}) for part in parts]


@contextmanager
def journal(path: Path) -> Iterator[None]:
    """Errors of reading or writing the journal become one message."""
    try:
        yield
    except JournalError as error:
        raise VerbError(str(error)) from error
    except sqlite3.Error as error:
        raise VerbError(explain(error, path)) from error


@contextmanager
def alone(where: Places) -> Iterator[None]:
    """Hold the instance lock, so that no gateway starts meanwhile. Raises ``VerbError``, with 75 when one did."""
    lock = InstanceLock(where.lock)
    try:
        lock.acquire()
    except LockHeldError as error:
        raise VerbError(f"{error} Then do this again.", LOCK_HELD) from error
    except OSError as error:
        raise VerbError(f"cannot take the lock {where.lock}: {error.strerror or error}") from error
    try:
        with journal(where.journal):
            yield
    finally:
        lock.release()


def wait(look: Callable[[], Seen], finished: Callable[[Seen], bool], quiet: Callable[[Seen], bool]) -> Seen:
    """What ``look`` sees when it is ``finished``, or nothing has changed for a time: ``QUIET`` when that is enough."""
    seen, changed = look(), time.monotonic()
    while not finished(seen):
        if time.monotonic() - changed > (QUIET if quiet(seen) else DEADLINE):
            break
        time.sleep(PAUSE)
        before, seen = seen, look()
        if seen != before:
            changed = time.monotonic()
    return seen


def report(results: Sequence[Done], noun: str, name: str, as_json: bool) -> int:
    """Print what became of each; the exit code. ``name`` is the JSON key of the number, ``noun`` its word."""
    if as_json:
        print_json({"results": [_json(one, name) for one in results]})
    else:
        _say([one for one in results if not one.refused])
        for one in [one for one in results if one.refused][:SHOWN]:
            remark(f"{noun} {one.number}: {one.why}")
        if (more := sum(one.refused for one in results) - SHOWN) > 0:
            remark(f"and {more} more; --json tells all")
    return OK if all(one.done for one in results) else ERROR


def _json(one: Done, name: str) -> dict[str, Any]:
    return {name: one.number, "done": one.done, "outcome": one.said, "why": one.why or None}


def _say(results: Sequence[Done]) -> None:
    from actors.runtime.logs import visible

    groups = Counter((one.said, one.why) for one in sorted(results, key=lambda one: not one.done))
    if groups:
        print(", ".join(f"{said} {n}" + (f" ({visible(why)})" if why else "") for (said, why), n in groups.items()))
    left = [str(one.number) for one in results if not one.done]
    if left and len(results) > 1:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        print(f"not done: {', '.join(left[:SHOWN])}{more}")
