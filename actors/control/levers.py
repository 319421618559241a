"""What the command line may have done inside a running gateway: each lever tells one actor, and returns at once."""

from collections.abc import Callable, Mapping
from typing import Any

from actors.control.inbox import Done, Inbox, Question
from actors.envelopes.control import AllowedChanged, Discard, Order, Probe, Ref, Replay, Tick
from actors.envelopes.inbound import Notify
from actors.envelopes.link import Call
from actors.envelopes.steering import Fresh, Mend, Renew
from actors.runtime.actor import Actor, Context


class Levers:
    """Over the roster of living actors; ``context`` is where inboxes live. False: no such actor lives now."""

    def __init__(self, roster: Mapping[str, Ref], context: Context) -> None:
        self._roster = roster
        self._context = context

    def pairing_changed(self) -> bool:
        """The pairing files were written."""
        return self._tell("access", AllowedChanged())

    def reload(self) -> bool:
        """The config files are to be read again, whether they changed or not."""
        return self._tell("config", Tick("reload"))

    def notify(self, account: str, handle: str) -> bool:
        """Whoever was let in as ``handle`` (canonical) is to be told so."""
        return self._tell("pairing", Notify(account, handle))

    def order(self, account: str, order: Order) -> bool:
        """Something is to be done with a chunk."""
        return self._tell(f"sender:{account}", order)

    def release(self, seqs: tuple[int, ...]) -> bool:
        """Held rows are to be judged again."""
        access = self._roster.get("access")
        return access is not None and self._tell("journal", Replay("held", access, seqs=seqs))

    def discard(self, seqs: tuple[int, ...]) -> bool:
        """Held rows are to be given up."""
        return self._tell("journal", Discard(seqs))

    def probe(self, account: str, done: Callable[[], None]) -> bool:
        """Find out how a link does; ``done`` is called when that is known."""
        return self._tell(f"reader:{account}", Probe(done))

    def call(self, account: str, question: Question, done: Done) -> bool:
        """Ask the imsg of an account; ``done`` is called once, with the answer or, when none came in time, None."""
        caller = self._roster.get(f"caller:{account}")
        if caller is None or not caller.is_alive():
            return False
        inbox = Inbox.start(self._context._replace(name=f"inbox:{account}"), question.seconds, done)
        # A caller that ends just now answers nobody: then the inbox says so when its time is over.
        Actor.tell(caller, Call(question.method, question.params, inbox, None, question.patience))
        return True

    def renew(self, session: str, seconds: float, done: Callable[[bool], None]) -> bool:
        """Let a session begin anew; ``done`` is called once: whether that was on disk within ``seconds``."""
        return self._settle("sessions", Fresh, seconds, done, lambda inbox: Renew(session, "operator", reply_to=inbox))

    def lift(self, session: str, seconds: float, done: Callable[[bool], None]) -> bool:
        """Forget that the last turns of a session failed; ``done`` as in ``renew``."""
        return self._settle("sessions", Fresh, seconds, done, lambda inbox: Mend(session, None, inbox))

    def _settle(
        self, name: str, kind: type, seconds: float, done: Callable[[bool], None], message: Callable[[Ref], Any]
    ) -> bool:
        """Tell actor ``name`` a message that names an inbox, where an answer of that ``kind`` is waited for."""
        ref = self._roster.get(name)
        if ref is None or not ref.is_alive():
            return False
        context = self._context._replace(name=f"inbox:{name}")
        Actor.tell(ref, message(Inbox.start(context, seconds, lambda answer: done(answer is not None), kind)))
        return True

    def _tell(self, name: str, message: Any) -> bool:
        ref = self._roster.get(name)
        if ref is None or not ref.is_alive():
            return False
        ref.tell(message)
        return True
