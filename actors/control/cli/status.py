"""``gateway status``: is it running, is it well, what waits. Exit code 0 when one runs, 3 when none does."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from actors.control.cli.common import add_json, places, print_json, remark
from actors.control.cli.exits import ERROR, NOT_RUNNING, OK
from actors.control.client import ControlError, NotAnsweringError, NotRunningError, request

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "status",
        help="is it running, is it well, what waits",
        description="Tell how the running gateway does: each account, the counts, what waits in the outbox. "
        "Exits with 3 when no gateway runs; what the journal holds is shown all the same.",
    )
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Ask the running gateway, else tell what its journal holds."""
    where, code = places(args), OK
    try:
        report = request(where, {"do": "status"})
    except NotRunningError as error:
        from actors.control import reports
        from actors.control.reading import JournalReader
        from actors.control.version import version

        reading = JournalReader(where.journal).read()
        if isinstance(error, NotAnsweringError):
            report = reports.silent(version(), reading, error.pid, error.reason, error.remedy)
        else:
            report, code = reports.stopped(version(), reading), NOT_RUNNING
    except ControlError as error:
        remark(str(error))
        return ERROR
    if args.json:
        print_json(report)
    else:
        from actors.control import tables

        tables.status(tables.console(sys.stdout), report, time.time())
        if code:
            print(f"state folder: {where.state}")
    return code
