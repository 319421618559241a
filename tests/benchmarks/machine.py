"""The machine a measurement ran on: processor, load, and how often a second its disk makes something durable."""

import os
import platform
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

SECONDS = 0.3
BLOCK = b"x" * 4096


def load() -> str:
    """The load average over 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def about() -> dict[str, str]:
    """What identifies the machine."""
    return {
        "system": platform.platform(terse=True),
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "python": f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        "load": load(),
    }


def processor() -> str:
    """The processor's name; Linux keeps it in a file, elsewhere Python knows it."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def fsyncs(folder: Path) -> float:
    """4 KiB appended and fsynced, per second."""
    with open(folder / "fsync", "wb", buffering=0) as file:

        def write() -> None:
            file.write(BLOCK)
            os.fsync(file)

        return per_second(write)


def commits(folder: Path) -> float:
    """One-row transactions committed by SQLite per second, WAL and ``synchronous = FULL`` as in the journal."""
    with closing(sqlite3.connect(folder / "commits.db", isolation_level=None)) as database:
        database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (body BLOB)")
        return per_second(lambda: database.execute("INSERT INTO t VALUES (?)", (BLOCK[:400],)))


def per_second(act: Callable[[], object]) -> float:
    """How often a second ``act`` can be done."""
    begun, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < SECONDS:
        act()
        done += 1
    return done / passed
