"""``gateway sessions reset`` and ``release``: a session begins anew, or goes on after its turns failed.

A running gateway is asked over its control socket; without one a reset is written into the journal under the instance
lock. Whatever is reported is on disk by then.
"""

import argparse
import time
from typing import Any

from actors.control.cli import consent, held
from actors.control.cli.common import ask, print_json
from actors.control.cli.exits import ERROR, NOT_RUNNING, OK, VerbError
from actors.control.cli.operating import Done, alone, report, runs
from actors.control.operations import SETTLED_SECONDS
from actors.control.sessions_page import counted
from actors.control.shelf import Pick
from actors.envelopes.facts import Renewed
from actors.journal.session_list import SessionRow
from actors.runtime.logs import visible
from config import Places

RESET = """\
Let a session begin anew: what was said until now is not told its agent any more, and a quarantine is lifted. The \
transcript stays, with a mark where it began anew. A running gateway does it; without one the journal is written from \
here.
"""
RELEASE = """\
Lift the quarantine of a session whose turns failed again and again, and have its held messages judged again, as if \
they came now, and answered in order. Needs a running gateway.
"""
WHY = "operator"
MARGIN = 3.0
"""Seconds beyond those a gateway waits for the commit."""


def reset(args: argparse.Namespace, where: Places, row: SessionRow) -> int:
    """Ask, have it begin anew, tell. Raises ``VerbError``."""
    what = f"{visible(row.key)}: {counted(row.turns, 'turn')}"
    if args.dry_run:
        return _tell(args, row, f"{what}; from a reset on its agent is told none of that", done=False)
    if not consent.obtain(args, f"{what}. Begin anew, so that its agent is told none of that any more?"):
        raise VerbError("nothing was changed")
    if runs(where):
        ask(where, {"do": "renew", "session": row.key}, SETTLED_SECONDS + MARGIN)
    else:
        _write(where, row)
    return _tell(args, row, f"{visible(row.key)} begins anew", done=True)


def _write(where: Places, row: SessionRow) -> None:
    """Here, under the instance lock. Raises ``VerbError``."""
    from actors.journal.offline import write_offline

    with alone(where):
        write_offline(where.journal, [Renewed(row.key, time.time(), WHY)])


def _tell(args: argparse.Namespace, row: SessionRow, text: str, done: bool) -> int:
    if args.json:
        print_json({"session": row.key, "turns": row.turns, "dryRun": args.dry_run, "done": done})
    else:
        print(text)
    return OK


def release(args: argparse.Namespace, where: Places, row: SessionRow, seqs: list[int]) -> int:
    """Lift the quarantine first, so that what is judged again is answered. Raises ``VerbError``, with 3 when no gateway
    runs.
    """
    is_quarantined = row.state == "quarantined"
    if not (is_quarantined or seqs):
        return _released(args, row, [], f"{visible(row.key)} is not quarantined, and none of its messages are held")
    if not runs(where):
        raise VerbError(
            "no gateway is running, so nobody could answer; nothing was changed. Start one with `gateway run`, then do "
            "this again",
            NOT_RUNNING,
        )
    ask(where, {"do": "lift", "session": row.key}, SETTLED_SECONDS + MARGIN)
    done = held.release(where, Pick(tuple(seqs))) if seqs else []
    return _released(args, row, done, f"{visible(row.key)} is not quarantined any more" if is_quarantined else "")


def _released(args: argparse.Namespace, row: SessionRow, done: list[Done], text: str) -> int:
    if args.json:
        results: list[dict[str, Any]] = [
            {"seq": one.number, "done": one.done, "outcome": one.said, "why": one.why or None} for one in done
        ]
        print_json({"session": row.key, "lifted": row.state == "quarantined", "results": results})
        return OK if all(one.done for one in done) else ERROR
    if text:
        print(text)
    return report(done, "message", "seq", as_json=False) if done else OK
