"""Nothing of an ACP agent outlives a gateway that was killed: a small shell process watches over that.

In: the process groups that run for us. A shell reads them from a pipe that only we hold; when it ends, because we are
gone however that came about, the groups have a second to notice the end of their input, then they are ended. One for
all agents, started with the first group, doing nothing until then.
"""

import os
import threading

from loguru import logger

from actors.runtime.process import Child, SpawnError, spawn

SCRIPT = """
live=' '
while read -r what group; do
    case $what in
        add) live="$live$group " ;;
        del) live="${live%% $group *} ${live#* $group }" ;;
    esac
done
sleep 1
for group in $live; do kill -s TERM -- "-$group" 2>/dev/null; done
sleep 1
for group in $live; do kill -s KILL -- "-$group" 2>/dev/null; done
"""


class Watchman:
    """For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._shell: Child | None = None

    def add(self, group: int) -> None:
        """``group`` runs for us."""
        with self._lock:
            self._groups.add(group)
            if not self._write(f"add {group}\n"):
                self._begin()

    def remove(self, group: int) -> None:
        """``group`` is gone: its number may be another's by now."""
        with self._lock:
            self._groups.discard(group)
            self._write(f"del {group}\n")

    def release(self) -> None:
        """Let it go: it sees the end of its input and ends what still runs."""
        with self._lock:
            self._leave()

    @property
    def pid(self) -> int | None:
        """Its process, None while there is none."""
        shell = self._shell
        return None if shell is None or shell.ended.is_set() else shell.pid

    def _begin(self) -> None:
        self._leave()
        try:
            self._shell = spawn(["/bin/sh", "-c", SCRIPT])
        except SpawnError as error:
            logger.bind(actor="acp").warning("nobody watches over ACP agents: {}", error)
            return
        # It says nothing; with its ends closed it can block on nothing but us.
        os.close(self._shell.stdout)
        os.close(self._shell.stderr)
        os.set_blocking(self._shell.stdin, False)
        self._write("".join(f"add {group}\n" for group in sorted(self._groups)))

    def _leave(self) -> None:
        if self._shell is not None:
            os.close(self._shell.stdin)
            self._shell = None

    def _write(self, text: str) -> bool:
        """False when nobody reads it: there is no shell, or it is gone."""
        if self._shell is None:
            return False
        try:
            os.write(self._shell.stdin, text.encode())
        except OSError:
            return False
        return True


WATCHMAN = Watchman()
"""The one of this process."""
