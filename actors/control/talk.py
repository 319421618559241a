"""A short conversation with one child: lines in, JSON-RPC answers out, with one deadline for all of it.

For the command line only: it blocks. The child is ended with its group when the conversation is over.
"""

import os
import selectors
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from actors.envelopes.link import Response
from actors.rpc import frames
from actors.runtime.process import spawn

MOST_WORDS = 20
PARTING_SECONDS = 0.5


class SilentError(Exception):
    """No answer in time."""


class GoneError(Exception):
    """The child ended instead of answering."""


class Talk:
    """``with Talk(argv, deadline) as talk: talk.ask(...)``; ``deadline`` is monotonic seconds.

    ``words`` are the last lines the child wrote that are no JSON-RPC, on either output.
    """

    def __init__(self, argv: Sequence[str], deadline: float) -> None:
        """Start the child. Raises ``SpawnError``."""
        self.words: list[str] = []
        self.answered = False
        self._deadline = deadline
        self._asked = 0
        self._answers: dict[Any, Response] = {}
        self._child = spawn(argv)
        self._splitters = {self._child.stdout: frames.Splitter(), self._child.stderr: frames.Splitter()}
        self._selector = selectors.DefaultSelector()
        for descriptor in self._splitters:
            self._selector.register(descriptor, selectors.EVENT_READ)

    def ask(self, method: str, params: dict[str, Any]) -> Response:
        """The answer to one request. Raises ``SilentError`` at the deadline, ``GoneError`` when the child ends."""
        self._asked += 1
        with suppress(BrokenPipeError):
            # A pipe takes so short a line at once; a child that is gone says so on its output.
            os.write(self._child.stdin, frames.request(self._asked, method, params))
        while (answer := self._answers.pop(self._asked, None)) is None:
            if self._child.stdout not in self._splitters:
                self._hear_out()
                raise GoneError
            self._read(self._deadline)
        self.answered = True
        return answer

    def exit_code(self) -> int | None:
        """How the child ended; None when it has not, within ``PARTING_SECONDS``."""
        self._child.ended.wait(PARTING_SECONDS)
        return self._child.exit_code

    def _hear_out(self) -> None:
        """The last words on stderr may come after the end of stdout."""
        with suppress(SilentError):
            while self._splitters:
                self._read(min(self._deadline, time.monotonic() + PARTING_SECONDS))

    def _read(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        ready = self._selector.select(left) if left > 0 else ()
        if not ready:
            raise SilentError
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            splitter = self._splitters[key.fd]
            for line in splitter.feed(data) if data else splitter.finish():
                self._take(line, key.fd == self._child.stderr)
            if not data:
                self._selector.unregister(key.fd)
                del self._splitters[key.fd]

    def _take(self, line: bytes, aside: bool) -> None:
        said = None if aside else frames.sort(line)
        if isinstance(said, Response):
            self._answers[said.id] = said
        elif aside or isinstance(said, frames.Junk):
            self.words = [*self.words, frames.preview(line.strip(), 200)][-MOST_WORDS:]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._selector.close()
        with suppress(OSError):
            os.close(self._child.stdin)
        if self.answered:
            self._child.ended.wait(PARTING_SECONDS)
        self._child.end()
        for descriptor in (self._child.stdout, self._child.stderr):
            os.close(descriptor)
