"""Nothing that an agent runs outlives the gateway: programs are started here, and ended whatever becomes of us.

In: command lines. Out: children, each watched over until it has ended. At an orderly end ``end`` waits for those who
run them to end them, and ends what is left. For the other end there is a small shell process, one for all, which does
nothing: it reads from a pipe that only we hold which process groups run for us, and when it ends, because we are gone
however that came about, the groups have a second to notice the end of their input, then they get TERM, and KILL after
another. A gateway that is started again within these seconds may begin turns beside what is left of the life before.
"""

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from loguru import logger

from actors.runtime.process import Child, SpawnError, signal_group, spawn

PATIENCE = 1.0
"""Seconds between the steps of an end: nothing, TERM, KILL."""
KILLED_SECONDS = 0.5
"""How long the news of a KILL may take."""

SCRIPT = """
live=' '
while read -r what ticket group; do
    case $live in
        *" $ticket="*)
            rest="${live#* $ticket=}"
            live="${live%% $ticket=*} ${rest#* }" ;;
    esac
    case $what in
        add) live="$live$ticket=$group " ;;
    esac
done
[ "$live" = ' ' ] && exit
sleep 1
for one in $live; do kill -s TERM -- "-${one#*=}" 2>/dev/null; done
sleep 1
for one in $live; do kill -s KILL -- "-${one#*=}" 2>/dev/null; done
"""
"""``add TICKET GROUP`` and ``del TICKET`` are what it reads; either may come twice."""


class Watchman:
    """For any thread. Its shell is started with the first program."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tickets = itertools.count(1)
        self._starting: set[int] = set()
        """Tickets of programs whose groups are not known yet."""
        self._groups: dict[int, int] = {}
        """Those that run, by their tickets."""
        self._shell: Child | None = None

    def spawn(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str | None,
        on_end: Callable[[int], None] = lambda _: None,
    ) -> Child:
        """``process.spawn``, and watched over until it has ended. Raises SpawnError."""
        known = threading.Event()

        def ended(code: int) -> None:
            known.wait()
            self.remove(ticket)
            on_end(code)

        with self._start() as (ticket, pipe):
            try:
                child = spawn(argv, env, cwd, ended, partial(_announce, ticket, pipe))
                self.add(ticket, child.pid)
            except BaseException:
                self.remove(ticket)
                raise
            finally:
                known.set()
        return child

    @contextlib.contextmanager
    def _start(self) -> Iterator[tuple[int, int]]:
        """A ticket for what is started, and an end of the shell's pipe that stays ours though the shell is replaced."""
        with self._changed:
            ticket = next(self._tickets)
            self._starting.add(ticket)
            if self._shell is None:
                self._begin()
            pipe = -1
            if self._shell is not None:
                with contextlib.suppress(OSError):  # no descriptor is left: nothing can be started
                    pipe = os.dup(self._shell.stdin)
        try:
            yield ticket, pipe
        finally:
            with self._changed:
                self._starting.discard(ticket)
                self._changed.notify_all()
            if pipe >= 0:
                os.close(pipe)

    def add(self, ticket: int, group: int) -> None:
        """``group`` runs for us."""
        with self._changed:
            self._groups[ticket] = group
            self._write(f"add {ticket} {group}\n")
            self._changed.notify_all()

    def remove(self, ticket: int) -> None:
        """It is gone: the number of its group may be another's by now."""
        with self._changed:
            self._groups.pop(ticket, None)
            self._write(f"del {ticket}\n")
            self._changed.notify_all()

    def end(self, patience: float = PATIENCE) -> None:
        """Have everything ended that runs for us. Whoever runs it was told, and has ``patience`` seconds to do so.

        Then TERM, after as many seconds KILL. Blocks until all is gone, half a second longer than that at most.
        """
        for number, seconds in ((0, patience), (signal.SIGTERM, patience), (signal.SIGKILL, KILLED_SECONDS)):
            with self._changed:
                if self._changed.wait_for(partial(self._is_over, number), seconds):
                    return
        logger.bind(actor="agents").error("programs of agents do not end: {}", sorted(self._groups.values()))

    def _is_over(self, number: int) -> bool:
        """Whether nothing runs for us; what does, also what began just now, is signalled."""
        for group in self._groups.values() if number else ():
            signal_group(group, number)
        return not self._groups and not self._starting

    def release(self) -> None:
        """Let the shell go: it sees the end of its input and ends what still runs."""
        with self._changed:
            if self._shell is not None:
                os.close(self._shell.stdin)
                self._shell = None

    @property
    def pid(self) -> int | None:
        """The shell's process, None while there is none."""
        shell = self._shell
        return None if shell is None or shell.ended.is_set() else shell.pid

    def _begin(self) -> None:
        """Another shell, which knows everything. One that is there still must not take this for our end."""
        if self._shell is not None:
            self._shell.signal(signal.SIGKILL)
            os.close(self._shell.stdin)
            self._shell = None
        try:
            self._shell = spawn(["/bin/sh", "-c", SCRIPT])
        except SpawnError as error:
            logger.bind(actor="agents").warning("nobody watches over the programs of agents: {}", error)
            return
        # It says nothing; with its ends closed it can block on nothing but us.
        os.close(self._shell.stdout)
        os.close(self._shell.stderr)
        os.set_blocking(self._shell.stdin, False)
        if self._groups:
            self._say("".join(f"add {ticket} {group}\n" for ticket, group in self._groups.items()))

    def _write(self, text: str) -> None:
        """Tell the shell; one that is gone, or does not read any more, is replaced."""
        if not self._say(text):
            self._begin()

    def _say(self, text: str) -> bool:
        if self._shell is None:
            return False
        try:
            os.write(self._shell.stdin, text.encode())
        except OSError:
            return False
        return True


def _announce(ticket: int, pipe: int) -> None:
    """In the child, before it is the program: so the shell knows of it though we are killed in the next moment."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # the shell may be gone
    with contextlib.suppress(OSError):
        os.write(pipe, f"add {ticket} {os.getpid()}\n".encode())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


WATCHMAN = Watchman()
"""The one of this process."""
