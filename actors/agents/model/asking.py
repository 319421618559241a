"""Asking a model until it answers: tries, pauses, time limits, and the answer in blocks while it is written.

In: a question, and which model. Out: the whole answer without thoughts, or ``GaveUpError`` with the last fault. All of
it runs on the loop of the model agents. ``again`` failures are asked again, later and later, as often as ``Patience``
says and the deadline allows; a server that does not take files, or does not stream, is asked for less. Once a block
went out nothing is asked from the start again. An answer whose first paragraph is ``NO_REPLY`` is that alone.
"""

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from actors.agents.blocks import Blocks, Coalesce
from actors.agents.briefing.context_parts import well_formed
from actors.agents.model.clients import REPLY, Clients, Reply
from actors.agents.model.faults import BrokenError, EmptyError, Fault, failures, fault_of, moved
from actors.agents.model.messages import NOTHING_SAID, Question, messages
from actors.agents.model.names import Choice
from actors.agents.thoughts import Heard, Thoughts, spoken
from actors.envelopes.outbound import Usage
from actors.outbound.reply_text import opens_silent
from actors.runtime.backoff import Backoff

if TYPE_CHECKING:
    from pydantic_ai.models import Model
    from pydantic_ai.usage import RequestUsage


class Patience(NamedTuple):
    """How long and how often. Times are seconds.

    ``silence`` is how long a server of somebody else may take until it says its first word (one of our own: as long as
    the deadline allows), ``stall`` how long a stream may pause. A server that asks for more than ``longest`` is not
    waited for where there is another model.
    """

    tries: int = 4
    silence: float = 300.0
    stall: float = 60.0
    longest: float = 60.0
    backoff: Backoff = Backoff(first=1.0, factor=3.0, cap=30.0, jitter=0.3)


PATIENT: Final = Patience()
MOST_CHARACTERS: Final = 300_000
"""Of one answer: whoever writes more does not stop at all."""
_chance: Final = random.SystemRandom().random


