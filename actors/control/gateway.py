"""The gateway as a process: takes the lock, brings the tree up, waits for signals, brings it down.

It stays up for anything the outside world can mend and exits only for its config (78) or the lock (75); SIGTERM drains
and exits 0 within ten seconds, a second one cuts short. SIGHUP has the config read again, unless it says that the
terminal it ran in is gone: that ends it like SIGTERM. Started over (``/restart``) it goes down and up again as it would
at its end and its start, in the same process, holding the lock.
"""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FrameType

from loguru import logger

from actors.control.accounts import account_views
from actors.control.cli.exits import BAD_CONFIG, ERROR, LOCK_HELD, OK
from actors.control.config_file import CHECKS, cautions, load
from actors.control.levers import Levers
from actors.control.lock import InstanceLock, LockHeldError
from actors.control.reports import idle
from actors.control.server import ControlServer
from actors.control.terminal import has_terminal
from actors.control.version import version
from actors.control.view import GatewayView
from actors.journal.schema import JournalError, NewerJournalError
from actors.reload.state import ConfigState
from actors.runtime.actor import Context
from actors.runtime.clock import Clock
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.logs import LogWriter, event, set_level
from actors.runtime.pulse import Pulses
from actors.runtime.supervisor import Shutdown, Supervisor
from actors.wiring import Wiring
from config import Loaded, Places, Problem

RETRY_SECONDS = 5.0
LAST_RESORT = 9.0
LOOK_SECONDS = 0.5
STACK_BYTES = 512 * 1024
YOUNG_OBJECTS = 50_000


