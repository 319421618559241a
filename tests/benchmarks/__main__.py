"""``python -m tests.benchmarks``: run the scenarios, gateway and floor in turns, and print the table.

Exit codes: 0 measured, 1 a run did not do what it should (and is named), 2 usage, 130 interrupted.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from tests.benchmarks import machine
from tests.benchmarks.decisions import run_decisions, run_lookups
from tests.benchmarks.measures import Result, results
from tests.benchmarks.scenarios import Scenario, scenarios
from tests.benchmarks.subject import Sample, run_floor, run_gateway
from tests.benchmarks.table import as_json, table
from tests.benchmarks.verify import WrongError

RUNS = 3
WIDTH = 100
FLOOR = "the least a durable answerer can do, one loop: same messages, same disk, same minute"
BURST = 10_000
DISK = Path("/var/tmp")
"""Survives a restart by its definition, so it is never memory; ``/tmp`` often is."""


def main(argv: Sequence[str]) -> int:
    """Measure what the arguments ask for."""
    names = [scenario.name for scenario in scenarios()]
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure the gateway from outside, and beside it the physical floor.",
    )
    parser.add_argument("--rows", type=int, default=BURST, metavar="N", help=f"size of the burst ({BURST:,})")
    parser.add_argument("--only", choices=names, action="append", help="only this scenario (again for more)")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"runs of each, median shown ({RUNS})")
    parser.add_argument("--folder", type=Path, metavar="DIR", help=f"the disk to measure on ({DISK})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    args = parser.parse_args(argv)
    if args.rows < 1 or args.runs < 1:
        parser.error("--rows and --runs are at least 1")
    wanted = [scenario for scenario in scenarios(args.rows) if not args.only or scenario.name in args.only]
    with folder_in(args.folder or (DISK if DISK.is_dir() else None)) as folder:
        header = machine.about()
        header["disk"] = f"{machine.fsyncs(folder):,.0f} fsyncs/s, {machine.commits(folder):,.0f} commits/s"
        try:
            found = measure(wanted, args.runs, folder)
        except WrongError as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
    header["load"] += f" before, {machine.load()} after"
    show(header, found)
    if args.json:
        args.json.write_text(json.dumps(as_json(header, found), indent=1) + "\n")
    return 0


@contextmanager
def folder_in(parent: Path | None) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-benchmark-", dir=parent)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(wanted: Sequence[Scenario], runs: int, folder: Path) -> list[Result]:
    """Every scenario ``runs`` times, floor and gateway in turns, so that a noisy minute touches all. WrongError."""
    gateway: dict[str, list[Sample]] = defaultdict(list)
    floor: dict[str, list[Sample]] = defaultdict(list)
    for run in range(1, runs + 1):
        for scenario in wanted:
            print(f"run {run} of {runs}: {scenario.name}, {scenario.rows:,} messages", file=sys.stderr)
            least, all_of_it = (run_lookups, run_decisions) if scenario.kind == "pure" else (run_floor, run_gateway)
            for samples, take in ((floor, least), (gateway, all_of_it)):
                with folder_in(folder) as state:
                    samples[scenario.name].append(take(scenario, state))
    return results(gateway, floor)


def show(header: dict[str, str], found: Sequence[Result]) -> None:
    """Header and table on stdout."""
    for name, value in (*header.items(), ("floor", FLOOR)):
        print(f"{name:<10} {value}")
    Console(highlight=False, width=WIDTH).print(table(found))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
