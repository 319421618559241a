"""Moving bytes: a pump thread reads the child's output, a writer feeds its input without ever blocking an actor.

The pump reads on only while intake and journal hold fewer than ``HIGH_WATER`` lines; the pipe then stops imsg.
It measures what waits (nothing is counted up and down, so nothing can leak) and waits for local commits only.
"""

import contextlib
import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from pykka import ActorDeadError

from actors.envelopes.control import Ref
from actors.envelopes.link import ChildErrors, ChildGone, Lines
from actors.rpc.frames import Splitter
from actors.runtime.process import Child, spawn

READ_SIZE = 1 << 16
HIGH_WATER = 256
PAUSE_SECONDS = 0.002
LOOK_MS = 1000
GRACE_SECONDS = 0.5


class Channel:
    """One child with its pump and the writer of its input. Raises SpawnError when it cannot be started.

    ``waiting`` counts lines elsewhere on their way to the disk; ``taken`` is counted up by the reader.
    """

    def __init__(self, argv: Sequence[str], epoch: int, reader: Ref, waiting: Callable[[], int]) -> None:
        self.child = spawn(argv)
        self.stdin = PipeWriter(self.child.stdin)
        self.taken = 0
        self._elsewhere = waiting
        self.pump = Pump(self.child, epoch, reader, self._waiting)
        self.pump.start()

    def _waiting(self) -> int:
        return self.pump.told - self.taken + self._elsewhere()

    @staticmethod
    def ended_by_itself(code: int | None) -> bool:
        """Whether this exit code is of a child that is gone, and not by a signal of ours."""
        return code not in (None, -signal.SIGTERM, -signal.SIGKILL)

    def end(self) -> None:
        """End the child's group, without waiting for that."""
        threading.Thread(target=self.child.end, name=f"end-{self.child.pid}", daemon=True).start()

    def abandon(self) -> None:
        """End it without a reader: nobody takes its lines any more, so the pump must not wait for that."""
        self.pump.stop()
        self.end()

    def shut(self) -> bool:
        """Close the child's input, give it half a second, then end its group; True when it is gone."""
        self.pump.stop()
        self.stdin.close()
        if not self.child.ended.wait(GRACE_SECONDS):
            self.child.end()
        return self.child.ended.is_set()


ERROR_LINES = 200


class Pump:
    """Two threads for one child: stdout to ``Lines`` and ``ChildGone``, stderr to ``ChildErrors``."""

    def __init__(self, child: Child, epoch: int, reader: Ref, waiting: Callable[[], int]) -> None:
        self._child = child
        self._epoch = epoch
        self._reader = reader
        self._waiting = waiting
        self._stopped = threading.Event()
        self.told = 0
        """Lines handed to the reader so far."""
        self._errors = threading.Thread(target=self._pump_errors, name=f"stderr-{child.pid}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._errors.start()
        threading.Thread(target=self._pump_output, name=f"pump-{self._child.pid}", daemon=True).start()

    def stop(self) -> None:
        """Read no further (the threads end by themselves, at the latest with the child)."""
        self._stopped.set()

    def _pump_output(self) -> None:
        splitter = Splitter()
        self._hold()
        for data in _chunks(self._child.stdout, self._child.ended):
            self._tell(splitter.feed(data), splitter.cut())
            self._hold()
            if self._stopped.is_set():
                break
        else:
            self._tell(splitter.finish(), ())
        self._child.ended.wait(1.0)
        # What it said last is part of why it went.
        self._errors.join(1.0)
        with contextlib.suppress(ActorDeadError):
            self._reader.tell(ChildGone(self._epoch, self._child.exit_code))

    def _hold(self) -> None:
        while self._waiting() >= HIGH_WATER and not self._stopped.wait(PAUSE_SECONDS):
            pass

    def _tell(self, lines: list[bytes], cut: tuple[bytes, ...]) -> None:
        if lines or cut:
            self.told += len(lines)
            with contextlib.suppress(ActorDeadError):
                self._reader.tell(Lines(self._epoch, tuple(lines), cut))

    def _pump_errors(self) -> None:
        # stderr is drained for ever; only the first lines of a flood are passed on.
        splitter = Splitter(most=8192)
        passed = 0
        for data in _chunks(self._child.stderr, self._child.ended):
            for line in splitter.feed(data):
                passed += 1
                self._tell_error(line, passed)
        for line in splitter.finish():
            self._tell_error(line, passed + 1)

    def _tell_error(self, line: bytes, number: int) -> None:
        if number <= ERROR_LINES:
            with contextlib.suppress(ActorDeadError):
                self._reader.tell(ChildErrors(self._epoch, line.decode("utf-8", "replace")))


def _chunks(descriptor: int, ended: threading.Event) -> Iterator[bytes]:
    """What comes out of a child's pipe, which is closed at the end.

    A process that left the child's group may hold the pipe open for ever (ssh with ControlPersist does), so the
    end is not only that nobody writes any more, but also that the child ended and the pipe is empty.
    """
    os.set_blocking(descriptor, False)
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    try:
        while True:
            over = ended.is_set()
            try:
                data = os.read(descriptor, READ_SIZE)
            except BlockingIOError:
                if over:
                    return
                poller.poll(LOOK_MS)
                continue
            if not data:
                return
            yield data
    except OSError:
        return
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


class PipeWriter:
    """The child's input. ``write`` never blocks: what the pipe does not take at once goes out from a thread."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._backlog: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def write(self, data: bytes) -> bool:
        """Send bytes in order; False when the pipe is broken or closed."""
        with self._lock:
            if self._closed:
                return False
            if not self._backlog:
                try:
                    written = os.write(self._descriptor, data)
                except BlockingIOError:
                    written = 0
                except OSError:
                    return False
                if written == len(data):
                    return True
                data = data[written:]
            self._backlog.append(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._drain, name="pipe-writer", daemon=True)
                self._thread.start()
            return True

    def _drain(self) -> None:
        poller = select.poll()
        while True:
            with self._lock:
                if self._closed or not self._backlog or not self._write_some():
                    self._thread = None
                    return
            # Only looked at outside the lock, never written to: once closed, the number may be another file's.
            poller.register(self._descriptor, select.POLLOUT)
            poller.poll(LOOK_MS)

    def _write_some(self) -> bool:
        data = self._backlog[0]
        try:
            written = os.write(self._descriptor, data)
        except BlockingIOError:
            return True
        except OSError:
            self._close()
            return False
        if written == len(data):
            self._backlog.popleft()
        else:
            self._backlog[0] = data[written:]
        return True

    def close(self) -> None:
        """Close the pipe: imsg sees the end of its input."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._backlog.clear()
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
