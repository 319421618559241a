"""The composition root: the only module that imports every actor.

``wire`` turns a loaded config into the ordered list of children, sink first, that the supervisor keeps alive. An
actor's ref is known only to actors after it in the list, which is what makes ``rest_for_one`` right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actors.access.controller import AccessController
from actors.access.view import AccessView
from actors.agents.base import Agent
from actors.agents.factory import make_agents
from actors.agents.runner import AgentRunner
from actors.conversation.sessions import Sessions
from actors.envelopes.control import Keep, Ref
from actors.journal.actor import Journal
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.store import Store
from actors.normalizer.actor import Normalizer
from actors.normalizer.repairer import Repairer
from actors.outbound.chunker import OutboundChunker, OutboundView
from actors.outbound.sender import OutboundSender
from actors.outbound.wire import Prefs, namespace_of
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import PairingRegistry
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from actors.rpc import program
from actors.rpc.caller import RpcCaller
from actors.rpc.claim import Claim, runtime_folder
from actors.rpc.health import LinkHealth, Problem
from actors.rpc.link import Link
from actors.rpc.program import file_identity
from actors.rpc.reader import RpcReader
from actors.runtime.actor import Context
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.pulse import Pulses
from actors.runtime.supervisor import Child
from config import Account, Config, Places, sources

INTAKE = ("normalizer", "access", "journal")
"""The mailboxes between a reader and the disk: what the pumps measure."""

BESIDE = ("pairing", "runner")
"""Actors that touch files or start threads: beside the flow, so that they never hold it up."""


@dataclass(slots=True)
class Wiring:
    """Everything the process needs to supervise and to report. ``roster`` holds the live refs by name.

    ``everyone`` are all accounts of the config, ``accounts`` those that run.
    """

    config: Config
    everyone: tuple[Account, ...]
    places: Places
    environment: Mapping[str, str]
    pulses: Pulses
    flow: Dispatcher
    beside: Dispatcher
    roster: dict[str, Ref] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    health: dict[str, LinkHealth] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    identity: int = 0
    claims: dict[str, Claim] = field(default_factory=dict)
    _first: Store | None = None

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Those that run."""
        return tuple(account for account in self.everyone if account.enabled)

    def open(self) -> None:
        """Open the journal and number the Messages databases. Raises JournalError."""
        self._first = Store(connect(self.places.journal))
        self.identity = self._first.identity()
        runtime = runtime_folder(self.environment)
        for account in self.accounts:
            self.sources[account.id] = self._first.source_number(*sources.known_as(account, self.everyone))
            self.health[account.id] = LinkHealth()
            self.claims[account.id] = Claim(sources.of(account), self.places.state, runtime)

    def close(self) -> None:
        """Let go of the databases: another gateway may have them."""
        for claim in self.claims.values():
            claim.release()

    def adopt(self, context: Context, name: str) -> Context:
        """Where a child runs: the stages of the flow take turns on one thread, the rest has its own."""
        return context._replace(dispatcher=self.beside if name in BESIDE else self.flow)

    def waiting(self) -> int:
        """Rows between the readers and the disk, all accounts together."""
        return self.pulses.count(INTAKE) + self.ledger.waiting

    def children(self) -> list[Child]:
        """The ordered list, sink first: callers, journal, senders, chunker, runner, sessions, pairing, access,
        repairer, normalizer, readers."""
        agents = make_agents(self.config, self.environment)
        views = {account.id: AccessView.build(account, self.config) for account in self.accounts}
        self.problems = [warning for account in self.accounts for warning in program.warnings(account.cli_path)]
        regions = {account.id: account.region for account in self.everyone}
        store = PairingStore(self.places.credentials, region_of=regions.get)
        guard = PairingGuard(self.places.pairing_guard)
        # Where the config names the owners, nobody becomes one by pairing.
        owners = None if self.config.commands.owners else OwnerFile(self.places.owners)
        return [
            *(Child(f"caller:{account.id}", self._caller(account)) for account in self.accounts),
            Child("journal", self._journal),
            *(Child(f"sender:{account.id}", self._sender(account), drains=True) for account in self.accounts),
            Child("chunker", self._chunker),
            Child("runner", self._runner(agents), drains=True),
            Child("sessions", self._sessions(agents)),
            Child("pairing", self._pairing(store, guard, views)),
            Child("access", self._access(views, Snapshots(store, owners, guard))),
            Child("repairer", self._repairer),
            Child("normalizer", self._normalizer),
            *(Child(f"reader:{account.id}", self._reader(account), drains=True) for account in self.accounts),
        ]

    def _of(self, name: str) -> Ref:
        return self.roster[name]

    def _senders(self) -> dict[str, Ref]:
        return {account.id: self._of(f"sender:{account.id}") for account in self.accounts}

    def _caller(self, account: Account) -> Callable[[Context], Ref]:
        return lambda context: RpcCaller.start(context, self.health[account.id])

    def _journal(self, context: Context) -> Ref:
        store, self._first = self._first or Store(connect(self.places.journal)), None
        keep = Keep(self.config.retention.bodies_days, self.config.retention.tombstones_days)
        return Journal.start(context, store, self.places.journal, self.ledger, self.sources, keep)

    def _sender(self, account: Account) -> Callable[[Context], Ref]:
        namespace = namespace_of(self.identity)
        prefs = Prefs(namespace, account.send_transport, account.region, self.sources[account.id], file_identity)

        def start(context: Context) -> Ref:
            caller = self._of(f"caller:{account.id}")
            journal, health = self._of("journal"), self.health[account.id]
            return OutboundSender.start(context, account.id, caller, journal, prefs, health)

        return start

    def _chunker(self, context: Context) -> Ref:
        name = self.config.default_agent().identity.name
        views = {
            account.id: OutboundView(account.text_chunk_limit, account.chunk_mode, account.response_prefix, name)
            for account in self.accounts
        }
        return OutboundChunker.start(context, self._senders(), views, self._of("journal"))

    def _runner(self, agents: Mapping[str, Agent]) -> Callable[[Context], Ref]:
        return lambda context: AgentRunner.start(context, agents, self.config.agents.defaults.max_concurrent)

    def _sessions(self, agents: Mapping[str, Agent]) -> Callable[[Context], Ref]:
        return lambda context: Sessions.start(
            context, agents, self._of("runner"), self._of("chunker"), self._of("journal")
        )

    def _access(self, views: Mapping[str, AccessView], book: Snapshots) -> Callable[[Context], Ref]:
        return lambda context: AccessController.start(
            context,
            views,
            book,
            self._of("journal"),
            self._of("sessions"),
            self._of("pairing"),
            self._senders(),
        )

    def _pairing(
        self, store: PairingStore, guard: PairingGuard, views: Mapping[str, AccessView]
    ) -> Callable[[Context], Ref]:
        keys = {account.id: account.key_path("dmPolicy") for account in self.accounts}
        return lambda context: PairingRegistry.start(
            context, store, self._of("journal"), self._of("chunker"), keys, guard, views
        )

    def _repairer(self, context: Context) -> Ref:
        callers = {account.id: self._of(f"caller:{account.id}") for account in self.accounts}
        files = frozenset(account.id for account in self.accounts if account.include_attachments)
        return Repairer.start(context, callers, self._of("access"), self._of("journal"), files)

    def _normalizer(self, context: Context) -> Ref:
        senders = tuple(self._senders().values())
        recoveries = {account.id: account.recovery for account in self.accounts}
        regions = {account.id: account.region for account in self.accounts}
        access, journal, repairer = self._of("access"), self._of("journal"), self._of("repairer")
        return Normalizer.start(context, access, journal, senders, recoveries, regions, repairer)

    def _reader(self, account: Account) -> Callable[[Context], Ref]:
        source, ledger, claim = self.sources[account.id], self.ledger, self.claims[account.id]
        database = sources.of(account)

        def refusal() -> Problem | None:
            return program.inspect(account.cli_path)[1] or claim.take()

        link = Link(
            account=account.id,
            source=source,
            cli=account.cli_path,
            db_path=account.db_path,
            local=account.remote_host is None,
            attachments=account.include_attachments,
            debounce_ms=account.debounce_ms,
            patience=account.probe_timeout_ms / 1000,
            waiting=self.waiting,
            delivered=lambda: ledger.cursors.get(source, 0),
            visible=lambda: ledger.visible.get(source, 0),
            refusal=refusal,
            standard="" if database.startswith(sources.PROGRAM) else database,
        )

        def start(context: Context) -> Ref:
            return RpcReader.start(
                context,
                link,
                self.health[account.id],
                self._of("normalizer"),
                self._of(f"caller:{account.id}"),
                self._of("journal"),
            )

        return start
