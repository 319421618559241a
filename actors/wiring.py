"""The composition root: the only module that imports every actor.

``wire`` turns a loaded config into the ordered list of children, sink first, that the supervisor keeps alive. An
actor's ref is known only to actors after it in the list, which is what makes ``rest_for_one`` right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actors.access.controller import AccessController
from actors.access.view import AccessView
from actors.agents.base import Agent
from actors.agents.factory import make_agents
from actors.agents.runner import AgentRunner
from actors.conversation.sessions import Sessions
from actors.envelopes.control import Ref
from actors.journal.actor import Journal
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.store import Store
from actors.normalizer.actor import Normalizer
from actors.outbound.chunker import OutboundChunker, OutboundView
from actors.outbound.sender import OutboundSender
from actors.pairing.registry import PairingRegistry
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from actors.rpc.caller import RpcCaller
from actors.rpc.health import LinkHealth
from actors.rpc.link import Link, source_identity
from actors.rpc.reader import RpcReader
from actors.runtime.actor import Context
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.pulse import Pulses
from actors.runtime.supervisor import Child
from config import Account, Config

INTAKE = ("normalizer", "access", "journal")
"""The mailboxes between a reader and the disk: what the pumps measure."""

BESIDE = ("pairing", "runner")
"""Actors that touch files or start threads: beside the flow, so that they never hold it up."""


@dataclass(slots=True)
class Wiring:
    """Everything the process needs to supervise and to report. ``roster`` holds the live refs by name."""

    config: Config
    accounts: tuple[Account, ...]
    journal: Path
    credentials: Path
    environment: Mapping[str, str]
    pulses: Pulses
    flow: Dispatcher
    beside: Dispatcher
    roster: dict[str, Ref] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    health: dict[str, LinkHealth] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _first: Store | None = None

    def open(self) -> None:
        """Open the journal and number the Messages databases. Raises JournalError."""
        self._first = Store(connect(self.journal))
        for account in self.accounts:
            identity = source_identity(account.cli_path, account.db_path, account.remote_host)
            self.sources[account.id] = self._first.source_number(identity)
            self.health[account.id] = LinkHealth()

    def adopt(self, context: Context, name: str) -> Context:
        """Where a child runs: the stages of the flow take turns on one thread, the rest has its own."""
        return context._replace(dispatcher=self.beside if name in BESIDE else self.flow)

    def waiting(self) -> int:
        """Rows between the readers and the disk, all accounts together."""
        return self.pulses.count(INTAKE) + self.ledger.waiting

    def children(self) -> list[Child]:
        """The ordered list, sink first: callers, journal, senders, chunker, runner, sessions, pairing, access,
        normalizer, readers."""
        agents = make_agents(self.config, self.environment)
        views = {account.id: AccessView.build(account, self.config) for account in self.accounts}
        self.problems = [f"{path}: {why}" for view in views.values() for path, why in view.problems]
        keys = {account.id: account.key_path("dmPolicy") for account in self.accounts}
        store = PairingStore(self.credentials)
        return [
            *(Child(f"caller:{account.id}", RpcCaller.start) for account in self.accounts),
            Child("journal", self._journal),
            *(Child(f"sender:{account.id}", self._sender(account), drains=True) for account in self.accounts),
            Child("chunker", self._chunker),
            Child("runner", self._runner(agents), drains=True),
            Child("sessions", self._sessions(agents)),
            Child("pairing", lambda c: PairingRegistry.start(c, store, self._of("journal"), self._of("chunker"), keys)),
            Child("access", self._access(views, Snapshots(store))),
            Child("normalizer", self._normalizer),
            *(Child(f"reader:{account.id}", self._reader(account), drains=True) for account in self.accounts),
        ]

    def _of(self, name: str) -> Ref:
        return self.roster[name]

    def _senders(self) -> dict[str, Ref]:
        return {account.id: self._of(f"sender:{account.id}") for account in self.accounts}

    def _journal(self, context: Context) -> Ref:
        store, self._first = self._first or Store(connect(self.journal)), None
        return Journal.start(context, store, self.journal, self.ledger, self.sources)

    def _sender(self, account: Account) -> Callable[[Context], Ref]:
        # Never imsg's own "auto": after a bridge error it can deliver twice (imsg protocol 8).
        transport = "bridge" if account.send_transport == "bridge" else "applescript"
        extra = {"transport": transport, "region": account.region}

        def start(context: Context) -> Ref:
            caller = self._of(f"caller:{account.id}")
            journal, health = self._of("journal"), self.health[account.id]
            return OutboundSender.start(context, account.id, caller, journal, extra, health)

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

    def _normalizer(self, context: Context) -> Ref:
        senders = tuple(self._senders().values())
        return Normalizer.start(context, self._of("access"), self._of("journal"), senders)

    def _reader(self, account: Account) -> Callable[[Context], Ref]:
        link = Link(
            account=account.id,
            source=self.sources[account.id],
            cli=account.cli_path,
            db_path=account.db_path,
            attachments=account.include_attachments,
            debounce_ms=account.debounce_ms,
            patience=account.probe_timeout_ms / 1000,
            waiting=self.waiting,
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
