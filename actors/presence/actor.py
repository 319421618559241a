"""The Presence: typing, read marks and a tapback while a turn runs, as long as that costs no answer anything.

Told ``Attend`` by conversations; tells the account's caller one ``Call`` at a time, and none while imsg has other
requests to answer: in its lane an answer would wait behind it. Only over a bridge that is ready, as a call may
otherwise block imsg for seconds, or start Messages anew (imsg protocol 4, 8). A call that fails, or takes longer than
two seconds, ends it all until there is a new child: it may have blocked the lane of the sends (imsg protocol 12.2).

Nothing here is promised, kept or repeated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from actors.envelopes.control import Reconfigure, Ref, Tick
from actors.envelopes.link import Answer, Call
from actors.envelopes.steering import Attend
from actors.presence.attention import GRACE_SECONDS, Act, Attention
from actors.presence.manners import Manners, tapback
from actors.rpc.health import LinkHealth, detail_of, quoted
from actors.runtime.actor import Actor, Context

PATIENCE = 2.0
BUSY_SECONDS = 0.25
"""Until it is looked again whether imsg has nothing else to do."""


class PresenceView(NamedTuple):
    """By account: what people are to be shown, who makes the calls, and how the link does."""

    manners: Mapping[str, Manners]
    callers: Mapping[str, Ref]
    health: Callable[[str], LinkHealth]


@dataclass(slots=True)
class _Account:
    child: int
    attention: Attention
    act: Act | None = None
    """The call that is not answered yet."""
    calls: int = 0
    looks_at: float = inf
    """When it is looked what is due (monotonic seconds)."""
    off: bool = False


class Presence(Actor):
    """One for all accounts."""

    mortal = False

    def __init__(self, context: Context, view: PresenceView) -> None:
        super().__init__(context)
        self._view = view
        self._accounts: dict[str, _Account] = {}
        self._named = set[str]()
        """Accounts of which it was said that their tapback is none."""

    def on_receive(self, message: Any) -> None:
        match message:
            case Attend():
                self._attend(message)
            case Answer((account, call), _, _):
                self._answered(account, call, message)
            case Tick("look", (account, at)):
                self._look(account, at)
            case Reconfigure(PresenceView() as view):
                self._view = view
                self._accounts.clear()
                self._named.clear()

    def _attend(self, message: Attend) -> None:
        name = message.address.account
        manners, health = self._view.manners.get(name), self._view.health(name)
        if manners is None or not health.capabilities.bridge:
            return
        account = self._accounts.get(name)
        if account is None or account.child != health.spawned:
            account = self._accounts[name] = _Account(health.spawned, Attention(manners))
            self._name_tapback(name, manners, health)
        if not account.off:
            account.attention.attend(message, self.clock.monotonic())
            self._later(name, account, GRACE_SECONDS)

    def _name_tapback(self, name: str, manners: Manners, health: LinkHealth) -> None:
        able = health.capabilities
        if manners.ack and name not in self._named and tapback(manners.ack, able.any_tapback) is None:
            self._named.add(name)
            self.log.bind(account=name).warning(
                "messages.ackReaction: imsg {} has no tapback {!r}; it has love, like, dislike, laugh, emphasize and "
                "question",
                able.version,
                manners.ack,
            )

    def _later(self, name: str, account: _Account, seconds: float) -> None:
        """Look in so many seconds, or before."""
        at = self.clock.monotonic() + seconds
        if at < account.looks_at:
            account.looks_at = at
            self.clock.after(seconds, self.actor_ref, Tick("look", (name, at)))

    def _look(self, name: str, at: float) -> None:
        account, health, now = self._accounts.get(name), self._view.health(name), self.clock.monotonic()
        if account is None or account.looks_at != at:
            return
        account.looks_at = inf
        if account.child != health.spawned or not health.capabilities.bridge:
            del self._accounts[name]  # what people were shown has ended with the child
        elif not account.off and account.act is None:
            self._act(name, account, health, now)

    def _act(self, name: str, account: _Account, health: LinkHealth, now: float) -> None:
        attention, able = account.attention, health.capabilities
        due = attention.due(now, able)
        if due == 0 and not health.busy:
            account.act = attention.next(now, able)
            due = attention.due(now, able)
        if account.act is not None:
            account.calls += 1
            call = Call(account.act.method, account.act.params, self.actor_ref, (name, account.calls), PATIENCE)
            self.tell(self._view.callers[name], call)
        elif due is not None:
            self._later(name, account, max(due, 0.0 if due and not health.busy else BUSY_SECONDS))

    def _answered(self, name: str, call: int, answer: Answer) -> None:
        account = self._accounts.get(name)
        if account is None or account.act is None or account.calls != call:
            return
        act, account.act = account.act, None
        if answer.lost:
            del self._accounts[name]
        elif answer.late or answer.error is not None:
            account.off = True
            why = quoted(detail_of(answer.error)) if answer.error is not None else f"no answer in {PATIENCE:.0f} s"
            text = "typing, read marks and tapbacks are off until imsg is started anew: {} failed ({})"
            self.log.bind(account=name).warning(text, act.method, why)
        else:
            account.attention.done(act, self.clock.monotonic())
            self._later(name, account, 0.0)
