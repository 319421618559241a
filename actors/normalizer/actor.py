"""The Normalizer: rows in, messages out, in exactly the order they came.

Told ``Received`` and ``Watching`` by the readers, ``Spoken`` by the senders and ``Recorded`` by the Repairer; tells
the AccessController an ``Inbound`` to judge, marked where it comes too late, or a ``Judged`` where nothing is left to
decide (malformed, our own echo). Everything passes through the same mailbox after it, so that the journal's cursor can
never overtake a row.

In the chat with oneself a row from me is a note, to be judged like anybody's message, unless we said it. What we said
goes on as ``Judged``, is not answered, and reaches the sender as evidence like every row from me. What passes as a note
is no evidence: whatever the sender is in doubt about is unseen as well, and would have been recognised by its words.
What may be a note and comes before its chat is known is held for that, and looked at once more when its chat was found.

Another config (``Reconfigure``) reaches the AccessController through here, behind the rows that came before it: so each
row meets one config in both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.access.reasons import AGENT_ECHO, ECHO, ECHO_LOOP, FROM_ME, SELF_CHAT_ECHO
from actors.envelopes.control import Listen, Reconfigure, Record, Recorded, Ref, Replay, Replayed, Spoken
from actors.envelopes.facts import Rejudged
from actors.envelopes.inbound import Corrupt, Dropped, Held, Inbound, Judged, Overlong, Received, Watching
from actors.normalizer import heads
from actors.normalizer.anchors import NO_ANCHOR, is_from_own_address, is_self_chat, may_be_note
from actors.normalizer.echoes import LOOP, EchoMemory, Key, key_of
from actors.normalizer.fences import MISSED, Fences
from actors.normalizer.normalize import Malformed, nameless, normalize
from actors.normalizer.own_addresses import OwnAddresses
from actors.normalizer.previews import PREVIEW, mark_of_preview
from actors.normalizer.twins import Twins
from actors.rpc.frames import MAX_LINE
from actors.runtime.actor import Actor, Context
from config.schema.channel import Recovery

LOOPING = "chat {}: our own words keep coming back as somebody else's; such rows are held from now on"


class NormalizerView(NamedTuple):
    """What the normalizer goes by: the senders it listens to, age fences and regions by account id.

    ``onward`` is what the AccessController is told in its turn; None: nothing.
    """

    senders: Sequence[Ref]
    recoveries: Mapping[str, Recovery]
    regions: Mapping[str, str | None]
    onward: Any = None


class Normalizer(Actor):
    """One for all accounts; ``recoveries`` are the age fences by account id, and without them no row is too old.

    ``regions`` by account id are those of national numbers. Without a ``repairer`` a note whose chat is not known is
    nobody's. Every row that breaks it is set aside, so none ends it.
    """

    mortal = False

    def __init__(
        self,
        context: Context,
        access: Ref,
        journal: Ref,
        senders: Sequence[Ref],
        recoveries: Mapping[str, Recovery] | None = None,
        regions: Mapping[str, str | None] | None = None,
        repairer: Ref | None = None,
    ) -> None:
        super().__init__(context)
        self._access = access
        self._journal = journal
        self._senders = senders
        self._regions = regions or {}
        self._repairer = repairer
        self._fences = Fences(recoveries or {})
        self._fence = self._fences.stale
        self._echoes = EchoMemory(self._fences.longest)
        self._twins = Twins()
        self._addresses = OwnAddresses()

    def on_start(self) -> None:
        """Learn what was said before a restart, and listen to what will be, and to what will be found."""
        self.tell(self._journal, Replay("echoes", self.actor_ref))
        for one in (*self._senders, self._repairer):
            self.tell(one, Listen(self.actor_ref))

    def on_receive(self, message: Any) -> None:
        if type(message) is Received:
            self._received(message)
            return
        match message:
            case Spoken():
                self._echoes.spoken(message)
            case Recorded(_, Inbound()):
                self._repaired(message)
            case Watching():
                self._fences.watching(message)
            case Reconfigure(NormalizerView() as view):
                self._go_by(view)
            case Overlong():
                self._overlong(message)
            case Replayed("echoes", items):
                for said in items:
                    self._echoes.recalled(said)

    def _go_by(self, view: NormalizerView) -> None:
        known, self._senders, self._regions = self._senders, view.senders, view.regions
        self._fences.go_by(view.recoveries)
        self._echoes.keep(self._fences.longest)
        for sender in view.senders:
            if sender not in known:
                self.tell(sender, Listen(self.actor_ref))
        if view.onward is not None:
            self.tell(self._access, view.onward)

    def _received(self, message: Received) -> None:
        m = message
        row = normalize(m.account, m.source, m.raw, m.received_at, m.era, self._fence)
        if type(row) is Malformed:
            self.tell(self._access, Judged(row.row, Corrupt(row.error)))
            return
        assert not isinstance(row, Malformed)
        region = self._regions.get(row.account)
        is_note = row.is_from_me and is_self_chat(row, region)
        verdict = self._look(row, region, is_note)
        if verdict is not None:
            self.tell(self._access, Judged(row, verdict))
        elif is_note:
            self.tell(self._access, self._with_age(row))
        elif row.is_from_me and may_be_note(row, region):
            self.tell(self._access, self._without_chat(row))
        else:
            self.tell(self._access, row)
        # Only rows that may be answered need it, and with oneself that is every row from me.
        if PREVIEW in message.raw and (is_note or (verdict is None and not row.is_from_me)):
            self._mark(row)

    def _repaired(self, message: Recorded) -> None:
        """A row that was held has its chat now: our own words can be known by it."""
        row = message.fact
        region = self._regions.get(row.account)
        verdict = self._look(row, region, row.is_from_me and is_self_chat(row, region))
        if verdict is None:
            self.tell(self._access, message)
        else:
            self.tell(self._journal, Record(Rejudged(message.seq, row, verdict)))

    def _look(self, row: Inbound, region: str | None, is_note: bool) -> Dropped | Held | None:
        """Our own words and what is as good as them have a verdict; all else is left to policy."""
        self._addresses.saw(row, region)
        key = key_of(row)
        return self._own(row, key, is_note) if row.is_from_me else self._echo(row, key, region)

    def _without_chat(self, row: Inbound) -> Inbound | Judged:
        """A row from me that may be a note is held for its chat, unless it has a GUID of ours."""
        if self._echoes.knows(row):
            return Judged(row, Dropped(FROM_ME))
        row = self._with_age(row)
        # What is too old is policy's to hold.
        return row if row.stale or self._repairer is None else Judged(row, Held(NO_ANCHOR))

    def _with_age(self, note: Inbound) -> Inbound:
        """Rows from me are never too old, but notes are."""
        stale = self._fence(note.account, note.source, note.sent_at, note.received_at, False)
        return replace(note, stale=stale) if stale not in {"", MISSED} else note

    def _mark(self, row: Inbound) -> None:
        if (mark := mark_of_preview(row)) is not None:
            self.tell(self._access, mark)

    def _own(self, row: Inbound, key: Key, is_note: bool) -> Dropped | Held | None:
        ours = self._echoes.own_row(row, key)
        self._twins.own_row(row, is_note, key)
        if not is_note:
            return None
        return Dropped(AGENT_ECHO) if ours or self._echoes.is_preview(row, key) else self._loop(row, key)

    def _echo(self, row: Inbound, key: Key, region: str | None) -> Dropped | Held | None:
        if self._echoes.is_echo(row, key):
            return Dropped(ECHO)
        # What the own address says is policy's to refuse. Each of our answers to a note has a twin, which is no loop.
        if is_from_own_address(row, region):
            return None
        if self._addresses.are_own(row, region):
            here = self._addresses.is_chat_with_oneself(row, region)
            return Dropped(SELF_CHAT_ECHO if here else FROM_ME)
        if self._twins.is_twin(row, key):
            return Dropped(SELF_CHAT_ECHO)
        if not self._echoes.repeats(row, key):
            return None
        if self._addresses.may_be_own(row, region) and self._echoes.comes_back(row, key):
            return Dropped(SELF_CHAT_ECHO)
        return self._loop(row, key)

    def _loop(self, row: Inbound, key: Key) -> Held | None:
        times = self._echoes.returns(row, key)
        if times == LOOP:
            self.log.error(LOOPING, row.chat.id)
        return Held(ECHO_LOOP) if times >= LOOP else None

    def _overlong(self, message: Overlong) -> None:
        head = heads.read(message.head)
        raw, words = message.head, head.words
        if not head.id and not head.guid:
            # The time makes each of them a row of its own in the journal.
            raw += f" (the head of a line from imsg at {message.received_at!r})".encode()
        row = nameless(message.account, message.source, raw, message.received_at)
        what = f"broken: {message.why}" if message.why else f"of more than {MAX_LINE >> 20} MiB was passed over"
        error = f"a line {what}{words and f': {words}'}"
        self.tell(self._access, Judged(row, Corrupt(error)))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A row that breaks the normalizer is kept as corrupt, in its place in the order."""
        if isinstance(message, Received):
            row = nameless(message.account, message.source, message.raw, message.received_at, message.era)
            self.tell(self._access, Judged(row, Corrupt(repr(error))))
