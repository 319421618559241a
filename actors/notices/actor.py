"""The Notices: failures told to the owner, in a message to their own chat.

Told ``Notice`` by whoever learns of a failure; every one is a line in the log. Where the account's ``ownerNotice``
lets it, and not too many went out lately, the journal is asked for the owner's chat, and the chunker is told a
``Reply`` that stands in the outbox behind the newest row of that chat, each under a key of its own: it is queued, sent
once and listed like any other. Nobody else is told: until the owner has written to the account once, the log is all
there is; whether they did is looked up every few minutes at most.

What it holds is in memory only: a notice that a crash cuts off is in the log.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from actors.envelopes.control import Reconfigure, Ref, Replay, Replayed
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import Reply
from actors.envelopes.steering import Inform, Notice
from actors.notices.rationing import Ration, Told
from actors.notices.wording import addressee, notice_text
from actors.outbound.answers import notice_position
from actors.runtime.actor import Actor, Context
from config.schema.channel_parts import OwnerNotice

MOST_WAITING = 64
"""Notices that wait for the journal's word; further ones are only logged."""
NOBODY_SECONDS = 300.0
"""How long it is taken that there is still nobody to tell: the look-up goes through thousands of rows."""
NOBODY = (
    "account {}: notices are only logged, as no chat of {} is known: somebody has to write from there once (the owner "
    "is whom commands.ownerAllowFrom names), or set ownerNotice.to"
)


class NoticesView(NamedTuple):
    """By account: what the config says of notices, and the region of its numbers; and the senders that have some.

    ``is_owner`` says whether whoever wrote a row is an owner now.
    """

    accounts: Mapping[str, OwnerNotice]
    regions: Mapping[str, str]
    senders: Mapping[str, Ref]
    is_owner: Callable[[Inbound], bool] = lambda _: True


class _Waiting(NamedTuple):
    notice: Notice
    told: Told
    whom: str


class Notices(Actor):
    """One for all accounts."""

    mortal = False

    def __init__(self, context: Context, view: NoticesView, journal: Ref, chunker: Ref) -> None:
        super().__init__(context)
        self._view = view
        self._journal = journal
        self._chunker = chunker
        self._rations: dict[str, Ration] = {}
        self._waiting: deque[_Waiting] = deque()
        """The journal is asked for the first one of them."""
        self._used: dict[str, tuple[int, int]] = {}
        """By account: the row that carried its last notice, and how many that carries."""
        self._unknown = set[tuple[str, str]]()
        """Of whom it was said that no chat is known."""
        self._nobody: dict[tuple[str, str], float] = {}
        """Of whom the journal knows no chat, and until when it is not asked again (monotonic seconds)."""

    def on_start(self) -> None:
        """Hear of what cannot be said, and of what is not known to have gone out."""
        self.tell(self._chunker, Inform(self.actor_ref))
        self._listen()

    def on_receive(self, message: Any) -> None:
        match message:
            case Notice():
                self._notice(message)
            case Replayed("owner", items):
                self._found(items)
            case Reconfigure(NoticesView() as view):
                self._view = view
                self._unknown.clear()
                self._nobody.clear()
                self._listen()

    def _listen(self) -> None:
        for sender in self._view.senders.values():
            self.tell(sender, Inform(self.actor_ref))

    def _notice(self, message: Notice) -> None:
        account = message.account
        self.log.bind(account=account).warning("{}", message.text)
        wants = self._view.accounts.get(account)
        if wants is None or not wants.enabled:
            return
        whom = addressee(wants.to, self._view.regions.get(account, "US"))
        if whom is None:
            self._say_unknown(account, f"ownerNotice.to ({wants.to!r})")
            return
        if len(self._waiting) >= MOST_WAITING or self._is_nobody(account, whom):
            return
        ration = self._rations.setdefault(account, Ration())
        told = ration.take(message.about, wants.per_hour, self.clock.monotonic(), self.clock.wall())
        if told is not None:
            self._waiting.append(_Waiting(message, told, whom))
            if len(self._waiting) == 1:
                self._ask()

    def _ask(self) -> None:
        notice, _, whom = self._waiting[0]
        is_owner = self._view.is_owner
        self.tell(self._journal, Replay("owner", self.actor_ref, notice.account, reason=whom, wanted=is_owner))

    def _found(self, items: tuple[tuple[int, ReplyAddress, int], ...]) -> None:
        if not self._waiting:
            return
        waiting = self._waiting.popleft()
        account = waiting.notice.account
        for seq, address, used in items:
            if (position := self._position(account, seq, used)) is not None:
                text = notice_text(waiting.notice.text, waiting.told, self.clock.wall())
                self.tell(self._chunker, Reply(seq, "", address, text, (), position))
                break
        else:
            self._untold(waiting)
            if not items:
                self._nobody[account, waiting.whom] = self.clock.monotonic() + NOBODY_SECONDS
        while self._waiting and self._is_nobody(self._waiting[0].notice.account, self._waiting[0].whom):
            self._untold(self._waiting.popleft())
        if self._waiting:
            self._ask()

    def _untold(self, waiting: _Waiting) -> None:
        """The log is all there is of it."""
        account = waiting.notice.account
        self._rations[account].give_back(waiting.notice.about, waiting.told)
        self._say_unknown(account, waiting.whom or "the owner")

    def _is_nobody(self, account: str, whom: str) -> bool:
        return self._nobody.get((account, whom), -math.inf) > self.clock.monotonic()

    def _position(self, account: str, seq: int, used: int) -> int | None:
        """Behind those on disk and those on their way there."""
        row, ours = self._used.get(account, (0, 0))
        used = max(used, ours) if row == seq else used
        self._used[account] = seq, used + 1
        return notice_position(used)

    def _say_unknown(self, account: str, whom: str) -> None:
        if (account, whom) not in self._unknown:
            self._unknown.add((account, whom))
            self.log.bind(account=account).warning(NOBODY, account, whom)
