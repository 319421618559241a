"""Sees files change: one thread that waits on their folders (inotify, FSEvents; polling where that is all there is).

In: the paths that matter. Out: a call when something happened to one of them, from that thread. Folders are watched,
not files: editors replace a file, links are turned. It may miss what a network file system does not report; the keeper
looks at the files from time to time besides.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from loguru import logger

STEP_MS = 100
"""Changes that follow each other within so many milliseconds are one."""
LONGEST_MS = 500
WAKE_MS = 5_000

log = logger.bind(actor="config")


class Watcher:
    """``changed`` is called on the watcher's own thread and must return at once.

    Folders ``without`` are not watched: where much is written, each write would wake the watcher for nothing.
    """

    def __init__(self, changed: Callable[[], None], without: Collection[Path] = ()) -> None:
        self._changed = changed
        self._without = without
        self._paths: frozenset[Path] = frozenset()
        self._stop = threading.Event()

    def watch(self, paths: Iterable[Path]) -> None:
        """Watch these from now on, in the stead of those before. Folders that are not there are left out."""
        wanted = frozenset(paths)
        if wanted == self._paths and not self._stop.is_set():
            return
        self.stop()
        self._paths, self._stop = wanted, threading.Event()
        folders = sorted({path.parent for path in wanted if path.parent.is_dir()} - {*self._without})
        if folders:
            arguments = (folders, frozenset(path.name for path in wanted), self._stop)
            threading.Thread(target=self._run, args=arguments, name="config-watch", daemon=True).start()

    def stop(self) -> None:
        """Watch nothing; the thread ends by itself."""
        self._stop.set()

    def _run(self, folders: list[Path], names: frozenset[str], stop: threading.Event) -> None:
        from watchfiles import watch  # late and on this thread: it takes a tenth of a second to import

        def matters(_: object, path: str) -> bool:
            return Path(path).name in names

        try:
            for _ in watch(
                *folders,
                watch_filter=matters,
                debounce=LONGEST_MS,
                step=STEP_MS,
                stop_event=stop,
                rust_timeout=WAKE_MS,
                raise_interrupt=False,
                recursive=False,
                ignore_permission_denied=True,
            ):
                self._changed()
        except (OSError, RuntimeError) as error:
            if not stop.is_set():
                # The limit of watches is used up, or a folder went away: looking from time to time goes on.
                log.warning("cannot watch the config's folders ({}); changes are seen some seconds later", error)
