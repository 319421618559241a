"""From rows and memories to the parts of a turn: who said what, and what of it may be seen. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from actors.agents.briefing import context_parts as parts
from actors.agents.briefing.context_parts import iso
from actors.agents.briefing.quotes import named
from actors.agents.briefing.remembering import Place
from actors.attachments.kinds import is_preview, kind_of
from actors.envelopes.inbound import Admitted, Inbound
from actors.envelopes.session import Heard, Past, Recalled, Tapback
from actors.normalizer.anchors import is_self_chat

Item = TypeVar("Item")


class Telling(NamedTuple):
    """One turn told under the rules of ``place``; ``present`` are the senders of its messages."""

    place: Place
    memory: Recalled
    present: tuple[str, ...]

    def message(self, one: Admitted) -> parts.Message:
        """A message of the turn."""
        row = one.row
        sent = [file for file in row.attachments if not is_preview(file)]
        return parts.Message(
            text=one.words,
            sender=row.sender,
            sender_name=row.sender_name,
            guid=row.guid,
            sent_at=iso(row.sent_at),
            own=row.is_from_me or is_self_chat(row, self.place.region),
            media=tuple(
                parts.Media(
                    path=file.path,
                    mime_type=file.mime_type,
                    name=file.name,
                    total_bytes=file.total_bytes,
                    kind=kind_of(file),
                )
                for file in sent
                if not file.missing
            ),
            unavailable=sum(file.missing for file in sent),
            reply_to=self._quote(row),
        )

    def history(self, most: int) -> tuple[parts.Heard, ...]:
        """The latest ``most`` messages of the group that were only listened to, as far as they are seen."""
        seen = [one for one in self.memory.heard if one.from_me or self._shows(one.sender)]
        return tuple(
            parts.Heard(
                sender=one.sender,
                sender_name=one.sender_name,
                text=one.text,
                at=iso(one.at),
                guid=one.guid,
                media=one.files,
            )
            for one in _latest(seen, most)
        )

    def reactions(self) -> tuple[parts.Reaction, ...]:
        """The reactions that are told (``reactionNotifications``), each once: of alike ones the last."""
        mode = self.place.reactions
        if mode == "off":
            return ()
        told: dict[tuple[str, str, str, str, bool], Tapback] = {}
        for one in self.memory.tapbacks:
            if (mode == "all" or one.to_own) and self._shows(one.sender):
                key = (one.sender, one.to_guid, one.kind, one.emoji, one.removed)
                told.pop(key, None)
                told[key] = one
        return tuple(_reaction(one, one.to_own or self._shows(one.to_sender)) for one in told.values())

    def transcript(self, most: int) -> tuple[parts.Line, ...]:
        """The latest ``most`` earlier turns, as far as they are seen."""
        first = self.memory.number - len(self.memory.turns)
        numbered = list(enumerate(self.memory.turns, first))
        return tuple(line for number, past in _latest(numbered, most) for line in self._lines(number, past))

    def _lines(self, number: int, past: Past) -> Iterator[parts.Line]:
        """What was said in an earlier turn. What is forgotten, or was never said, is left out."""
        for one in past.messages:
            if (one.text.strip() or one.files) and (one.from_me or self._shows(one.sender)):
                yield _heard(number, one)
        if past.text.strip():
            yield parts.Line(
                role="assistant", text=past.text, sender="", sender_name="", at=iso(past.ended_at), turn=number
            )

    def _quote(self, row: Inbound) -> parts.Quote | None:
        quote = named(row)
        if quote is None:
            return None
        found = next((one for one in self.memory.quotes if quote.guid and one.guid == quote.guid), None)
        own = found is not None and found.from_me
        sender = "" if own else quote.sender or (found.sender if found else "")
        text = quote.text or (found.text if found else "")
        if not own and not self.place.visibility.shows_quote(sender, self.present):
            return parts.Quote(guid=quote.guid, text="", sender="")
        return parts.Quote(guid=quote.guid, text=text, sender=sender, own=own)

    def _shows(self, sender: str) -> bool:
        return self.place.visibility.shows(sender, self.present)


def files(messages: Iterable[Admitted]) -> Iterator[parts.File]:
    """The files of these messages that are there."""
    for message in messages:
        for file in message.row.attachments:
            if not file.missing:
                yield parts.File(path=file.path, mime_type=file.mime_type, name=file.name, total_bytes=file.total_bytes)


def _reaction(one: Tapback, shows_target: bool) -> parts.Reaction:
    return parts.Reaction(
        sender=one.sender,
        sender_name=one.sender_name,
        kind=one.kind,
        emoji=one.emoji,
        removed=one.removed,
        to_guid=one.to_guid,
        to_text=one.to_text if shows_target else "",
        to_own=one.to_own,
        at=iso(one.at),
    )


def _heard(number: int, one: Heard) -> parts.Line:
    return parts.Line(
        role="user",
        text=one.text,
        sender=one.sender,
        sender_name=one.sender_name,
        at=iso(one.at),
        turn=number,
        media=one.files,
    )


def _latest(items: list[Item], most: int) -> list[Item]:
    """The last ``most`` of ``items``."""
    return items[-most:] if most > 0 else []
