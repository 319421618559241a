"""What becomes of a chunk, said to everyone who must know: the journal, the echo memory, the operator.

The journal gets a fact; the echo memory what an echo of ours would look like, while a send is under way and after it;
the operator a log line for everything but the ordinary, and the health of the link; the owner a notice of what was
parked and of what failed. A send that fails makes an
otherwise well link ``degraded``, with the reason and the remedy, until one goes out again.
"""

from collections.abc import Iterable
from typing import Any

from actors.envelopes.control import Record, Ref
from actors.envelopes.facts import Deferred, Discarded, Failed, Queued, Requeued, Sent, Uncertain
from actors.envelopes.outbound import Chunk, Prepared
from actors.envelopes.steering import Notice
from actors.normalizer.echoes import NEVER
from actors.outbound.alarms import unknown, unsent
from actors.outbound.answers import is_notice
from actors.outbound.doubts import Doubt
from actors.outbound.link import BLOCKED
from actors.outbound.orders import BY_HAND
from actors.outbound.strays import ELSEWHERE
from actors.outbound.wire import spoken
from actors.rpc.health import LinkHealth, Problem, quoted
from actors.runtime.actor import Actor
from actors.runtime.logs import event

AUTOMATION = (
    "System Settings > Privacy & Security > Automation: allow the program that starts the gateway to control Messages"
)
PROMPT = (
    "look at the Mac's screen for a permission prompt (Automation: control of Messages) and answer it; "
    "see `gateway outbox list`"
)
OUTBOX = "see `gateway outbox list`"
CUT_SHORT = "the gateway ended during the send"
CHANGED = "the config changed during the send"
NOT_BEGUN = "the config changed before the send"
GIVEN_UP = "given up by the operator"
PARKED = "chat {}: whether chunk {} went out stays unknown, it is not sent again; see `outbox list --state uncertain`"
FOLLOWED = "chat {}: whether chunk {} went out is not known yet; later replies go on, it is asked about further"
STRANDED = (
    "the Messages database was replaced, and without the chat's GUID nobody can tell which chat of the new one it "
    "is: answer by hand, then `gateway outbox discard {}`"
)


