"""Lanes: how 0.14+ runs requests beside each other (imsg protocol 12.2).

    mutation   one worker, in the order of arrival      whatever changes something in Messages
    read       four workers, answers overtake           chats.*, messages.*, status, message.send_status
    control    one worker                               initialize, watch.*, unknown methods, unreadable lines

In: jobs, each of which writes its own answer. Out: jobs run, each in the thread of a worker. At most 128 are accepted
and not yet done; `drain` lets every accepted one finish.
"""

from collections.abc import Callable
from enum import Enum
from queue import SimpleQueue
from threading import Lock, Thread

MOST_OUTSTANDING = 128

Job = Callable[[], None]


class Lane(Enum):
    """A queue of requests, and how many workers it has."""

    MUTATION = "mutation"
    READ = "read"
    CONTROL = "control"

    @property
    def workers(self) -> int:
        """How many of its requests run at once."""
        return 4 if self is Lane.READ else 1


_CONTROL = frozenset({"initialize", "watch.subscribe", "watch.unsubscribe"})
_READ = frozenset({"status", "message.send_status"})


def lane_of(method: str, known: bool) -> Lane:
    """Where a method waits; what is not known is refused in the control lane."""
    if not known or method in _CONTROL:
        return Lane.CONTROL
    if method in _READ or method.startswith(("chats.", "messages.")):
        return Lane.READ
    return Lane.MUTATION


class Lanes:
    """The workers of one process."""

    def __init__(self, at_end: Callable[[], None]) -> None:
        """Start the workers; each calls `at_end` in its thread when it has drained."""
        self._at_end = at_end
        self._outstanding = 0
        self._lock = Lock()
        self._queues: dict[Lane, SimpleQueue[Job | None]] = {lane: SimpleQueue() for lane in Lane}
        self._workers = [
            Thread(target=self._work, args=(self._queues[lane],), name=f"{lane.value}-{number}", daemon=True)
            for lane in Lane
            for number in range(lane.workers)
        ]
        for worker in self._workers:
            worker.start()

    def admit(self, lane: Lane, job: Job) -> bool:
        """Queue a job; False, and nothing done, when too many are outstanding. A job must not raise."""
        with self._lock:
            if self._outstanding >= MOST_OUTSTANDING:
                return False
            self._outstanding += 1
        self._queues[lane].put(job)
        return True

    def drain(self) -> None:
        """Run what was admitted to its end, then end the workers; nothing may be admitted any more."""
        for lane, queue in self._queues.items():
            for _ in range(lane.workers):
                queue.put(None)
        for worker in self._workers:
            worker.join()

    def _work(self, queue: SimpleQueue[Job | None]) -> None:
        try:
            while job := queue.get():
                try:
                    job()
                finally:
                    with self._lock:
                        self._outstanding -= 1
        finally:
            self._at_end()