class Gateway:
    """One run. ``loaded`` is a valid config; ``run`` blocks until the end and returns the exit code.

    ``instead_of`` are the problems of the config at its place when ``loaded`` is the last good one; else None.
    """

    def __init__(
        self,
        places: Places,
        loaded: Loaded,
        environment: Mapping[str, str],
        console: bool = True,
        instead_of: Sequence[Problem] | None = None,
    ) -> None:
        self._places = places
        self._loaded = loaded
        self._environment = environment
        self._console = console
        self._state = ConfigState(str(places.config), loaded.digest, time.time())
        self._state.last_good = instead_of is not None
        self._state.problems = tuple(map(str, instead_of or ()))
        self._had_terminal = has_terminal()
        self._log = logger.bind(actor="gateway")
        self._stop = threading.Event()
        self._over = threading.Event()
        self._code = OK
        self._again = False
        self._shutdown: Callable[[bool], None] = lambda _: None
        self._reload: Callable[[], object] = lambda: None

    def run(self) -> int:
        """Run until a signal, the lock, or too many deaths end it. Call from the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # nohup has a hang-up ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._signalled)
        threading.stack_size(STACK_BYTES)
        lock = self._take_lock()
        if isinstance(lock, int):
            return lock
        logs = LogWriter(self._places.log_file, sys.stderr if self._console else None, self._level())
        try:
            code = self._run_locked()
            while self._again and not self._stop.is_set():
                self._start_over()
                code = self._run_locked()
            return code
        finally:
            logs.stop()
            lock.release()

    def _start_over(self) -> None:
        """Everything is down. What the files say now counts, or, where they cannot be used, what counted before."""
        self._again = False
        gc.unfreeze()
        loaded = load(self._places, self._environment)
        if loaded.config is None:
            self._state.refused(tuple(map(str, loaded.problems)), time.time())
        else:
            self._loaded = loaded
            self._state.took(loaded.digest, time.time())
        self._state.overrides = ()
        set_level(self._level())

    def _level(self) -> str:
        assert self._loaded.config is not None
        return self._environment.get("OPENCLAW_LOG_LEVEL") or self._loaded.config.logging.level

    def _take_lock(self) -> InstanceLock | int:
        """The instance lock, or an exit code. A folder that cannot be written is waited for."""
        lock = InstanceLock(self._places.lock)
        complained = False
        while not self._stop.is_set():
            try:
                self._places.gateway.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock.acquire()
            except LockHeldError as held:
                print(f"gateway: {held}", file=sys.stderr)
                return LOCK_HELD
            except OSError as error:
                if not complained:
                    complained = True
                    print(
                        f"gateway: cannot use the state folder {self._places.gateway}: {error.strerror or error}. Make "
                        "it writable for this user, or set OPENCLAW_STATE_DIR; the gateway waits and tries again.",
                        file=sys.stderr,
                    )
                self._stop.wait(RETRY_SECONDS)
                continue
            return lock
        return OK

    def _run_locked(self) -> int:
        wiring = self._wire()
        try:
            self._open(wiring)
        except NewerJournalError as error:
            self._log.error("{}", error)
            return BAD_CONFIG
        # Of this life alone: whatever is left of one before must not end it.
        over = self._over = threading.Event()
        if self._stop.is_set():
            return OK
        clock = Clock()
        operations = Dispatcher("operations")
        context = Context("supervisor", operations, clock, wiring.pulses)
        children = wiring.children(self._loaded, wiring.sources)
        restarts: dict[str, int] = {}
        ended = partial(self._ended, over)
        supervisor = Supervisor.start(context, children, wiring.adopt, wiring.roster, ended, restarts)
        self._shutdown = lambda hurry: supervisor.tell(Shutdown(hurry))
        view = self._view(wiring, restarts, context._replace(name="control"))
        wiring.adopted = partial(self._adopted, wiring, view)
        server = ControlServer(view, self._places.socket)
        try:
            server.start()
        except OSError as error:
            self._log.error("no control socket at {}: {}; status and inspect will not work", self._places.socket, error)
        self._greet(wiring, view)
        if self._stop.is_set():
            self._shutdown(False)
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, 20, 50)
        self._wait(over)
        server.stop()
        clock.stop()
        for dispatcher in (operations, wiring.flow, wiring.beside):
            dispatcher.stop()
        wiring.close(hurry=not over.is_set())
        self._log.info("stopped")
        return self._code

    def _wire(self) -> Wiring:
        return Wiring(
            loaded=self._loaded,
            places=self._places,
            environment=self._environment,
            pulses=Pulses(),
            flow=Dispatcher("flow"),
            beside=Dispatcher("beside", 2),
            state=self._state,
            read=partial(load, self._places, self._environment),
            checks=CHECKS,
            restart=self._restart,
            version=version(),
        )

    def _restart(self) -> None:
        """Go down and up again."""
        self._log.info("starts over")
        self._again = True
        self._shutdown(False)

    def _adopted(self, wiring: Wiring, view: GatewayView, loaded: Loaded) -> None:
        """Another config is in use."""
        if loaded is self._loaded:
            return
        before, self._loaded = self._remarks(wiring), loaded
        view.accounts = account_views(loaded, wiring.sources, wiring.health)
        set_level(self._level())
        for remark in self._remarks(wiring):
            if remark not in before:
                self._log.warning("{}", remark)
        if not wiring.accounts:
            self._log.warning("{}", idle(view))

    def _remarks(self, wiring: Wiring) -> list[str]:
        """What is legal and worth a word, about the config and the programs it names."""
        said = (*self._loaded.warnings, *cautions(self._loaded, self._places), *wiring.problems)
        return list(dict.fromkeys(said))

    def _open(self, wiring: Wiring) -> None:
        """Open the journal; a disk that is full or read-only is waited for."""
        complained = ""
        while not self._stop.is_set():
            try:
                wiring.open()
            except NewerJournalError:
                raise
            except JournalError as error:
                if str(error) != complained:
                    complained = str(error)
                    self._log.error("{}", error)
                self._stop.wait(RETRY_SECONDS)
                continue
            return

    def _view(self, wiring: Wiring, restarts: Mapping[str, int], context: Context) -> GatewayView:
        levers = Levers(wiring.roster, context)
        self._reload = levers.reload
        return GatewayView(
            version=version(),
            pid=os.getpid(),
            started_at=time.time(),
            accounts=account_views(self._loaded, wiring.sources, wiring.health),
            ledger=wiring.ledger,
            pulses=wiring.pulses,
            restarts=restarts,
            places=self._places,
            poke={"pairing-changed": levers.pairing_changed, "reload": levers.reload},
            order=levers.order,
            release=levers.release,
            discard=levers.discard,
            probe=levers.probe,
            notify=levers.notify,
            call=levers.call,
            renew=levers.renew,
            lift=levers.lift,
            config=self._state,
        )

    def _greet(self, wiring: Wiring, view: GatewayView) -> None:
        self._log.info("gateway {} runs, state in {}", version(), self._places.gateway)
        for remark in self._remarks(wiring):
            self._log.warning("{}", remark)
        if self._state.trouble[0]:
            self._log.warning("{}", "; ".join(self._state.trouble))
        if not wiring.accounts:
            self._log.warning("{}", idle(view))

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        again = self._stop.is_set()
        if number == signal.SIGHUP and not (self._had_terminal and not has_terminal()):
            event("info", "gateway", "SIGHUP: reads the config again")
            self._reload()
            return
        if again and number == signal.SIGHUP:
            return  # a terminal that closes often says so twice
        # Only a queue is touched: the line that this signal broke into may hold loguru's locks.
        event("info", "gateway", f"{signal.Signals(number).name}: {'stops at once' if again else 'drains and stops'}")
        self._stop.set()
        self._shutdown(again)
        if again:
            self._over.set()

    def _ended(self, over: threading.Event, code: int) -> None:
        if over is self._over:
            self._code = code
        over.set()

    def _wait(self, over: threading.Event) -> None:
        # A signal that arrives just before the main thread blocks does not end the wait: so no wait is a long one.
        while not over.wait(LOOK_SECONDS):
            if (self._stop.is_set() or self._again) and not over.wait(LAST_RESORT):
                if self._again:
                    # Two lives at once would both write the journal.
                    self._log.error("cannot start over: something does not end. Exits; its service starts it again")
                    self._again, self._code = False, ERROR
                return
