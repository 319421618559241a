"""The model agent: a language model answers, over the network or on this computer.

In: turns. Out: what the model says, in blocks while it writes where the account streams. A model that fails is asked
again and then its fallbacks are; what came in meanwhile is put to it before the turn ends. The client libraries are an
extra, loaded at the first turn. Requests run on one loop for all model agents; the turn's thread waits for them, and
gives up a moment after the turn is cancelled.
"""

import concurrent.futures
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from loguru import logger
from msgspec.structs import replace

from actors.agents import loop
from actors.agents.base import AgentError, Job, Said
from actors.agents.blocks import Coalesce, coalesce_of
from actors.agents.briefing.briefing import Briefing
from actors.agents.briefing.context import TurnContext
from actors.agents.extras import MODEL
from actors.agents.model.asking import PATIENT, Asking, GaveUpError, Patience
from actors.agents.model.clients import Clients, load
from actors.agents.model.faults import Fault
from actors.agents.model.messages import Prompt, Question, asked, question
from actors.agents.model.names import Choice, Models, needs_key
from actors.agents.model.providers import ModelNameError
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from config.account import Account
from config.schema.agents import Agent
from config.schema.root import Config

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from pydantic_ai.models import Model

MOST_STEERED: Final = 3
"""How often in a turn it is asked once more because of what came in meanwhile."""
LOOK_SECONDS: Final = 0.1
"""How long a turn may take to see that it is cancelled."""
END_SECONDS: Final = 1.0
"""How long a request that is given up may take to end."""


class ModelAgent:
    """Asks ``models``, with at most ``tokens`` of earlier turns. ``streams`` says how, by account, where it streams.

    ``maker`` makes a model of the client library from a choice.
    """

    waits = True
    collects = True
    steerable = True

    def __init__(
        self,
        name: str,
        models: Models,
        briefing: Briefing,
        tokens: int,
        streams: Mapping[str, Coalesce],
        patience: Patience = PATIENT,
        maker: "Callable[[Choice, AsyncClient], Model] | None" = None,
    ) -> None:
        self._models = models
        self._briefing = briefing
        self._tokens = tokens
        self._streams = streams
        self._patience = patience
        self._clients = Clients(maker)
        self._unstreamed: set[Choice] = set()
        self._log = logger.bind(actor=f"agent-{name}")
        self._lock = threading.Lock()
        self._running = 0
        self._closed = False

    @classmethod
    def of(
        cls,
        agent: Agent,
        config: Config,
        environment: Mapping[str, str],
        briefing: Briefing,
        accounts: Iterable[Account],
    ) -> "ModelAgent":
        """The one of an agent of the config. Raises ModelNameError."""
        streams = {account.id: coalesce for account in accounts if (coalesce := coalesce_of(account)) is not None}
        tokens = agent.context_tokens or config.agents.defaults.context_tokens
        return cls(agent.id, Models.of(agent, config, environment), briefing, tokens, streams)

    def answer(self, job: Job) -> Said:
        """What the model says. AgentError when none of its models answers, or the turn is cancelled."""
        with self._lock:
            self._running += 1
        try:
            return self._answer(job)
        finally:
            with self._lock:
                self._running -= 1
            self._end_clients()

    def forget(self, session: str) -> None:
        """Nothing is kept for a session."""

    def close(self) -> None:
        """Close its connections, now or after the turns that run."""
        with self._lock:
            self._closed = True
        self._end_clients()

    def _end_clients(self) -> None:
        with self._lock:
            is_over = self._closed and not self._running
        if is_over and self._clients.is_used:
            loop.run(self._clients.close())

    def _answer(self, job: Job) -> Said:
        choices = self._choices(job.turn)
        context = self._briefing.context(job.turn)
        asks = question(context, self._tokens, self._asked(context))
        asking = Asking(
            self._clients,
            self._patience,
            job.deadline,
            self._streams.get(job.turn.message.row.account),
            lambda block: job.say(block, ()),
            self._unstreamed,
        )
        text, choice = self._ask(job, asking, choices, asks)
        left, taken = asking.rest(text), []
        for _ in range(MOST_STEERED):
            if not (messages := job.steered()):
                break
            if asking.spoke:  # what was begun is said to its end; what was not is only told to the model
                if left:
                    job.say(left, ())
                left = ""
            asks = asks.followed(text, self._asked(self._briefing.context(_steered(job.turn, messages))))
            try:
                text, choice = self._ask(job, asking, choices, asks)
            except AgentError as error:
                if asking.spoke or job.cancelled.is_set():
                    raise
                self._log.warning("{} in {} when told what came in meanwhile", error, job.turn.session)
                break
            left = asking.rest(text)
            taken += [message.seq for message in messages]
        return Said(left, usage=replace(asking.usage, model=choice.label), taken=tuple(taken))

    def _choices(self, turn: Turn) -> tuple[Choice, ...]:
        """The models to ask, in this order. One that a session chose is asked alone."""
        if not turn.model:
            return self._models.choices
        try:
            return (self._models.named(turn.model),)
        except ModelNameError as error:
            raise AgentError(f"/model: {error}") from error

    def _asked(self, context: TurnContext) -> Prompt:
        prompt, refused = asked(context, self._briefing.roots(context.account))
        for why in refused:
            self._log.info("a file is not shown to the model: {}", why)
        return prompt

    def _ask(self, job: Job, asking: Asking, choices: tuple[Choice, ...], asks: Question) -> tuple[str, Choice]:
        """The answer of the first model that gives one, and which that was. Raises AgentError."""
        told: list[str] = []
        for number, choice in enumerate(choices, 1):
            try:
                _prepare(choice)
                return _wait(job, asking, choice, asks, number < len(choices)), choice
            except GaveUpError as error:
                told += [] if str(error) in told else [str(error)]
                if asking.spoke or not error.fault.elsewhere:
                    break
                if number < len(choices):
                    self._log.warning("{}; {} is asked in {}", error, choices[number].label, job.turn.session)
        raise AgentError("; ".join(told))


def _prepare(choice: Choice) -> None:
    """Get ready to ask. Raises GaveUpError when that one cannot be asked at all."""
    if remedy := needs_key(choice):
        raise GaveUpError(Fault(f"{choice} needs a key: {remedy}"))
    try:
        load(choice.api)
    except ImportError as error:
        raise GaveUpError(Fault(f"{MODEL.remedy} ({error})")) from error


def _wait(job: Job, asking: Asking, choice: Choice, asks: Question, has_others: bool) -> str:
    """The answer of one model, got on the loop. Raises GaveUpError, and AgentError when the turn is cancelled."""
    ended = threading.Event()

    async def insist() -> str:
        try:
            return await asking.insist(choice, asks, has_others)
        finally:
            ended.set()

    if job.cancelled.is_set():
        raise AgentError(_given_up(job, asking))
    future = loop.run(insist())
    while not concurrent.futures.wait([future], LOOK_SECONDS).done:
        if job.cancelled.is_set():
            future.cancel()
            ended.wait(END_SECONDS)  # nothing is said afterwards
            raise AgentError(_given_up(job, asking))
    return future.result()


def _given_up(job: Job, asking: Asking) -> str:
    why = "no answer in time" if time.monotonic() >= job.deadline else "cancelled"
    return f"{why}; before that: {asking.trouble}" if asking.trouble else why


def _steered(turn: Turn, messages: tuple[Admitted, ...]) -> Turn:
    """What came in meanwhile as a turn: what its prompt told of the past is not told again."""
    memory = turn.memory and replace(turn.memory, heard=(), tapbacks=())
    return replace(turn, messages=messages, memory=memory)
