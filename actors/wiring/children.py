"""The ordered list of children, made of one ``Setup``: how each is started, and what it is told by a newer one."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from actors.access.controller import AccessController
from actors.agents.runner import AgentRunner
from actors.commands.desk import CommandDesk
from actors.conversation.sessions import Sessions
from actors.envelopes.control import Reconfigure, Ref
from actors.journal.actor import Journal
from actors.normalizer.actor import Normalizer, NormalizerView
from actors.normalizer.repairer import Repairer, RepairerView
from actors.notices.actor import Notices, NoticesView
from actors.outbound.chunker import ChunkerView, OutboundChunker
from actors.outbound.sender import OutboundSender
from actors.pairing.registry import PairingRegistry
from actors.presence.actor import Presence, PresenceView
from actors.reload.keeper import ConfigKeeper
from actors.reload.watcher import Watcher
from actors.rpc.caller import RpcCaller
from actors.rpc.reader import RpcReader
from actors.runtime.actor import Context
from actors.runtime.child import Child
from actors.wiring import links
from actors.wiring.setup import Setup, regions
from config import Account

if TYPE_CHECKING:
    from actors.wiring.house import Wiring


class Children:
    """The children of ``setup`` in the process ``house``."""

    def __init__(self, house: "Wiring", setup: Setup) -> None:
        self._house = house
        self._setup = setup
        self._accounts = setup.accounts
        for account in self._accounts:
            house.health_of(account.id)  # a report may come before its actors

    def listed(self) -> tuple[Child, ...]:
        """Sink first: callers, journal, senders, chunker, notices, presence, runner, sessions, pairing, commands,
        config, access, repairer, normalizer, readers."""
        setup = self._setup
        return (
            *(Child(f"caller:{account.id}", self._caller(account)) for account in self._accounts),
            Child("journal", self._journal, view=lambda: setup.journal),
            *(self._sender(account) for account in self._accounts),
            Child("chunker", self._chunker, view=self._chunker_view),
            Child("notices", self._notices, view=self._notices_view),
            Child("presence", self._presence, view=self._presence_view),
            Child("runner", self._runner, drains=True, view=lambda: setup.runner),
            Child("sessions", self._sessions, view=lambda: setup.sessions),
            Child("pairing", self._pairing, view=lambda: setup.registry),
            Child("commands", self._commands, view=lambda: setup.desk),
            Child("config", self._config),
            # Told by the normalizer, behind the rows that came before.
            Child("access", self._access, follows=True),
            Child("repairer", self._repairer, view=self._repairer_view),
            Child("normalizer", self._normalizer, view=self._normalizer_view),
            *(self._reader(account) for account in self._accounts),
        )

    def _of(self, name: str) -> Ref:
        return self._house.roster[name]

    def _senders(self) -> dict[str, Ref]:
        return {account.id: self._of(f"sender:{account.id}") for account in self._accounts}

    def _callers(self) -> dict[str, Ref]:
        return {account.id: self._of(f"caller:{account.id}") for account in self._accounts}

    def _caller(self, account: Account) -> Callable[[Context], Ref]:
        return lambda context: RpcCaller.start(context, self._house.health_of(account.id))

    def _journal(self, context: Context) -> Ref:
        house, view = self._house, self._setup.journal
        return Journal.start(
            context, house.store(), house.places.journal, house.ledger, view.sources, view.keep, house.standings
        )

    def _sender(self, account: Account) -> Child:
        source = self._setup.sources[account.id]
        prefs = links.prefs(account, source, self._house.identity)

        def start(context: Context) -> Ref:
            caller, journal = self._of(f"caller:{account.id}"), self._of("journal")
            return OutboundSender.start(context, account.id, caller, journal, prefs, self._house.health_of(account.id))

        mark = links.sender_mark(account, source)
        return Child(f"sender:{account.id}", start, drains=True, view=lambda: prefs, mark=mark, pauses=True)

    def _chunker(self, context: Context) -> Ref:
        view = self._chunker_view()
        return OutboundChunker.start(context, view.senders, view.views, self._of("journal"))

    def _chunker_view(self) -> ChunkerView:
        return ChunkerView(self._senders(), self._setup.outbound)

    def _notices(self, context: Context) -> Ref:
        return Notices.start(context, self._notices_view(), self._of("journal"), self._of("chunker"))

    def _notices_view(self) -> NoticesView:
        return self._setup.notices(self._senders())

    def _presence(self, context: Context) -> Ref:
        return Presence.start(context, self._presence_view())

    def _presence_view(self) -> PresenceView:
        return PresenceView(self._setup.manners, self._callers(), self._house.health_of)

    def _runner(self, context: Context) -> Ref:
        return AgentRunner.start(context, *self._setup.runner)

    def _sessions(self, context: Context) -> Ref:
        others = [self._of(name) for name in ("runner", "chunker", "journal", "notices", "presence")]
        return Sessions.start(context, self._setup.sessions, *others)

    def _pairing(self, context: Context) -> Ref:
        house, view = self._house, self._setup.registry
        journal, chunker = self._of("journal"), self._of("chunker")
        return PairingRegistry.start(
            context, house.pairing_store, journal, chunker, view.keys, house.pairing_guard, view.views
        )

    def _commands(self, context: Context) -> Ref:
        chunker, journal, pairing = self._of("chunker"), self._of("journal"), self._of("pairing")
        house = self._house
        return CommandDesk.start(
            context,
            self._setup.desk,
            chunker,
            journal,
            pairing,
            house.restart,
            self._of("sessions"),
            house.standings,
            house.describe,
        )

    def _config(self, context: Context) -> Ref:
        house, desk = self._house, self._of("commands")
        setup, journal = self._setup, self._of("journal")
        # The journal lies in the one, and everything in the other: a service is started there.
        watcher = partial(Watcher, without=(house.places.gateway, Path("/")))
        return ConfigKeeper.start(context, house, setup.loaded, setup.sources, house.state, journal, desk, watcher)

    def _access(self, context: Context) -> Ref:
        rules = self._setup.access(self._senders())
        return AccessController.start(
            context,
            rules.views,
            rules.book,
            self._of("journal"),
            self._of("sessions"),
            self._of("pairing"),
            rules.senders,
            self._of("commands"),
        )

    def _repairer(self, context: Context) -> Ref:
        view = self._repairer_view()
        return Repairer.start(context, view.callers, self._of("access"), self._of("journal"), view.attachments)

    def _repairer_view(self) -> RepairerView:
        files = frozenset(account.id for account in self._accounts if account.include_attachments)
        return RepairerView(self._callers(), files)

    def _normalizer(self, context: Context) -> Ref:
        view = self._normalizer_view()
        access, journal, repairer = self._of("access"), self._of("journal"), self._of("repairer")
        return Normalizer.start(context, access, journal, view.senders, view.recoveries, view.regions, repairer)

    def _normalizer_view(self) -> NormalizerView:
        senders = self._senders()
        recoveries = {account.id: account.recovery for account in self._accounts}
        onward = Reconfigure(self._setup.access(senders))
        return NormalizerView(tuple(senders.values()), recoveries, regions(self._setup.loaded), onward)

    def _reader(self, account: Account) -> Child:
        house, source = self._house, self._setup.sources[account.id]
        link = links.link(account, source, house.ledger, house.claim_of(account), house.waiting)

        def start(context: Context) -> Ref:
            normalizer, caller = self._of("normalizer"), self._of(f"caller:{account.id}")
            return RpcReader.start(context, link, house.health_of(account.id), normalizer, caller, self._of("journal"))

        mark = links.reader_mark(account, source)
        return Child(f"reader:{account.id}", start, drains=True, view=lambda: link, mark=mark, late=True)