class GaveUpError(Exception):
    """There is no answer of this model."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.words)
        self.fault = fault


class _Shape(NamedTuple):
    """What a request asks for."""

    stream: bool
    files: bool

    def less(self, status: int) -> "_Shape | None":
        """One that asks for less, after a refusal; None when there is none."""
        if self.stream and status != 404:
            return self._replace(stream=False)
        return self._replace(files=False) if self.files else None


class Asking:
    """The requests of one turn. ``deadline`` is in monotonic seconds; ``say`` gets finished blocks.

    ``unstreamed`` remembers the models that do not stream, or whose thoughts cannot be told while they do. ``usage`` is
    what all requests took, ``trouble`` the last fault.
    """

    def __init__(
        self,
        clients: Clients,
        patience: Patience,
        deadline: float,
        coalesce: Coalesce | None,
        say: Callable[[str], None],
        unstreamed: set[Choice],
    ) -> None:
        self._clients = clients
        self._patience = patience
        self._deadline = deadline
        self._coalesce = coalesce
        self._say = say
        self._unstreamed = unstreamed
        self._blocks: Blocks | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._spoke = False
        self._silent = False
        self.usage = Usage()
        self.trouble = ""

    def rest(self, text: str) -> str:
        """Of the last answer, ``text``, what did not go out in blocks."""
        if self._silent or (not self._spoke and opens_silent(text)):
            return NOTHING_SAID
        return well_formed(self._blocks.rest()) if self._blocks is not None and self._spoke else text

    @property
    def spoke(self) -> bool:
        """Whether a block of the last answer went out."""
        return self._spoke

    async def insist(self, choice: Choice, question: Question, has_others: bool) -> str:
        """The answer of one model. ``has_others``: there are more to ask. Raises GaveUpError."""
        shape = _Shape(self._coalesce is not None and choice not in self._unstreamed, question.has_files)
        self._spoke = False
        tries = 1
        while True:
            reply = Reply()
            REPLY.set(reply)
            try:
                return await self._once(choice, question, shape)
            except failures() as error:
                fault = moved(choice, reply.status) if reply.is_moved else fault_of(error, choice)
            self.trouble = fault.words
            if self._spoke:
                raise GaveUpError(fault)
            if shape.stream and reply.is_whole and tries < self._patience.tries:
                shape = shape._replace(stream=False)
                tries += 1
                continue
            if fault.shape and (less := shape.less(fault.status)) is not None:
                shape = less
                continue
            wait = max(self._patience.backoff.delay(tries - 1, _chance()), fault.wait)
            is_long = has_others and fault.wait > self._patience.longest
            if not fault.again or tries >= self._patience.tries or is_long or wait >= self._left():
                raise GaveUpError(fault)
            await asyncio.sleep(wait)
            tries += 1
            if fault.status == 500 and tries == self._patience.tries:
                shape = shape._replace(files=False)  # some fail at files instead of refusing them

    async def _once(self, choice: Choice, question: Question, shape: _Shape) -> str:
        """The answer to one request."""
        self._silent = False
        asks = messages(question, shape.files)
        model = await self._clients.model(choice)
        if shape.stream:
            assert self._coalesce is not None
            self._blocks = Blocks(self._coalesce)
            try:
                return await self._streamed(model, asks, choice, self._blocks)
            finally:
                self._quiet()
        text = await self._whole(model, asks, choice)
        if self._coalesce is not None and shape.files == question.has_files:
            self._unstreamed.add(choice)
        return text

    async def _whole(self, model: "Model", asks: list[Any], choice: Choice) -> str:
        from pydantic_ai.direct import model_request

        async with asyncio.timeout(self._first(choice)):
            response = await model_request(model, asks)
        self._count(response.usage)
        _check(len(response.text or ""), choice)
        return self._words(spoken(response.text or ""), response.finish_reason, choice)

    async def _streamed(self, model: "Model", asks: list[Any], choice: Choice, blocks: Blocks) -> str:
        from pydantic_ai.direct import model_request_stream

        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self._first(choice)) as limit, model_request_stream(model, asks) as stream:
            text, size, thoughts = "", 0, Thoughts()
            try:
                async for event in stream:
                    limit.reschedule(now() + min(self._patience.stall, self._left()))
                    if piece := piece_of(event, size):
                        size += len(piece)
                        text = self._hear(thoughts.feed(piece), text, blocks, choice)
                        _check(size, choice)
            finally:
                self._count(stream.usage)
            response = stream.get()
        if response.finish_reason is None and response.provider_url is not None:
            raise BrokenError
        text = self._hear(thoughts.rest(), text, blocks, choice)
        return self._words(text, response.finish_reason, choice)

    def _words(self, text: str, why: str | None, choice: Choice) -> str:
        if text.strip():
            return well_formed(text)
        if why == "content_filter":
            raise GaveUpError(Fault(f"{choice}: its provider's filter holds the answer back", elsewhere=False))
        if why == "length":
            raise GaveUpError(Fault(f"{choice}: it used up its tokens before it said anything"))
        raise EmptyError(f"it ended with {why}" if why else "")

    def _hear(self, heard: Heard, text: str, blocks: Blocks, choice: Choice) -> str:
        """A piece of the answer: say the blocks that are finished, and what is there if nothing more comes.

        ``text`` is what was heard before; with the piece it is returned.
        """
        assert self._coalesce is not None
        if heard.anew:
            # What went out cannot be taken back: from now on the whole is awaited.
            self._unstreamed.add(choice)
            blocks.rest()
            text = ""
        if heard.text:
            self._tell(blocks.feed(heard.text))
            self._quiet()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._coalesce.idle, lambda: self._tell(blocks.idle()))
        return text + heard.text

    def _tell(self, finished: Iterator[str]) -> None:
        for block in finished:
            self._silent = self._silent or (not self._spoke and opens_silent(block))
            if not self._silent:
                self._spoke = True
                self._say(well_formed(block))

    def _quiet(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _count(self, usage: "RequestUsage") -> None:
        before = self.usage
        self.usage = Usage("", before.input_tokens + usage.input_tokens, before.output_tokens + usage.output_tokens)

    def _left(self) -> float:
        """Seconds to the deadline."""
        return self._deadline - asyncio.get_running_loop().time()

    def _first(self, choice: Choice) -> float | None:
        """Seconds until the first word must be here; None: any time."""
        limit = min(math.inf if choice.near else self._patience.silence, self._left())
        return None if math.isinf(limit) else limit


def _check(size: int, choice: Choice) -> None:
    if size > MOST_CHARACTERS:
        words = f"{choice}: its answer is longer than {MOST_CHARACTERS} characters"
        raise GaveUpError(Fault(words, elsewhere=False))


def piece_of(event: object, size: int) -> str:
    """What an event of a stream adds to the ``size`` characters of the answer: its text alone."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    match event:
        case PartStartEvent(part=TextPart(content=content), previous_part_kind=before):
            return f"\n\n{content}" if size and content and before not in (None, "text") else content
        case PartDeltaEvent(delta=TextPartDelta(content_delta=content)):
            return content
    return ""
