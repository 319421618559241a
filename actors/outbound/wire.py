"""Chunks as imsg and the echo memory see them. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import NAMESPACE_OID, UUID, uuid5

from actors.envelopes.control import Spoken
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.outbound import Chunk
from actors.rpc.baseline import iso
from actors.rpc.capabilities import Capabilities

HISTORY = 500


@dataclass(frozen=True, slots=True)
class Prefs:
    """How one account sends.

    ``namespace`` is that of the journal: the GUIDs of tracked sends are made in it. ``transport`` is the config's
    ``sendTransport``. ``source`` is the Messages database the account reads now, None where there is only one.
    ``file_of`` tells the file at a path from another that took its place, "" where that is not known. ``child`` is
    whatever else its child is started with: compared, never looked into.
    """

    namespace: UUID
    transport: Literal["auto", "bridge", "applescript"] = "auto"
    region: str = "US"
    source: int | None = None
    file_of: Callable[[str], str] = lambda _: ""
    child: object = None

    @property
    def over(self) -> object:
        """What tells one child to send over from another: where it changes, the reader is told so as well."""
        return self.source, self.child

    @property
    def extra(self) -> dict[str, str]:
        """What every untracked ``send`` says besides chat and text; imsg before 0.14 ignores what it does not know.

        Never imsg's own ``auto``: after a bridge error it can deliver twice (imsg protocol 8).
        """
        return {"transport": "bridge" if self.transport == "bridge" else "applescript", "region": self.region}

    def tracks(self, capabilities: Capabilities) -> bool:
        """Whether sends carry a GUID of ours (decisions, Outbound; imsg protocol 12.8)."""
        return self.transport != "applescript" and capabilities.tracked


def namespace_of(identity: int) -> UUID:
    """The namespace of a journal with that identity: two journals never give two sends the same GUID."""
    return uuid5(NAMESPACE_OID, f"outbox {identity}")


def attempt_id(namespace: UUID, key: int) -> str:
    """The GUID of chunk ``key``, in lower case: always the same one, whatever happened to earlier attempts."""
    return str(uuid5(namespace, str(key)))


@dataclass(frozen=True, slots=True)
class Place:
    """The database that imsg sends over: what a chat's number counts in."""

    source: int | None = None
    era: int = 0

    def is_home(self, to: ReplyAddress) -> bool:
        """Whether the chat number of this address was taken from this very database."""
        return to.era == self.era and (self.source is None or to.source == self.source)

    def selector(self, to: ReplyAddress) -> dict[str, Any] | None:
        """Exactly one selector of the chat (imsg protocol 12.9): its number, or the GUID that outlives a database.

        None when the number is one of the database before and there is no GUID: nothing can name the chat then. Nor
        can anything in the database of another source, which may be another account's.
        """
        if self.is_home(to):
            return {"chat_id": to.chat_id}
        is_here = self.source is None or to.source == self.source
        return {"chat_guid": to.chat_guid} if is_here and to.chat_guid else None


def send_params(chunk: Chunk, selector: dict[str, Any], extra: dict[str, str]) -> dict[str, Any]:
    """Params of ``send``: keys that every version of imsg takes or ignores (imsg protocol 4, 12.9)."""
    return {**selector, "text": chunk.text, "service": chunk.address.service, **extra}


def tracked_params(chunk: Chunk, selector: dict[str, Any], guid: str) -> dict[str, Any]:
    """Params of ``send.tracked``: ``guid`` becomes the message's own (imsg protocol 12.8)."""
    params = {**selector, "text": chunk.text, "attempt_id": guid}
    return params if chunk.address.service == "auto" else {**params, "service": chunk.address.service}


def history_params(chunk: Chunk, attempted_at: float) -> dict[str, Any]:
    """Params of ``messages.history`` for looking up in its chat a chunk attempted at that time (unix seconds)."""
    return {"chat_id": chunk.address.chat_id, "limit": HISTORY, "start": iso(attempted_at)}


def spoken(chunk: Chunk, guid: str, at: float, under_way: bool) -> Spoken:
    """What the echo memory is told of a chunk at ``at`` (unix seconds; ``NEVER``: it did not start): attempted, or how
    its send ended.
    """
    return Spoken(chunk.address.chat_id, chunk.address.source, chunk.text, guid, at, under_way)
