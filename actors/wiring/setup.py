"""One config, worked out: everything the children of the gateway go by while it is in use."""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.access.controller import AccessRules
from actors.access.view import AccessView
from actors.agents.base import Agent
from actors.agents.factory import make_agents
from actors.agents.runner import RunnerView
from actors.commands.view import DeskView
from actors.envelopes.control import Keep, Ref
from actors.journal.actor import JournalView
from actors.outbound.chunker import OutboundView
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import RegistryView
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from config import Account, Check, Config, Loaded, Places
from config.writer import Writer

WRITER_PATIENCE = 2.0
"""Seconds a command in a chat waits for somebody else who is writing the config."""


@dataclass(frozen=True, slots=True)
class Setup:
    """``sources`` are the journal's numbers of the Messages databases of the accounts that run."""

    loaded: Loaded
    sources: Mapping[str, int]
    agents: Mapping[str, Agent]
    views: Mapping[str, AccessView]
    book: Snapshots
    desk: DeskView

    @classmethod
    def of(
        cls,
        loaded: Loaded,
        sources: Mapping[str, int],
        places: Places,
        environment: Mapping[str, str],
        checks: tuple[Check, ...],
        version: str,
    ) -> "Setup":
        """Work out a valid config, for a gateway of this ``version``. Reads nothing but what the config names."""
        assert loaded.config is not None
        config = loaded.config
        running = [account for account in loaded.accounts if account.enabled]
        # Where the config names the owners, nobody becomes one by pairing.
        owners = None if config.commands.owners else OwnerFile(places.owners)
        store = PairingStore(places.credentials, region_of=regions(loaded).get)
        writer = Writer(places, environment, checks, patience=WRITER_PATIENCE)
        return cls(
            loaded=loaded,
            sources=sources,
            agents=make_agents(config, environment),
            views={account.id: AccessView.build(account, config) for account in running},
            book=Snapshots(store, owners, PairingGuard(places.pairing_guard)),
            desk=DeskView(config, loaded.accounts, writer, places, f"gateway {version}"),
        )

    @property
    def config(self) -> Config:
        """The config itself."""
        assert self.loaded.config is not None
        return self.loaded.config

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Those that run."""
        return tuple(account for account in self.loaded.accounts if account.enabled)

    @property
    def journal(self) -> JournalView:
        """What the journal goes by."""
        keep = Keep(self.config.retention.bodies_days, self.config.retention.tombstones_days)
        return JournalView(self.sources, keep)

    @property
    def runner(self) -> RunnerView:
        """What the runner goes by."""
        return RunnerView(self.agents, self.config.agents.defaults.max_concurrent)

    @property
    def registry(self) -> RegistryView:
        """What the pairing registry goes by."""
        return RegistryView({account.id: account.key_path("dmPolicy") for account in self.accounts}, self.views)

    @property
    def outbound(self) -> dict[str, OutboundView]:
        """How each account writes."""
        name = self.config.default_agent().identity.name
        return {
            account.id: OutboundView(account.text_chunk_limit, account.chunk_mode, account.response_prefix, name)
            for account in self.accounts
        }

    def access(self, senders: Mapping[str, Ref]) -> AccessRules:
        """What the access controller goes by."""
        return AccessRules(self.views, self.book, senders)


def regions(loaded: Loaded) -> dict[str, str]:
    """The region of each account's national numbers."""
    return {account.id: account.region for account in loaded.accounts}