class Report:
    """Speaks for one account's sender."""

    def __init__(self, sender: Actor, account: str, journal: Ref, health: LinkHealth) -> None:
        self._sender = sender
        self._account = account
        self._journal = journal
        self._health = health
        self._wall = sender.clock.wall
        self._log = sender.log
        self.listener: Ref | None = None
        """The echo memory."""
        self.notices: Ref | None = None
        """Who tells the owner."""
        self._cut_short = CUT_SHORT
        """Why nobody waits for the answers to earlier sends any more."""
        self._overdue = False

    def record(self, fact: Any, then: Ref | None = None) -> None:
        """Store a fact; ``then`` is told once it is on disk."""
        self._sender.tell(self._journal, Record(fact, then))

    def queued(self, message: Prepared, at: float, attempt: int = 0, guid: str = "", confirm: bool = False) -> None:
        """An answer, or a part of one, enters the outbox; ``confirm``: the sender hears when it is there."""
        fact = Queued(message.chunks, message.settles, attempt, at, guid, message.part, message.turn)
        self.record(fact, self._sender.actor_ref if confirm else None)

    def speak(self, chunk: Chunk, guid: str, under_way: bool = False) -> None:
        """What an echo of this chunk would look like; ``guid`` is empty while nobody knows it."""
        self._sender.tell(self.listener, spoken(chunk, guid, self._wall(), under_way))

    def speak_of(self, doubts: Iterable[Doubt]) -> None:
        """The same of chunks in doubt, to a listener who is new. One that is parked was over long ago."""
        for doubt in doubts:
            if not doubt.parked:
                self.speak(doubt.chunk, doubt.guid, under_way=True)
                continue
            for under_way in (True, False):
                self._sender.tell(self.listener, spoken(doubt.chunk, doubt.guid, doubt.attempted_at, under_way))

    def _unspeak(self, chunk: Chunk) -> None:
        self._sender.tell(self.listener, spoken(chunk, "", NEVER, under_way=False))

    def sent(self, chunk: Chunk, guid: str) -> None:
        """imsg took it: the one line an answered message writes."""
        self.record(Sent(chunk.key, guid, self._wall()))
        self.speak(chunk, guid)
        self._health.sends(None)
        event(
            "info",
            self._sender.context.name,
            "sent",
            account=self._account,
            chat=chunk.address.chat_id,
            chunk=chunk.key,
        )

    def proved(self, chunk: Chunk, guid: str, how: str) -> None:
        """It did go out, as ``how`` shows."""
        self.record(Sent(chunk.key, guid, self._wall()))
        self.speak(chunk, guid)
        if not self._is_blocked:
            self._health.sends(None)
        self._log.info("chat {}: chunk {} did go out, shown by {}", chunk.address.chat_id, chunk.key, how)

    def deferred(self, chunk: Chunk, why: str, delay: float) -> None:
        """It did not start and is tried again in ``delay`` seconds; at once is nobody's business."""
        self.record(Deferred(chunk.key, self._wall() + delay, chunk.tries, why))
        self._unspeak(chunk)
        if delay:
            self._trouble(why)
            self._log.warning("chat {}: not sent ({}); again in {:.0f} s", chunk.address.chat_id, why, delay)

    def failed(self, chunk: Chunk, why: str, doubt: Doubt | None = None) -> None:
        """A dead letter. One that was in doubt may stand in its chat all the same; any other did not start."""
        self.record(Failed(chunk.key, why, self._wall()))
        if doubt is None:
            self._unspeak(chunk)
        else:
            self.withdrawn(doubt)
        self._trouble(why)
        self._log.error("chat {}: not sent, and not tried again: {}", chunk.address.chat_id, why)
        if why != BY_HAND:
            self._notice(chunk, unsent(chunk, why))

    def unknown(self, chunk: Chunk, guid: str, why: str) -> None:
        """It may have gone out."""
        self.record(Uncertain(chunk.key, why))
        self.speak(chunk, guid, under_way=True)
        self._trouble(why)
        self._log.warning("chat {}: {}; looking for evidence first", chunk.address.chat_id, why)

    def parked(self, chunk: Chunk, guid: str, followed: bool) -> None:
        """Nothing shows whether it went out; ``followed``: it is issued again, with the same GUID."""
        self.speak(chunk, guid)
        self._log.error(FOLLOWED if followed else PARKED, chunk.address.chat_id, chunk.key)
        self._notice(chunk, unknown(chunk, followed))

    def _notice(self, chunk: Chunk, notice: Notice) -> None:
        # Word that a notice did not go out would not either.
        if not is_notice(chunk.key):
            self._sender.tell(self.notices, notice)

    def left(self, count: int, attempted: tuple[int, ...]) -> None:
        """So many chunks have not ended, and these were being sent when nobody waited for the answer any more."""
        for key in attempted:
            self.record(Uncertain(key, self._cut_short))
        if count:
            self._log.info("{} chunks that were there before are open", count)

    def changed(self, unwritten: Iterable[Chunk]) -> None:
        """The config changed: no request of these was written, and to no other one an answer is awaited."""
        self._cut_short = CHANGED
        for chunk in unwritten:
            self.deferred(chunk, NOT_BEGUN, 0.0)

    def withdrawn(self, doubt: Doubt) -> None:
        """Nobody looks for evidence about it any more; its row may still come, and of a parked one that was said."""
        if not doubt.parked:
            self.speak(doubt.chunk, doubt.guid)

    def requeued(self, key: int, confirm: bool = False) -> None:
        """The operator sends it again; ``confirm``: the sender hears whether that was still possible."""
        self.record(Requeued(key, self._wall()), self._sender.actor_ref if confirm else None)

    def discarded(self, key: int, why: str = GIVEN_UP) -> None:
        """It is given up: by the operator, where nothing else is said."""
        self.record(Discarded(key, why, self._wall()))

    def stray(self, count: int) -> None:
        """So many chunks came that belong to another Messages database."""
        self._log.warning(ELSEWHERE, count, self._account)

    def ordered(self, key: int, what: str, why_not: str) -> None:
        """The operator's order for a chunk is carried out (``why_not`` empty), or not."""
        if why_not:
            self._log.warning("chunk {}: the order {!r} is ignored: it {}", key, what, why_not)
        else:
            self._log.info("chunk {}: {!r}, as the operator says", key, what)

    def blocked(self) -> None:
        """imsg takes no sends any more: the one before is still under way in it."""
        self._health.sends(Problem("sends-blocked", f"imsg takes no sends: {BLOCKED}", "it is started again soon"))
        self._log.error("imsg takes no sends: {}; it is started again once the send before is settled", BLOCKED)

    def overdue(self, seconds: float) -> None:
        """imsg has owed the answer to a send for so many seconds; 0 when it owes none for long."""
        told, self._overdue = self._overdue, seconds > 0
        if not seconds or self._is_blocked:
            return
        owed = Problem("sends-fail", f"imsg has not answered a send for {seconds:.0f} s", PROMPT)
        self._health.sends(owed)
        if not told:
            self._log.warning("{}; {}", owed.reason, owed.remedy)

    def unblocked(self) -> None:
        """There is a new child."""
        if self._is_blocked:
            self._health.sends(None)

    @property
    def _is_blocked(self) -> bool:
        return self._health.sending is not None and self._health.sending.code == "sends-blocked"

    def _trouble(self, why: str) -> None:
        if not self._is_blocked:
            self._health.sends(problem(why))


def problem(why: str) -> Problem:
    """A failed send, and what helps against it."""
    text = why.lower()
    automation = "not authori" in text or "-1743" in text
    code, remedy = ("no-automation", AUTOMATION) if automation else ("sends-fail", OUTBOX)
    return Problem(code, f"sends fail: {quoted(why)}", remedy)
