"""What one process of the gateway shares, whatever config is in use: and how another config comes into use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from loguru import logger

from actors.agents.answered import raised
from actors.agents.factory import Agents
from actors.agents.watchman import PATIENCE, WATCHMAN
from actors.envelopes.control import Ref
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.standings import Standings
from actors.journal.store import Store
from actors.pairing.guard_file import PairingGuard
from actors.pairing.store import PairingStore
from actors.reload.overrides import overridden
from actors.reload.state import ConfigState
from actors.rpc import program
from actors.rpc.claim import Claim, runtime_folder
from actors.rpc.health import LinkHealth
from actors.runtime.actor import Context
from actors.runtime.child import Child
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.pulse import Pulses
from actors.wiring.children import Children
from actors.wiring.setup import Setup, regions
from config import Account, Check, Loaded, Places, document, last_good, sources
from config.edit import Set, Unset

INTAKE = ("normalizer", "access", "journal")
"""The mailboxes between a reader and the disk: what the pumps measure."""

BESIDE = ("pairing", "notices", "presence", "runner", "commands", "config")
"""Actors that touch files or start threads: beside the flow, so that they never hold it up."""

Read = Callable[[Mapping[str, object]], Loaded]
"""The config files as they are now, with overrides on top."""


@dataclass(slots=True)
class Wiring:
    """Everything the process needs to supervise and to report. ``roster`` holds the live refs by name.

    ``loaded`` is the config in use, ``sources`` the journal's numbers of its databases. ``read`` reads it again, with
    ``checks``; ``adopted`` is called when another one is in use, ``restart`` lets the process start over.
    """

    loaded: Loaded
    places: Places
    environment: Mapping[str, str]
    pulses: Pulses
    flow: Dispatcher
    beside: Dispatcher
    state: ConfigState
    read: Read
    checks: tuple[Check, ...]
    restart: Callable[[], None]
    version: str
    adopted: Callable[[Loaded], object] = lambda _: None
    roster: dict[str, Ref] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    standings: Standings = field(default_factory=Standings)
    health: dict[str, LinkHealth] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)
    identity: int = 0
    _claims: dict[str, Claim] = field(default_factory=dict)
    _first: Store | None = None
    _agents: Agents | None = None
    _coming: Agents | None = None
    _pairing: tuple[PairingStore, PairingGuard] | None = None

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Those that run."""
        return tuple(account for account in self.loaded.accounts if account.enabled)

    @property
    def problems(self) -> list[str]:
        """What is to be said about the programs of the accounts that run."""
        return [warning for account in self.accounts for warning in program.warnings(account.cli_path)]

    def open(self) -> None:
        """Open the journal and number the Messages databases. Raises JournalError."""
        self._first = Store(connect(self.places.journal))
        self.identity = self._first.identity()
        self.standings.load(self._first)
        self.sources = {account: self._first.source_number(*names) for account, names in self.names(self.loaded)}

    def close(self, *, hurry: bool = False) -> None:
        """End what agents run, at once or within 2.5 s, and let go of the databases: another gateway may have them.

        The actors have ended: turns that were under way know that they are not wanted any more.
        """
        made = [
            agent for agents in (self._agents, self._coming) if agents is not None for agent in agents.by_id.values()
        ]
        for agent in made:
            if (error := raised(agent.close)) is not None:
                logger.bind(actor="agents").opt(exception=error).error("an agent broke when it was closed: {!r}", error)
        WATCHMAN.end(0.0 if hurry else PATIENCE)
        for claim in self._claims.values():
            claim.release()

    def adopt(self, context: Context, name: str) -> Context:
        """Where a child runs: the stages of the flow take turns on one thread, the rest has its own."""
        return context._replace(dispatcher=self.beside if name in BESIDE else self.flow)

    def waiting(self) -> int:
        """Rows between the readers and the disk, all accounts together."""
        return self.pulses.count(INTAKE) + self.ledger.waiting

    def store(self) -> Store:
        """The journal's store: the one it was opened with, or opened again."""
        store, self._first = self._first or Store(connect(self.places.journal)), None
        return store

    def health_of(self, account: str) -> LinkHealth:
        """The health of an account's link, the same one as long as the account is there."""
        return self.health.setdefault(account, LinkHealth())

    def describe(self, account: str) -> str:
        """How the link of an account does, in one line."""
        health = self.health_of(account)
        told = health.reason or health.last_error
        return f"{health.state}: {told}" if told and health.state != "ok" else health.state

    def claim_of(self, account: Account) -> Claim:
        """The claim on an account's database; one that changes its account stays ours."""
        identity = sources.of(account)
        if identity not in self._claims:
            self._claims[identity] = Claim(identity, self.places.state, runtime_folder(self.environment))
        return self._claims[identity]

    @property
    def pairing_store(self) -> PairingStore:
        """The files of pairing as the registry works on them; national numbers are those of the config in use."""
        return self._files()[0]

    @property
    def pairing_guard(self) -> PairingGuard:
        """What the registry remembers of strangers."""
        return self._files()[1]

    def _files(self) -> tuple[PairingStore, PairingGuard]:
        if self._pairing is None:
            store = PairingStore(self.places.credentials, region_of=lambda account: regions(self.loaded).get(account))
            self._pairing = store, PairingGuard(self.places.pairing_guard)
        return self._pairing

    def load(self, overrides: Mapping[str, object]) -> Loaded:
        """See ``actors.reload.house.House``."""
        return self.read(overrides)

    def overridden(self, edits: Sequence[Set | Unset], *, reset: bool) -> Mapping[str, object]:
        """The overrides with these edits. Raises ``CannotEditError``."""
        found = document.read(self.places, self.environment)
        written = found.value if isinstance(found, document.Document) else {}
        return overridden({} if reset else self.overrides, edits, written)

    def names(self, loaded: Loaded) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What the Messages database of each account that runs may be known as."""
        running = [account for account in loaded.accounts if account.enabled]
        return tuple((account.id, sources.known_as(account, loaded.accounts)) for account in running)

    def children(self, loaded: Loaded, numbers: Mapping[str, int]) -> tuple[Child, ...]:
        """The ordered list that a config makes."""
        setup = Setup.of(
            loaded,
            numbers,
            self.places,
            self.environment,
            self.checks,
            self.version,
            self.standings,
            lambda account: self.health_of(account).capabilities.bridge,
            self._agents,
        )
        self._coming = setup.agents
        if self._agents is None:
            self._agents = setup.agents
        return Children(self, setup).listed()

    def taken(self, loaded: Loaded, numbers: Mapping[str, int]) -> None:
        """The children of this config are in place."""
        self.loaded, self.sources = loaded, dict(numbers)
        if self._coming is not None:
            self._agents = self._coming
            self._agents.in_use()
        for account in self.health.keys() - {account.id for account in self.accounts}:
            del self.health[account]
        self.adopted(loaded)

    def release(self) -> None:
        """Let go of the databases that no account in use reads: their children have ended."""
        for identity in self._claims.keys() - {sources.of(account) for account in self.accounts}:
            self._claims.pop(identity).release()

    def keep(self, loaded: Loaded) -> bool:
        """Copy the files of a config that works. Raises ``OSError``."""
        return last_good.keep(loaded, self.places, self.environment)
