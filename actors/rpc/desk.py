"""What the parts of a reader work with: the actor they belong to, its link, and whom it tells."""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from actors.envelopes.control import Record, Ref, Replay, Tick
from actors.envelopes.inbound import Received
from actors.envelopes.link import Call
from actors.rpc import program
from actors.rpc.capabilities import UNKNOWN
from actors.rpc.errands import Errands
from actors.rpc.frames import Junk
from actors.rpc.health import REPLACED, STARTING, LinkHealth, Problem, explain_unsteady
from actors.rpc.landmarks import Marks
from actors.rpc.link import Link
from actors.rpc.liveness import UNSTEADY, Liveness
from actors.runtime.actor import Actor

HEALTHY_AFTER = 300.0
"""A child that watched for so long (seconds) is steady."""
LAST_WORDS = 20
JUNK_SHOWN = 5
UNDECODED = ("page", "again")
"""Questions whose answers hold rows, which stay as they came."""


class Desk(NamedTuple):
    """Everything said here is said by the reader."""

    actor: Actor
    link: Link
    health: LinkHealth
    errands: Errands
    normalizer: Ref
    caller: Ref
    journal: Ref
    liveness: Liveness
    marks: Marks
    """Outlives the child: what was begun again in vain with one is left alone with the next."""
    words: deque[str]
    """What the child said last that is no JSON-RPC, on whatever channel."""

    @classmethod
    def of(cls, actor: Actor, link: Link, health: LinkHealth, normalizer: Ref, caller: Ref, journal: Ref) -> "Desk":
        """The desk of a reader that begins."""
        errands = Errands(link.cli, actor.actor_ref, actor.clock)
        words = deque[str](maxlen=LAST_WORDS)
        return cls(actor, link, health, errands, normalizer, caller, journal, Liveness(), Marks(), words)

    def over(self, link: Link) -> "Desk":
        """The same over another link: nothing counts that is known of its program, or of another database."""
        same = link.source == self.link.source
        if not same or self.health.notice != REPLACED:
            self.health.note(None)
        self.health.capabilities = UNKNOWN
        desk = self._replace(link=link, errands=Errands(link.cli, self.actor.actor_ref, self.actor.clock))
        return desk if same else desk._replace(liveness=Liveness(), marks=Marks())

    def junk(self, junk: Junk) -> None:
        """The child wrote a line that is no JSON-RPC: told the first times, counted always."""
        self.health.junk += 1
        if junk.start:
            self.words.append(junk.start)
        if self.health.junk <= JUNK_SHOWN or self.health.junk % 1000 == 0:
            self.actor.log.warning("imsg wrote a line that is no JSON-RPC ({}): {}", junk.why, junk.start)

    def call(self, method: str, params: dict[str, Any], tag: Any, patience: float | None, raw: bool) -> None:
        """Ask imsg; the answer comes to the reader with ``tag``. ``patience`` in seconds, None: the account's."""
        seconds = patience or self.link.patience
        self.actor.tell(self.caller, Call(method, params, self.actor.actor_ref, tag, seconds, raw))

    def ask_journal(self) -> None:
        """Where the journal stands: a ``SourceState`` follows."""
        self.actor.tell(self.journal, Replay("source", self.actor.actor_ref, source=self.link.source))

    def record(self, fact: Any) -> None:
        """Store a fact."""
        self.actor.tell(self.journal, Record(fact))

    def intake(self, at: float, era: int, quiet: bool) -> Callable[[bytes], None]:
        """Takes rows that came in at ``at`` (unix seconds); ``quiet``: they are left for the next start.

        Made once for many: this is what every row passes.
        """
        if quiet:
            return lambda _: None
        tell, to, account, source = self.actor.tell, self.normalizer, self.link.account, self.link.source
        return lambda raw: tell(to, Received(account, source, raw, at, era))

    def to_normalizer(self, message: Any) -> None:
        """In the order of the rows."""
        self.actor.tell(self.normalizer, message)

    def to_caller(self, message: Any) -> None:
        """In the order of the calls."""
        self.actor.tell(self.caller, message)

    def down(self, problem: Problem, aloud: bool) -> None:
        """Nothing comes in; ``aloud`` unless nobody wants to hear it any more."""
        self.health.down(problem)
        if aloud:
            # One that is only started again was told of before it was ended.
            self.actor.log.log("INFO" if problem == STARTING else "ERROR", "{}", problem.sentence)

    def ended(self, times: int) -> None:
        """A child ended, and so many did lately."""
        if times >= UNSTEADY:
            self.health.note(explain_unsteady(self.link.cli, UNSTEADY))

    def notice(self, problem: Problem) -> None:
        """Something the operator should know, said once."""
        if self.health.notice != problem:
            self.actor.log.warning("{}", problem.sentence)
        self.health.note(problem)

    def forget_notice(self, live_since: float | None) -> None:
        """What stood against a live link is over: a watch that was behind, a child that kept ending (monotonic s)."""
        notice = self.health.notice
        steady = live_since is not None and self.actor.clock.monotonic() - live_since > HEALTHY_AFTER
        if notice is not None and (notice.code == "watch-behind" or (steady and notice.code == "unsteady")):
            self.health.note(None)


class PlainPort:
    """The half of a port that only passes on: questions, facts, words and timers of child number ``epoch``."""

    def __init__(self, desk: Desk, epoch: int) -> None:
        self._desk = desk
        self._clock = desk.actor.clock
        self._epoch = epoch

    def call(self, method: str, params: dict[str, Any], name: str, patience: float | None = None) -> None:
        """Ask imsg."""
        self._desk.call(method, params, (name, self._epoch), patience, raw=name in UNDECODED)

    def record(self, fact: Any) -> None:
        """Tell the journal."""
        self._desk.record(fact)

    def notice(self, problem: Problem) -> None:
        """Something the operator should know."""
        self._desk.notice(problem)

    def later(self, name: str, seconds: float) -> None:
        """Call ``due(name)`` in so many seconds."""
        self._clock.after(seconds, self._desk.actor.actor_ref, Tick(name, self._epoch))

    def now(self) -> float:
        """Unix seconds."""
        return self._clock.wall()

    def file_of(self, path: str) -> str:
        """What names a database file on its file system."""
        return program.file_identity(path)
