"""A program: as many children as its argument says, one after the other, among busy threads. Exit code 0: all is well.

It runs in a process of its own, so that every thread, descriptor and child that is left over is one of these.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from loguru import logger

from actors.envelopes.link import ChildErrors, ChildGone, Lines
from actors.rpc.pipes import Channel
from tests.support.actors import Probe, wait_until
from tests.support.scripts import open_descriptors, shell_script

AT_ONCE = 2
BUSY = 3
LIVES = 'echo "error $1" >&2; echo "line $1"; [ $(($1 % 3)) -gt 0 ] || exec cat'
"""Every third stays until it is ended."""


@contextmanager
def busy_threads(folder: Path) -> Iterator[None]:
    """Threads that hold the locks a fork may find locked: of the log, of memory, of files."""
    over = threading.Event()

    def work(number: int) -> None:
        while not over.wait(0.0005):
            logger.trace("thread {} says {}", number, "x" * 200)
            (folder / f"scratch{number}").write_bytes(os.urandom(1 << 12))
            [bytearray(1 << 10) for _ in range(20)]

    sink = logger.add(folder / "log.txt", level="TRACE")
    threads = [threading.Thread(target=work, args=(number,)) for number in range(BUSY)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
        logger.remove(sink)


def live_and_end(program: str, number: int) -> None:
    """One child: its lines come, and its end, by itself or by us."""
    reader = Probe(f"reader {number}")
    channel = Channel((program, str(number)), number, reader.ref, lambda: 0)
    assert reader.next(Lines).lines == (f"line {number}".encode(),)
    channel.taken += 1
    if number % 3 == 0:
        channel.end()
    code = reader.next(ChildGone).exit_code
    assert code == (-15 if number % 3 == 0 else 0), f"child {number} ended with {code}"
    assert [error.line for error in reader.all(ChildErrors)] == [f"error {number}"]
    channel.stdin.close()


def main(children: int) -> int:
    """Run so many, then see what is left."""
    with tempfile.TemporaryDirectory() as folder:
        program = shell_script(Path(folder) / "imsg", LIVES)
        threads, descriptors = threading.active_count(), open_descriptors()
        with busy_threads(Path(folder)), ThreadPoolExecutor(AT_ONCE) as pool:
            ended = sum(1 for _ in pool.map(partial(live_and_end, program), range(1, children + 1)))
        assert ended == children
        wait_until(lambda: threading.active_count() <= threads, what="the end of all threads")
        wait_until(lambda: open_descriptors() <= descriptors, what="the closing of all descriptors")
        wait_until(lambda: psutil.Process().children() == [], what="the end of all processes")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
