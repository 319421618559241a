"""``gateway run``: the gateway in the foreground, until a signal ends it.

Exits 78 for an invalid config, 75 when another gateway holds the state folder, 0 after SIGTERM; it stays up for
anything the outside world can mend.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from actors.control.cli.exits import BAD_CONFIG
from actors.control.config_file import load
from config import Loaded, Places, Problem, last_good

WAIT_SECONDS = 1.0


def add(subparsers: Any) -> None:
    """Register the verb."""
    parser = subparsers.add_parser(
        "run", help="run the gateway in the foreground", description="Run the gateway in the foreground."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--wait-config", action="store_true", help="wait for a valid config instead of exiting with 78")
    which.add_argument(
        "--last-good",
        action="store_true",
        help="start from the copy of the last config that worked; the file is taken as soon as it is valid again",
    )
    parser.add_argument("--quiet", action="store_true", help="no log lines on the terminal (they are in the log file)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Load the config and run."""
    places = Places.from_env(os.environ, getattr(args, "config", None))
    loaded = load(places, os.environ)
    if args.last_good:
        return _run_last_good(places, loaded, console=not args.quiet)
    if loaded.config is None:
        report(loaded)
        if not args.wait_config:
            if last_good.places(places) is not None:
                print("gateway: the last config that worked is kept: gateway run --last-good", file=sys.stderr)
            return BAD_CONFIG
        print("gateway: waiting for a valid config", file=sys.stderr)
        while loaded.config is None:
            time.sleep(WAIT_SECONDS)
            loaded = load(places, os.environ)
    return _run(places, loaded, console=not args.quiet)


def _run_last_good(places: Places, now: Loaded, *, console: bool) -> int:
    """``now`` is what stands in the files, which are watched all the same."""
    kept = last_good.places(places)
    if kept is None:
        print(f"gateway: {last_good.explain(places)}", file=sys.stderr)
        return BAD_CONFIG
    loaded = load(kept, os.environ)
    if loaded.config is None:
        report(loaded)
        return BAD_CONFIG
    print(f"gateway: RUNNING WITH THE LAST GOOD CONFIG, not with {places.config}", file=sys.stderr)
    for problem in now.problems:
        print(problem, file=sys.stderr)
    shown = replace(loaded, path=places.config, files=now.files, watched=now.watched)
    return _run(places, shown, console=console, instead_of=now.problems)


def _run(places: Places, loaded: Loaded, *, console: bool, instead_of: Sequence[Problem] | None = None) -> int:
    from actors.control.gateway import Gateway

    return Gateway(places, loaded, os.environ, console, instead_of).run()


def report(loaded: Loaded) -> None:
    """All problems of the file at once, on stderr."""
    print(f"gateway: the config {loaded.path} cannot be used:", file=sys.stderr)
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
