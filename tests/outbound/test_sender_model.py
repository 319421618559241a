"""The whole life of chunks against a model: whatever imsg, the phone, the operator, restarts and new configs do.

Promised: no chunk ever bears two GUIDs; a second request is made only where the first is known not to have started, or
bears the same GUID, or the operator says so; so nobody gets a message twice, and nothing is called sent that was not;
chunks of a reply go in order; in the end every chunk has ended, or is listed as uncertain, or waits behind one.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec.structs import replace

from actors.envelopes.facts import Failed, Requeued, Sent
from actors.envelopes.link import Answer, Call
from actors.envelopes.outbound import reply_of
from actors.outbound.answers import is_later, reply_id
from actors.rpc.capabilities import UNKNOWN, Capabilities
from tests.outbound.desk import (
    ACCEPTED,
    BLOCKED,
    BRIDGE_DOWN,
    HOPELESS,
    INTERNAL,
    NO_DATABASE,
    NOT_STARTED,
    STRICT,
    STUCK,
    TRACKED,
    UNKNOWN_OUTCOME,
    USED,
    Desk,
    id_of,
    own,
    prepared,
)
from tests.outbound.world import ENDED, Disk, Phone, Request, notice, part
from tests.support.probes import KillableStage

REFUSALS = {"busy": NOT_STARTED, "bridge down": BRIDGE_DOWN, "database": NO_DATABASE, "blocked": BLOCKED}
UNKNOWNS = {"unknown": UNKNOWN_OUTCOME, "internal": INTERNAL, "stuck": STUCK}
ABLE = {"old": UNKNOWN, "strict": STRICT, "tracked": TRACKED}
SOON = st.sampled_from(["tracked", "tracked", "old", "strict", None])
"""What the next child can do, and whether it is there at once."""


class Story(RuleBasedStateMachine):
    """One story of one account."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = KillableStage()
        self.disk, self.phone = Disk(), Phone()
        self.seq = self.configs = self.notices = 0
        self.able: Capabilities = UNKNOWN
        self.linked = False
        self.maybe: dict[int, str] = {}
        """Chunks with a request that may have gone out: its GUID, or empty for an untracked one."""
        self.insisted: set[int] = set()
        self.believed: set[int] = set()
        """What is called sent or failed on the word of the operator, or of a GUID that was used."""
        self.open: list[Request] = []
        self.questions: list[Call] = []
        self.start()

    def start(self) -> None:
        """A gateway begins with what is on the disk."""
        self.desk = Desk(self.stage, ready=False, judge=self.disk.apply, holds=self.disk.open)
        self.facts = self.calls = 0
        self.look()

    def teardown(self) -> None:
        """Let everything come to an end, and see that nothing was forgotten."""
        for _ in range(8):
            if self.linked:
                self.child_is_lost(False)
            self.subscribe("strict")
            for _ in range(3):
                self.drain()
                self.pass_time(700.0)
            self.drain()
        for key, entry in self.disk.entries.items():
            listed = entry.state in (*ENDED, "uncertain")
            assert listed or self.behind(key), f"{key} is {entry.state}"
        # What the disk or the phone refuses is raised in the sender, which takes it for a fault of its own.
        assert [text for _, text in self.stage.logged if text.startswith("failed on")] == []
        self.stage.close()

    def drain(self) -> None:
        """Answer whatever is asked, as a well imsg does."""
        for _ in range(200):
            if not self.open and not self.questions:
                return
            while self.questions:
                self.question(0, answers=True)
            while self.open:
                self.answer(0, "accepted")

    def behind(self, key: int) -> bool:
        """Whether a chunk waits behind one of its reply that is in doubt."""
        mates = [entry for other, entry in self.disk.entries.items() if reply_id(other) == reply_id(key)]
        return any(entry.state == "uncertain" for entry in mates)

    # What the gateway did meanwhile

    def look(self) -> None:
        """Take in what the sender told since the last look."""
        for fact in self.desk.facts[self.facts :]:
            if type(fact) is Requeued:
                self.maybe.pop(fact.key, None)
                self.insisted.add(fact.key)
            if type(fact) is Sent:
                assert self.phone.delivered[fact.key] or fact.key in self.believed, f"{fact} is not true"
            if type(fact) is Failed:
                known = self.believed | self.insisted
                assert not self.phone.delivered[fact.key] or fact.key in known, f"{fact} is not true"
        self.facts = len(self.desk.facts)
        told = [call for call in self.desk.caller.told if type(call) is Call]
        for call in told[self.calls :]:
            if call.method in ("send", "send.tracked"):
                self.requested(call)
            elif call.method in ("message.send_status", "status"):
                self.questions.append(call)
        self.calls = len(told)

    def requested(self, call: Call) -> None:
        """A request to send is made: is it allowed?"""
        tag = call.tag
        key = tag.chunk.key if hasattr(tag, "chunk") else tag.key
        request = Request(call, key, before=self.maybe.get(key))
        assert request.guid in ("", id_of(key)), "another GUID"
        assert (call.method == "send.tracked") is bool(request.guid)
        if (before := self.maybe.get(key)) is not None:
            assert before, f"{key}: an untracked request may have gone out"
            assert request.guid, f"{key}: a tracked request may have gone out"
        assert self.disk.entries[key].state in ("attempted", "uncertain"), "I4"
        self.maybe[key] = request.guid
        self.open.append(request)

    # What happens

    @rule(chat=st.integers(1, 2), count=st.integers(1, 3))
    def reply(self, chat: int, count: int) -> None:
        self.seq += 1
        self.desk.tell(prepared(self.seq, *(f"{self.seq}.{n}" for n in range(count)), chat=chat))
        self.look()

    @precondition(lambda self: self.seq)
    @rule(data=st.data(), count=st.integers(1, 2))
    def more_of_a_reply(self, data: st.DataObject, count: int) -> None:
        """Another part of an answer, which may have ended, failed, or be in doubt."""
        seq = data.draw(st.integers(1, self.seq))
        said = [key for key in self.disk.entries if not is_later(key) and reply_of(key) == seq]
        if said:
            last = self.disk.entries[max(said)].chunk
            self.desk.tell(part(replace(last, tries=0), *(f"{last.text}+{n}" for n in range(count))))
            self.look()

    @rule(chat=st.integers(1, 2))
    def notice(self, chat: int) -> None:
        """The owner is told something, on occasion of one row."""
        self.notices += 1
        self.desk.tell(notice(1 << 20, self.notices, f"notice {self.notices}", chat))
        self.look()

    @initialize(able=SOON)
    def begin(self, able: str | None) -> None:
        if able is not None:
            self.subscribe(able)

    @precondition(lambda self: not self.linked)
    @rule(able=st.sampled_from(sorted(ABLE)))
    def subscribe(self, able: str) -> None:
        self.linked, self.able = True, ABLE[able]
        self.desk.subscribe(self.able)
        self.look()

    @precondition(lambda self: self.linked)
    @rule(delivers=st.booleans(), able=SOON)
    def child_is_lost(self, delivers: bool, able: str | None = None) -> None:
        self.linked = False
        self.desk.disconnect()
        requests, self.open = self.open, []
        for request in requests:
            self.let_go(request, delivers and not request.out)
            self.desk.tell(Answer(request.call.tag, None, None, lost=True))
        for call in self.questions:
            self.desk.tell(Answer(call.tag, None, None, lost=True))
        self.questions = []
        self.look()
        if able is not None:
            self.subscribe(able)

    @rule(delivers=st.booleans(), able=SOON)
    def gateway_ends(self, delivers: bool, able: str | None) -> None:
        self.desk.ref.stop(block=False)
        self.stage.settle()
        for request in self.open:
            self.let_go(request, delivers and not request.out)
        self.open, self.questions, self.linked = [], [], False
        self.start()
        if able is not None:
            self.subscribe(able)

    @rule(chat=st.integers(1, 2), rests=st.booleans(), slow=st.booleans(), another=st.booleans())
    def config_changes(self, chat: int, rests: bool, slow: bool, another: bool) -> None:
        """With time to come to rest or without; the disk may be behind, and another child may be meant from now on."""
        if rests:
            self.desk.quiesce()
            self.reply(chat, 1)
        if slow:
            self.desk.slow = True
            self.reply(chat, 2)
        self.configs += 1
        self.desk.reconfigure(child=self.configs if another else self.desk.prefs.child)
        if slow:
            self.reply(chat, 2)
            self.desk.catch_up()
        self.look()

    def let_go(self, request: Request, delivers: bool) -> None:
        """Nobody will tell: it went out, or not."""
        if delivers:
            self.phone.deliver(request)

    @precondition(lambda self: self.open)
    @rule(number=st.integers(0, 9))
    def goes_out_without_an_answer(self, number: int) -> None:
        request = self.open[number % len(self.open)]
        if not request.late and not request.out and self.phone.deliver(request) is None:
            request.out = True

    @precondition(lambda self: self.open)
    @rule(
        number=st.integers(0, 9),
        kind=st.sampled_from(["accepted", "hopeless", "late", "failed", *REFUSALS, *UNKNOWNS]),
        delivers=st.booleans(),
    )
    def answer(self, number: int, kind: str, delivers: bool = True) -> None:
        request = self.open.pop(number % len(self.open))
        tag, used = request.call.tag, request.guid in self.phone.known
        if request.out and (request.late or kind != "late"):
            # It cannot say of this one that it did not start.
            self.tell(tag, None if request.late or kind in UNKNOWNS else ACCEPTED, UNKNOWNS.get(kind, INTERNAL))
        elif request.late:
            # Only what it says of success counts any more.
            self.tell(tag, ACCEPTED if not used and not self.phone.deliver(request) else None, INTERNAL)
        elif kind == "late":
            self.open.append(Request(request.call, request.key, late=True, out=request.out))
            self.desk.tell(Answer(tag, None, None, late=True))
            self.look()
        elif kind in REFUSALS or kind == "hopeless":
            if request.before is None:
                self.maybe.pop(request.key, None)
            self.tell(tag, None, REFUSALS.get(kind, HOPELESS))
        elif used:
            self.believe(request)
            self.tell(tag, None, USED)
        elif kind == "accepted":
            self.phone.deliver(request)
            self.tell(tag, ACCEPTED, None)
        elif kind == "failed":
            # Messages tried, and gave it up; imsg does not know that yet.
            self.phone.deliver(request, "failed")
            self.tell(tag, None, UNKNOWN_OUTCOME)
        else:
            self.let_go(request, delivers)
            self.tell(tag, None, UNKNOWNS[kind])

    def believe(self, request: Request) -> None:
        """A used GUID after an attempt nobody answered counts as sent (decisions, Outbound)."""
        if request.before is not None:
            self.believed.add(request.key)

    def tell(self, tag: Any, result: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
        """imsg answers."""
        self.desk.tell(Answer(tag, result, None if result else error))
        self.look()

    @precondition(lambda self: self.questions)
    @rule(number=st.integers(0, 9), answers=st.booleans())
    def question(self, number: int, answers: bool) -> None:
        call = self.questions.pop(number % len(self.questions))
        if call.method == "status":
            methods = sorted(self.able.methods)
            self.tell(call.tag, {"version": "0.15.9", "methods": methods} if answers else None, INTERNAL)
            return
        said = self.phone.status(call.params["guid"])
        if answers and said["send_state"] == "failed":
            self.maybe.pop(call.tag.key, None)
        self.tell(call.tag, said if answers else None, INTERNAL)

    @precondition(lambda self: self.disk.entries)
    @rule(data=st.data())
    def own_row_comes(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.disk.entries)))
        entry = self.disk.entries[key]
        if self.phone.delivered[key]:
            tracked = self.phone.known.get(id_of(key)) == "sent"
            guid = id_of(key).upper() if tracked else f"row-{key}"
            row = own(entry.chunk.text, self.stage.clock.wall(), entry.chunk.address.chat_id, guid)
            self.desk.tell(row)
            self.look()

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0, 61.0, 130.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        self.stage.advance(seconds)
        self.look()

    @precondition(lambda self: self.disk.entries)
    @rule(data=st.data(), what=st.sampled_from(["sent", "failed", "retry", "discard", "revoke"]))
    def order(self, data: st.DataObject, what: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.disk.entries)))
        entry = self.disk.entries[key]
        if what in ("sent", "failed") and entry.state == "uncertain":
            self.believed.add(key)
        self.desk.order(key, what, entry.as_open())
        self.look()

    @rule()
    def nobody_got_a_message_twice(self) -> None:
        for key, times in self.phone.delivered.items():
            assert times == 1 or key in self.insisted


Story.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestStory = Story.TestCase
