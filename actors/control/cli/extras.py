"""``extras``: adds what model and coding agents need, and says what is there.

Adding is done before this runs, by the launcher ``bin/gateway``, which has pip bring the packages into ``.venv``; an
installation by pip alone is told how. Exit 0 when all of it is there, else 1.
"""

import argparse
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from actors.agents.extras import EXTRAS
from actors.control.cli.exits import ERROR, OK

if TYPE_CHECKING:
    from argparse import _SubParsersAction

PACKAGES = {"model": "pydantic-ai-slim", "acp": "agent-client-protocol"}


def add(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    subparsers.add_parser(
        "extras",
        help="add what model and coding agents need",
        description="Add the packages that model agents (OpenAI-compatible, Anthropic, Google, local servers) and ACP "
        "agents need to this checkout's .venv, and say what is there. They stay up to date from then on.",
    )


def execute(_args: argparse.Namespace) -> int:
    """Say what is there."""
    for extra in EXTRAS:
        package = PACKAGES[extra.name]
        try:
            print(f"{extra.purpose}: {package} {version(package)}")
        except PackageNotFoundError:
            print(f"{extra.purpose}: {package} is not there. Add it: pip install 'imessage-gateway[{extra.name}]'")
    return OK if all(extra.is_here for extra in EXTRAS) else ERROR
