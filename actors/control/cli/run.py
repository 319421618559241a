"""``gateway run``: the gateway in the foreground, until a signal ends it.

Exits 78 for an invalid config, 75 when another gateway holds the state folder, 0 after SIGTERM; it stays up for
anything the outside world can mend.
"""

import argparse
import os
import sys
import time
from typing import Any

from actors.control.cli.exits import BAD_CONFIG
from actors.control.config_file import load
from config import Loaded, Places

WAIT_SECONDS = 1.0


def add(subparsers: Any) -> None:
    """Register the verb."""
    parser = subparsers.add_parser(
        "run", help="run the gateway in the foreground", description="Run the gateway in the foreground."
    )
    parser.add_argument("--wait-config", action="store_true", help="wait for a valid config instead of exiting with 78")
    parser.add_argument("--quiet", action="store_true", help="no log lines on the terminal (they are in the log file)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Load the config and run."""
    places = Places.from_env(os.environ, getattr(args, "config", None))
    loaded = load(places, os.environ)
    if loaded.config is None:
        report(loaded)
        if not args.wait_config:
            return BAD_CONFIG
        print("gateway: waiting for a valid config", file=sys.stderr)
        while loaded.config is None:
            time.sleep(WAIT_SECONDS)
            loaded = load(places, os.environ)
    from actors.control.gateway import Gateway

    return Gateway(places, loaded, os.environ, console=not args.quiet).run()


def report(loaded: Loaded) -> None:
    """All problems of the file at once, on stderr."""
    print(f"gateway: the config {loaded.path} cannot be used:", file=sys.stderr)
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
