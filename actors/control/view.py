"""What reports read of a running gateway: one value, put together once by whoever runs it.

The parts that change (health, ledger, pulses, restarts) are written by their actors and read here without asking, a
message apart at worst.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.control.inbox import Done, Question
from actors.envelopes.control import Order
from actors.journal.ledger import Ledger
from actors.reload.state import ConfigState
from actors.rpc.health import LinkHealth
from actors.runtime.pulse import Pulses
from config import Places


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account: ``source`` is the journal's number of its Messages database, ``cli`` the imsg program.

    One that is not ``enabled`` has source 0, and a health that says why; ``unavailable`` when it should run and cannot.
    ``patience`` is how long a probe of it may take (seconds).
    """

    id: str
    name: str | None
    enabled: bool
    source: int
    cli: str
    health: LinkHealth
    unavailable: bool = False
    patience: float = 10.0


def _nobody(_session: str, _seconds: float, _done: Callable[[bool], None]) -> bool:
    """Nobody is there to be told."""
    return False


@dataclass(slots=True)
class GatewayView:
    """A running gateway. ``started_at`` is unix seconds; ``restarts`` counts by actor name.

    ``accounts`` is replaced as a whole when another config is in use, about which ``config`` tells.

    ``poke`` holds what the command line may ask for by name, such as ``pairing-changed``; each is called on a thread
    of the control server and must only tell. So must the others: ``order`` tells the sender of an account what is to be
    done with a chunk, ``release`` and ``discard`` tell the journal which held rows to judge again or to give up,
    ``probe`` tells the reader of an account to look at its link and call back on a thread of its own when it has,
    ``notify`` tells the pairing registry to tell a person (account, canonical handle) that they were let in, ``call``
    tells the caller of an account to ask its imsg a question and calls back once: with the answer, or None when there
    is none in time; ``renew`` and ``lift`` let a session (its key) begin anew, or forget that its turns failed, and
    call back once, within so many seconds: whether that is on disk. All are False where the actor they tell does not
    live just now.
    """

    version: str
    pid: int
    started_at: float
    accounts: tuple[AccountView, ...]
    ledger: Ledger
    pulses: Pulses
    restarts: Mapping[str, int]
    places: Places
    poke: Mapping[str, Callable[[], object]]
    order: Callable[[str, Order], bool]
    release: Callable[[tuple[int, ...]], bool]
    discard: Callable[[tuple[int, ...]], bool]
    probe: Callable[[str, Callable[[], None]], bool]
    notify: Callable[[str, str], bool]
    call: Callable[[str, Question, Done], bool]
    config: ConfigState
    renew: Callable[[str, float, Callable[[bool], None]], bool] = _nobody
    lift: Callable[[str, float, Callable[[bool], None]], bool] = _nobody
