"""Cases that are run at once, each with towns of its own, because real pauses take seconds.

A module has ``case = Cases()``, functions with ``@case(*versions)``, and one test over ``case.names()`` that asks the
fixture ``outcome`` for each. All cases that pytest selected, those of other modules too, are started with the first of
them, ``AT_ONCE`` at a time; of those that mostly work instead of waiting only ``AT_WORK`` as well.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.faults.town import PLAIN, Town

AT_ONCE, AT_WORK = 10, 2


class Build(Protocol):
    """Makes a town in a folder of its own."""

    def __call__(self, version: str = "0.9", bridge: bool = False, flags: str = "", program: str = PLAIN) -> Town:
        """The arguments of ``Town`` after its folder."""


Versioned = Callable[[Build, str], None]
Case = Callable[[Build], None]


class Towns:
    """Makes towns below a folder, and ends them all. For one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._towns: list[Town] = []

    def build(self, version: str = "0.9", bridge: bool = False, flags: str = "", program: str = PLAIN) -> Town:
        """One more."""
        town = Town(self._folder / f"town{len(self._towns)}", version, bridge, flags, program)
        self._towns.append(town)
        return town

    def close(self) -> None:
        """End what runs in them."""
        for town in self._towns:
            town.close()


class Cases:
    """The cases of one module."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}
        self._marks: dict[str, Any] = {}
        self._working: set[str] = set()

    def __call__(self, *versions: str, soak: bool = False, works: bool = False) -> Callable[[Versioned], Versioned]:
        """One case for each version of imsg.

        ``soak``: only when long runs are asked for. ``works``: it has thousands of messages or dozens of starts, and
        would starve the others if there were many of its kind.
        """

        def add(function: Versioned) -> Versioned:
            for version in versions:
                name = f"{function.__name__}-{version}"
                self._cases[name] = partial(_of_version, function, version)
                self._marks[name] = (pytest.mark.soak, pytest.mark.timeout(600)) if soak else ()
                if works:
                    self._working.add(name)
            return function

        return add

    def names(self) -> list[Any]:
        """What to parametrise the module's test over."""
        return [pytest.param(name, marks=self._marks[name], id=name) for name in self._cases]

    def get(self, name: str) -> Case:
        """The case of this name."""
        return self._cases[name]

    def works(self, name: str) -> bool:
        """Whether it mostly works."""
        return name in self._working


class Running:
    """Cases under way: by name, and whether they mostly work."""

    def __init__(self, cases: dict[str, tuple[Case, bool]], folder: Path) -> None:
        self._pools = {False: ThreadPoolExecutor(AT_ONCE), True: ThreadPoolExecutor(AT_WORK)}
        self._ends: dict[str, Future[None]] = {
            name: self._pools[works].submit(_play, case, folder / str(number))
            for number, (name, (case, works)) in enumerate(cases.items())
        }

    def outcome(self, name: str) -> None:
        """Wait for the end of a case; raises what it raised."""
        self._ends[name].result()

    def close(self) -> None:
        """Wait for those under way; the others are not begun any more."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _play(case: Case, folder: Path) -> None:
    towns = Towns(folder)
    try:
        case(towns.build)
    finally:
        towns.close()


def _of_version(function: Versioned, version: str, build: Build) -> None:
    function(build, version)
