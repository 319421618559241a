"""What a row says about where it belongs, and what to make of it when it says that wrong (inbound 1.5). Pure.

imsg before 0.10 can deliver a row before its chat is known: the chat id is 0 and all names are empty. Such a row is
never answered to its sender, for it may stem from a group. And where Messages knows no sender, imsg names the local
address instead.

Whoever writes to the own number has a chat with oneself. Messages makes two rows of each note there, one of them from
me and one not; so it does with what we answer. The row from me is the note, the other one says nothing new.
"""

from collections.abc import Sequence

from actors.access.handles import canonical
from actors.envelopes.inbound import Inbound

NO_ANCHOR = "no chat anchor"
"""Rows held for this are looked for in imsg's histories, which know their chat by then."""


def is_anchorless(row: Inbound) -> bool:
    """Whether the row names no chat an answer could go to; a group's row without one is refused, not looked for."""
    return row.chat.id <= 0 and not row.chat.is_group


def is_group(flag: bool | None, guid: str, identifier: str, participants: Sequence[str]) -> bool:
    """Whether a chat is a group: when imsg says so, or Apple's own mark ``;+;``, which old imsg overlooks.

    Several people make a group too, whatever imsg says: ``participants`` are those besides ourselves (inbound 9.1).
    """
    return bool(flag) or ";+;" in guid or ";+;" in identifier or len(participants) > 1


def besides(participants: Sequence[str], own: str) -> tuple[str, ...]:
    """The participants that are not our ``own`` address, each once."""
    return tuple(dict.fromkeys(one.strip().lower() for one in participants if not is_same(one, own)))


def other_party(sender: str, own: str, identifier: str, participants: Sequence[str]) -> str:
    """Who wrote a row of a direct chat that is not ours: ``sender``, unless that is our ``own`` address.

    Then it is the chat's other address, if there is exactly one; a chat with oneself has none.
    """
    if not is_same(sender, own):
        return sender
    if is_address(identifier) and not is_same(identifier, own):
        return identifier
    others = [one for one in participants if is_address(one) and not is_same(one, own)]
    return others[0] if len(others) == 1 else sender


def is_from_own_address(row: Inbound, region: str | None) -> bool:
    """Whether the sender is the local address itself, whatever the row says about being from me."""
    return row.own_handle != "" and canonical(row.sender, region) == canonical(row.own_handle, region) != ""


def is_self_chat(row: Inbound, region: str | None) -> bool:
    """Whether the row stands in the chat of the own address with itself: true of both rows of a note.

    That needs a direct chat whose identifier is the sender and the local address in one canonical form (decisions,
    Inbound; ``region`` as in ``canonical``). In a friend's chat rows from me name the peer or the local address as
    their sender, but never both with the chat; without a local address nobody knows which it is.
    """
    return (
        row.chat.id > 0
        and not row.chat.is_group
        and is_from_own_address(row, region)
        and canonical(row.chat.identifier, region) == canonical(row.own_handle, region)
    )


def may_be_note(row: Inbound, region: str | None) -> bool:
    """Whether a row from me that names no chat may belong into the one with oneself: its anchor tells."""
    return row.is_from_me and is_anchorless(row) and is_from_own_address(row, region)


def is_same(one: str, other: str) -> bool:
    """Whether two addresses as Messages writes them are the same."""
    return one.strip().lower() == other.strip().lower()


def is_address(text: str) -> bool:
    """Whether this looks like a phone number, a short code or an e-mail address, not like a chat's name."""
    text = text.strip()
    return "@" in text or (text.lstrip("+")[:1].isdecimal() and ";" not in text)
