"""What of answers the owner is told: each a ``Notice`` in plain words. Pure.

In: an answer or a chunk, and what became of it. Out: the notice. None quotes what anybody wrote; names of files and the
words of imsg are cut short.
"""

from pathlib import PurePath

from actors.envelopes.identity import ReplyAddress
from actors.envelopes.outbound import Chunk, Reply
from actors.envelopes.steering import Notice
from actors.rpc.health import quoted

MOST_FILES = 3
LONGEST_NAME = 60


def place(to: ReplyAddress) -> str:
    """A chat in words: its number, and the person of a direct one."""
    _, direct, handle = to.chat_guid.partition(";-;")
    return f"chat {to.chat_id} ({handle})" if direct and handle else f"chat {to.chat_id}"


def unsent(chunk: Chunk, why: str) -> Notice:
    """A chunk became a dead letter."""
    text = f"an answer in {place(chunk.address)} was not sent, and is not tried again: {quoted(why)}"
    return _about("failed", chunk.address, f"{text}. See `gateway dead list`.")


def unknown(chunk: Chunk, followed: bool) -> Notice:
    """A chunk was parked; ``followed``: it is asked about further."""
    ends = "it is asked about further" if followed else "it is not sent again by itself"
    text = f"whether an answer in {place(chunk.address)} went out is not known; {ends}"
    return _about("uncertain", chunk.address, f"{text}. See `gateway outbox list --state uncertain`.")


def held(reply: Reply, why: str) -> Notice:
    """An answer was too long: nothing of it was said."""
    text = f"the answer to a message in {place(reply.address)} was not sent ({why}); the message is held"
    return _about("held", reply.address, f"{text}. See `gateway held list`.")


def cut_off(reply: Reply, why: str) -> Notice:
    """The rest of an answer was not said."""
    text = f"the rest of an answer in {place(reply.address)} was not sent: {why}"
    return _about("cut off", reply.address, f"{text}.")


def broken(reply: Reply) -> Notice:
    """An answer could not be cut."""
    text = f"the answer to a message in {place(reply.address)} could not be prepared, and was not sent"
    return _about("broken", reply.address, f"{text}. See `gateway logs`.")


def files(reply: Reply) -> Notice:
    """Files of an answer were left out."""
    names = [quoted(PurePath(path).name, LONGEST_NAME) for path in reply.media[:MOST_FILES]]
    rest = len(reply.media) - len(names)
    named = ", ".join(names) + (f" and {rest} more" if rest else "")
    count = "a file" if len(reply.media) == 1 else f"{len(reply.media)} files"
    text = f"{count} of an answer in {place(reply.address)} could not be sent, as this version sends none: {named}"
    return _about("files", reply.address, f"{text}.")


def _about(what: str, to: ReplyAddress, text: str) -> Notice:
    return Notice(to.account, f"{what}: {to.source}/{to.chat_id}", text)
