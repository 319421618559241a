"""One config, worked out: everything the children of the gateway go by while it is in use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from actors.access.commands import OWNER
from actors.access.controller import AccessRules
from actors.access.handles import canonical
from actors.access.policy import refused
from actors.access.view import AccessView
from actors.agents.briefing.briefing import Briefing
from actors.agents.factory import Agents, make_agents
from actors.agents.model import names as model_names
from actors.agents.runner import RunnerView
from actors.commands.view import DeskView
from actors.conversation.habits import Habits
from actors.conversation.views import SessionsView
from actors.envelopes.control import Keep, Ref
from actors.envelopes.inbound import Inbound
from actors.envelopes.session import Standing
from actors.journal.actor import JournalView
from actors.notices.actor import NoticesView
from actors.outbound.chunker import OutboundView
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import RegistryView
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from actors.presence.manners import Manners
from config import Account, Check, Config, Loaded, Places
from config.writer import Writer

WRITER_PATIENCE = 2.0
"""Seconds a command in a chat waits for somebody else who is writing the config."""


@dataclass(frozen=True, slots=True)
class Setup:
    """``sources`` are the journal's numbers of the Messages databases of the accounts that run."""

    loaded: Loaded
    sources: Mapping[str, int]
    agents: Agents
    sessions: SessionsView
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
        standings: Mapping[str, Standing],
        attends: Callable[[str], bool],
        before: Agents | None = None,
    ) -> "Setup":
        """Work out a valid config, for a gateway of this ``version``. Reads nothing but what the config names.

        ``standings`` is how sessions differ from it, ``attends`` says by account whether people can be shown anything
        just now, ``before`` are the agents of the config in use.
        """
        assert loaded.config is not None
        config = loaded.config
        running = [account for account in loaded.accounts if account.enabled]
        # Where the config names the owners, nobody becomes one by pairing.
        owners = None if config.commands.owners else OwnerFile(places.owners)
        store = PairingStore(places.credentials, region_of=regions(loaded).get)
        writer = Writer(places, environment, checks, patience=WRITER_PATIENCE)
        briefing = Briefing.of(config, loaded.accounts)
        # A key of a model may stand in a .env file, as a reference may be to one.
        variables = {**loaded.variables, **environment}
        agents = make_agents(config, variables, briefing, loaded.accounts, before)
        return cls(
            loaded=loaded,
            sources=sources,
            agents=agents,
            sessions=SessionsView(agents.by_id, Habits.of(config, loaded.accounts), briefing, standings, attends),
            views={account.id: AccessView.build(account, config, standings) for account in running},
            book=Snapshots(store, owners, PairingGuard(places.pairing_guard)),
            desk=DeskView(
                config,
                loaded.accounts,
                writer,
                places,
                f"gateway {version}",
                partial(_model_fault, config, variables),
            ),
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
        return RunnerView(self.agents.by_id, self.config.agents.defaults.max_concurrent)

    @property
    def registry(self) -> RegistryView:
        """What the pairing registry goes by."""
        return RegistryView({account.id: account.key_path("dmPolicy") for account in self.accounts}, self.views)

    @property
    def outbound(self) -> dict[str, OutboundView]:
        """How each account writes."""
        name = self.config.default_agent().identity.name
        names = {one.id: one.identity.name for one in self.config.agents.list if one.identity.name}
        return {
            account.id: OutboundView(account.text_chunk_limit, account.chunk_mode, account.response_prefix, name, names)
            for account in self.accounts
        }

    @property
    def manners(self) -> dict[str, Manners]:
        """What people of each account are shown."""
        return {account.id: Manners.of(self.config, account) for account in self.accounts}

    def notices(self, senders: Mapping[str, Ref]) -> NoticesView:
        """What the owner is told of."""
        wants = {account.id: account.owner_notice for account in self.accounts}
        return NoticesView(wants, regions(self.loaded), senders, self._is_owner)

    def _is_owner(self, row: Inbound) -> bool:
        """Whether whoever wrote a row is an owner by this config, and may speak."""
        view = self.views.get(row.account)
        if view is None:
            return False
        allowed = self.book.allowed(row.account)
        sender = canonical(row.sender, view.region)
        return view.commands.authority(sender, False, allowed) == OWNER and refused(row, view, allowed) is None

    def access(self, senders: Mapping[str, Ref]) -> AccessRules:
        """What the access controller goes by."""
        return AccessRules(self.views, self.book, senders)


def _model_fault(config: Config, environment: Mapping[str, str], agent: str, name: str) -> str:
    """Why this agent (its id) cannot ask the model of this name; empty when it can."""
    entry = next((one for one in config.agents.list if one.id == agent), config.default_agent())
    try:
        return model_names.needs_key(model_names.Models.of(entry, config, environment).named(name))
    except model_names.ModelNameError as error:
        return str(error)


def regions(loaded: Loaded) -> dict[str, str]:
    """The region of each account's national numbers."""
    return {account.id: account.region for account in loaded.accounts}
