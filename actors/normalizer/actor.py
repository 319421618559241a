"""The Normalizer: rows in, messages out, in exactly the order they came.

Told ``Received`` and ``Watching`` by the readers and ``Spoken`` by the senders; tells the AccessController an
``Inbound`` to judge, marked where it comes too late, or a ``Judged`` where nothing is left to decide (malformed, our
own echo). Everything passes through the same mailbox after it, so that the journal's cursor can never overtake a row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from actors.envelopes.control import Listen, Ref, Replay, Replayed, Spoken
from actors.envelopes.inbound import Corrupt, Dropped, Held, Judged, Overlong, Received, Watching
from actors.normalizer import heads
from actors.normalizer.echoes import LOOP, EchoMemory
from actors.normalizer.fences import Fences
from actors.normalizer.normalize import Malformed, nameless, normalize
from actors.normalizer.previews import PREVIEW, mark_of_preview
from actors.rpc.frames import MAX_LINE
from actors.runtime.actor import Actor, Context
from config.schema.channel import Recovery

LOOPING = "chat {}: our own words keep coming back as somebody else's; such rows are held from now on"


class Normalizer(Actor):
    """One for all accounts; ``recoveries`` are the age fences by account id, and without them no row is too old.

    Every row that breaks it is set aside, so none of them ends it.
    """

    mortal = False

    def __init__(
        self,
        context: Context,
        access: Ref,
        journal: Ref,
        senders: Sequence[Ref],
        recoveries: Mapping[str, Recovery] | None = None,
    ) -> None:
        super().__init__(context)
        self._access = access
        self._journal = journal
        self._senders = senders
        self._echoes = EchoMemory()
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
                    self._echoes.spoken(said)

    def _received(self, message: Received) -> None:
        m = message
        row = normalize(m.account, m.source, m.raw, m.received_at, m.era, self._fence)
        if type(row) is Malformed:
            self.tell(self._access, Judged(row.row, Corrupt(row.error)))
            return
        assert not isinstance(row, Malformed)
        if row.is_from_me:
            self._echoes.own_row(row)
        elif self._echoes.is_echo(row):
            self.tell(self._access, Judged(row, Dropped("echo")))
            return
        elif (times := self._echoes.returns(row)) >= LOOP:
            if times == LOOP:
                self.log.error(LOOPING, row.chat.id)
            self.tell(self._access, Judged(row, Held("echo loop")))
            return
        self.tell(self._access, row)
        if PREVIEW in message.raw and (mark := mark_of_preview(row)) is not None:
            self.tell(self._access, mark)

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
