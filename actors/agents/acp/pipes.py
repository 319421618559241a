"""The pipes of an ACP agent as the protocol's library wants them: frames in, frames out, on one event loop.

In: the three pipes of a child. Out: decoded frames to the library, words of the answer to whoever listens, lines of
stderr to the log. Promises: a line takes at most 16 MiB of memory; what is no frame is logged and passed over; the end
is when nobody writes any more, or when the child ended and its pipe is empty (something it left behind may hold the
pipe open). Everything here runs on the loop's thread.
"""

import asyncio
import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable

from loguru import logger

from actors.agents.acp.frames import Frame, Junk, Pause, Words, is_request_or_response, preview, sift
from actors.rpc.frames import Splitter
from config.redaction import redact

READ_SIZE = 1 << 16
ERROR_LINE = 8192
ERROR_LINES = 200
"""Lines of stderr that are logged for one process: what follows is read and passed over."""
JUNK_LINES = 20


class Outflow:
    """What comes out of a child's pipe. ``ended`` is set when the child has ended; ``look`` is to be called then."""

    def __init__(self, descriptor: int, ended: threading.Event) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._ended = ended
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    async def read(self) -> bytes:
        """The next bytes, empty at the end. It always lets others run first."""
        await asyncio.sleep(0)
        while not self._closed:
            over = self._ended.is_set()
            try:
                return os.read(self._descriptor, READ_SIZE)
            except BlockingIOError:
                if over:
                    break
                await self._wait()
            except OSError:
                break
        return b""

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        loop.add_reader(self._descriptor, self.look)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if not self._closed:
                loop.remove_reader(self._descriptor)

    def look(self) -> None:
        """There may be something to read, or an end."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Give the pipe back; twice is fine."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self.look()


class Inflow:
    """The child's input. Frames go in one after the other, whoever writes them."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._turn = asyncio.Lock()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    async def write(self, data: bytes) -> None:
        """Raises ConnectionError when nobody reads any more."""
        async with self._turn:
            left = memoryview(data)
            while left:
                if self._closed:
                    raise ConnectionError("its input is closed")
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    await self._wait()
                except OSError as error:
                    raise ConnectionError("it does not read its input any more") from error

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        loop.add_writer(self._descriptor, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if not self._closed:
                loop.remove_writer(self._descriptor)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """The child sees the end of its input; twice is fine."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._wake()


class FrameTransport:
    """The library's transport over a child's stdin and stdout. ``heard`` is told the words and pauses of the answer, in
    order, and before the response behind them is handed over."""

    def __init__(self, name: str, output: Outflow, input_: Inflow, heard: Callable[[Words | Pause], None]) -> None:
        self._log = logger.bind(actor=name)
        self._output = output
        self._input = input_
        self._heard = heard
        self._splitter = Splitter()
        self._lines: deque[bytes] = deque()
        self._over = False
        self._junk = 0
        self.fault = ""
        """Why nothing more is read, where that is not the end of the output."""

    async def send(self, message: Frame) -> None:
        """Write a frame. Raises ConnectionError for a request that cannot be written; an answer to a child that does
        not read it is lost without a word."""
        data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        if "method" in message:
            await self._input.write(data)
        else:
            with contextlib.suppress(ConnectionError):
                await self._input.write(data)

    async def receive(self) -> Frame | None:
        """The next frame, None at the end."""
        while True:
            while self._lines:
                match sift(self._lines.popleft()):
                    case dict() as frame:
                        return frame
                    case (Words() | Pause()) as heard:
                        self._heard(heard)
                    case Junk() as junk:
                        self._note(junk)
            if self._over:
                return None
            data = await self._output.read()
            self._over = not data
            self._lines.extend(self._splitter.feed(data) if data else self._splitter.finish())
            for head in self._splitter.cut():
                self._note(Junk("longer than 16 MiB", preview(head)))
                if is_request_or_response(head):  # without it somebody would wait until the deadline
                    self._over, self.fault = True, "wrote a line of more than 16 MiB"

    def _note(self, junk: Junk) -> None:
        self._junk += 1
        if self._junk <= JUNK_LINES:
            self._log.warning("a line of its stdout is {}: {}", junk.why, redact(junk.start))

    def hang_up(self) -> None:
        """The child sees the end of its input."""
        self._input.close()

    async def close(self) -> None:
        """Give both pipes back."""
        self._input.close()
        self._output.close()


class LastWords:
    """The child's stderr: to the log, and the last line of it is kept."""

    def __init__(self, name: str, output: Outflow) -> None:
        self._log = logger.bind(actor=name)
        self._output = output
        self.line = ""

    async def listen(self) -> None:
        """Read until the end."""
        splitter, number = Splitter(most=ERROR_LINE), 0
        while data := await self._output.read():
            for line in [*splitter.feed(data), *splitter.cut()]:
                number += 1
                self._take(line, number)
        for line in splitter.finish():
            self._take(line, number + 1)
        self._output.close()

    def _take(self, line: bytes, number: int) -> None:
        self.line = str(redact(line.decode("utf-8", "replace").strip()))
        if number <= ERROR_LINES:
            self._log.info("stderr: {}", self.line)
