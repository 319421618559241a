"""The base of every actor: a pykka actor hosted on a dispatcher, restarted in place, with a pulse.

In place means: an exception in a told message is caught, the actor gets fresh state (``on_restart``), the
message is tried once more and else set aside (``set_aside``); ref and mailbox stay, so nothing queued is lost
and no ref goes stale. More than five faults in a minute end the actor: its supervisor gets an obituary.
"""

import sys
import time
from collections import deque
from types import TracebackType
from typing import Any, NamedTuple, final

import pykka
from loguru import logger
from pykka import ActorRegistry
from pykka._envelope import Envelope as PykkaEnvelope
from pykka.messages import _ActorStop

from actors.envelopes.control import Died, IsReady, Ready, Ref
from actors.runtime.clock import Clock
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.mailbox import Mailbox
from actors.runtime.pulse import Pulse, Pulses

BATCH = 256
FAULTS_ALLOWED = 5
FAULT_WINDOW = 60.0


class Context(NamedTuple):
    """Where an actor lives: its name, threads, clock, the pulses it shows in, and who hears of its death."""

    name: str
    dispatcher: Dispatcher
    clock: Clock
    pulses: Pulses
    supervisor: Ref | None = None
    generation: int = 1
    parent: str = "gateway"


class Actor(pykka.Actor):
    """Subclasses implement ``on_receive`` as one ``match`` over message types, a line or two each."""

    actor_inbox: Mailbox
    mortal = True
    """Whether too many faults end this actor. One that sets every poison message aside may live on."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.clock = context.clock
        self.log = logger.bind(actor=context.name)
        self.pulse = Pulse(context.name, context.parent, context.generation, self.actor_inbox)
        self._faults: deque[float] = deque(maxlen=FAULTS_ALLOWED + 1)
        self._begun = False
        self._idle = type(self).on_idle is not Actor.on_idle

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        self.context.pulses.add(self.pulse)
        self.actor_inbox.open(self._schedule)

    @final
    def _schedule(self) -> None:
        self.context.dispatcher.schedule(self)

    @final
    def run_batch(self) -> None:
        """Handle up to ``BATCH`` messages on the calling worker (dispatcher protocol)."""
        if not self._begun and not self._start_up():
            return
        queue, pulse, receive, monotonic = self.actor_inbox.queue, self.pulse, self.on_receive, time.monotonic
        done = 0
        for _ in range(BATCH):
            if not queue:
                break
            message = queue.popleft()
            pulse.current = message
            pulse.since = monotonic()
            done += 1
            try:
                if type(message) is PykkaEnvelope:
                    self._handle_envelope(message)
                elif type(message) is Ready:
                    self.tell(message.reply_to, IsReady(self.context.name, self.context.generation))
                else:
                    receive(message)
                    continue
            except BaseException as error:  # SystemExit in one actor must not end the others
                self._faulted(message.message if type(message) is PykkaEnvelope else message, error)
            # Only a stop, which comes in an envelope, and a fault can have ended it.
            if self.actor_stopped.is_set():
                pulse.handled += done
                self._end()
                return
        pulse.handled += done
        pulse.current = None
        if self._idle and not queue and not self._run_idle():
            return
        if queue or not self.actor_inbox.rest():
            self._schedule()

    @final
    def _start_up(self) -> bool:
        self._begun = True
        try:
            self.on_start()
        except BaseException as error:  # an actor that cannot start is an obituary, not a crash
            self._die(error)
            self._end()
            return False
        self.pulse.state = "running"
        return True

    @final
    def _run_idle(self) -> bool:
        try:
            self.on_idle()
        except BaseException as error:  # same contract as a message
            self._die(error)
            self._end()
            return False
        return True

    @final
    def _handle_envelope(self, envelope: Any) -> None:
        """What came through pykka itself: an ask, a stop, a tell from outside."""
        try:
            response = self._handle_receive(envelope.message)
        except BaseException:  # whoever asked hears of it, be it a SystemExit
            if envelope.reply_to is None:
                raise
            envelope.reply_to.set_exception(sys.exc_info())
        else:
            if envelope.reply_to is not None:
                envelope.reply_to.set(response)

    @final
    def _faulted(self, message: Any, error: BaseException) -> None:
        self.pulse.faults += 1
        self._faults.append(self.clock.monotonic())
        self.log.opt(exception=error).error("failed on {}: {!r}", type(message).__name__, error)
        if self.mortal and len(self._faults) > FAULTS_ALLOWED and self._faults[-1] - self._faults[0] < FAULT_WINDOW:
            self._die(error)
            return
        try:
            self.on_restart()
            self.on_receive(message)
        except BaseException as again:  # the second failure of one message sets it aside
            self.log.error("sets {} aside: {!r}", type(message).__name__, again)
            try:
                self.set_aside(message, again)
            except BaseException as worse:  # the worker thread serves other actors too
                self.log.opt(exception=worse).error("cannot set {} aside: {!r}", type(message).__name__, worse)

    @final
    def _die(self, error: BaseException) -> None:
        self.log.opt(exception=error).error("gives up: {!r}", error)
        ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        try:
            self.on_failure(type(error), error, error.__traceback__)
        except BaseException as worse:  # the obituary is told all the same
            self.log.opt(exception=worse).error("failed to clean up: {!r}", worse)
        if self.context.supervisor is not None:
            self.tell(self.context.supervisor, Died(self.context.name, self.context.generation, repr(error)))

    @final
    def _end(self) -> None:
        self.pulse.state = "stopped"
        self.pulse.current = None
        self.context.pulses.remove(self.pulse)
        self.actor_inbox.close()
        self.pulse.gone.set()

    @staticmethod
    def tell(ref: Ref | None, message: Any) -> None:
        """Tell, forgivingly: a ref that died meanwhile is being replaced, and its successor replays from disk."""
        if ref is not None:
            ref.actor_inbox.put(message)

    @staticmethod
    def retire(ref: Ref) -> None:
        """Stop an actor after what it has been told, without waiting (pykka's own stop builds a future each time)."""
        ref.actor_inbox.put(PykkaEnvelope(_ActorStop()))

    def on_idle(self) -> None:
        """The mailbox ran empty. For actors that work in groups (the journal commits, the caller flushes)."""

    def on_restart(self) -> None:
        """Make state fresh before a failed message is tried once more."""

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A message failed twice. Overridden where it can be tied to a row or a chunk."""

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clean up before dying."""
