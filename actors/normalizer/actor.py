"""The Normalizer: rows in, messages out, in exactly the order they came.

Told ``Received`` and ``Watching`` by the readers and ``Spoken`` by the senders; tells the AccessController an
``Inbound`` to judge, marked where it comes too late, or a ``Judged`` where nothing is left to decide (malformed, our
own echo). Everything passes through the same mailbox after it, so that the journal's cursor can never overtake a row.

In the chat with oneself a row from me is a note, to be judged like anybody's message, unless we said it. What we said
goes on as ``Judged``, is not answered, and reaches the sender as evidence like every row from me. What passes as a note
is no evidence: whatever the sender is in doubt about is unseen as well, and would have been recognised by its words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Listen, Ref, Replay, Replayed, Spoken
from actors.envelopes.inbound import Corrupt, Dropped, Held, Inbound, Judged, Overlong, Received, Watching
from actors.normalizer import heads
from actors.normalizer.anchors import is_from_own_address, is_self_chat
from actors.normalizer.echoes import LOOP, EchoMemory
from actors.normalizer.fences import Fences
from actors.normalizer.normalize import Malformed, nameless, normalize
from actors.normalizer.previews import PREVIEW, mark_of_preview
from actors.normalizer.twins import Twins
from actors.rpc.frames import MAX_LINE
from actors.runtime.actor import Actor, Context
from config.schema.channel import Recovery

AGENT_ECHO, SELF_CHAT_ECHO = "agent echo in self-chat", "self-chat echo"
LOOPING = "chat {}: our own words keep coming back as somebody else's; such rows are held from now on"


class Normalizer(Actor):
    """One for all accounts; ``recoveries`` are the age fences by account id, and without them no row is too old.

    ``regions`` by account id are those of national numbers. Every row that breaks it is set aside, so none ends it.
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
    ) -> None:
        super().__init__(context)
        self._access = access
        self._journal = journal
        self._senders = senders
        self._regions = regions or {}
        self._echoes = EchoMemory()
        self._twins = Twins()
        self._fences = Fences(recoveries or {})
        self._fence = self._fences.stale

    def on_start(self) -> None:
        """Learn what was said before a restart, and listen to what will be."""
        self.tell(self._journal, Replay("echoes", self.actor_ref))
        for sender in self._senders:
            self.tell(sender, Listen(self.actor_ref))

    def on_receive(self, message: Any) -> None:
        if type(message) is Received:
            self._received(message)
            return
        match message:
            case Spoken():
                self._echoes.spoken(message)
            case Watching():
                self._fences.watching(message)
            case Overlong():
                self._overlong(message)
            case Replayed("echoes", items):
                for said in items:
                    self._echoes.recalled(said)

    def _received(self, message: Received) -> None:
        m = message
        row = normalize(m.account, m.source, m.raw, m.received_at, m.era, self._fence)
        if type(row) is Malformed:
            self.tell(self._access, Judged(row.row, Corrupt(row.error)))
            return
        assert not isinstance(row, Malformed)
        region = self._regions.get(row.account)
        is_note = row.is_from_me and is_self_chat(row, region)
        verdict = self._own(row, is_note) if row.is_from_me else self._echo(row, region)
        if verdict is not None:
            self.tell(self._access, Judged(row, verdict))
        elif is_note:
            stale = self._fence(row.account, row.source, row.sent_at, row.received_at, False)
            self.tell(self._access, replace(row, stale=stale) if stale else row)
        else:
            self.tell(self._access, row)
        # Only rows that may be answered need it, and with oneself that is every row from me.
        if PREVIEW in message.raw and (is_note or (verdict is None and not row.is_from_me)):
            self._mark(row)

    def _mark(self, row: Inbound) -> None:
        if (mark := mark_of_preview(row)) is not None:
            self.tell(self._access, mark)

    def _own(self, row: Inbound, is_note: bool) -> Dropped | Held | None:
        ours = self._echoes.own_row(row)
        self._twins.own_row(row, is_note)
        if not is_note:
            return None
        return Dropped(AGENT_ECHO) if ours or self._echoes.is_preview(row) else self._loop(row)

    def _echo(self, row: Inbound, region: str | None) -> Dropped | Held | None:
        if self._echoes.is_echo(row):
            return Dropped("echo")
        is_twin = self._twins.is_twin(row)
        # What the own address says is policy's to refuse. Each of our answers to a note has a twin, which is no loop.
        if not (is_twin or self._echoes.repeats(row)) or is_from_own_address(row, region):
            return None
        return Dropped(SELF_CHAT_ECHO) if is_twin else self._loop(row)

    def _loop(self, row: Inbound) -> Held | None:
        times = self._echoes.returns(row)
        if times == LOOP:
            self.log.error(LOOPING, row.chat.id)
        return Held("echo loop") if times >= LOOP else None

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
