"""Names of conversations: which chat a message belongs to and where its answer goes."""

from actors.envelopes.base import Envelope


class Chat(Envelope):
    """A conversation as imsg describes it (imsg protocol 5).

    ``id`` is the chat's ROWID in one Messages database and means nothing in another; ``guid`` is Apple's
    stable name; ``is_group`` is imsg's own flag, before the configuration has its say.
    """

    id: int
    guid: str
    identifier: str
    name: str
    is_group: bool
    participants: tuple[str, ...]


class ReplyAddress(Envelope):
    """The exact chat an answer goes back to, taken at ingress and never recomputed.

    ``source`` is the journal's number of the Messages database ``chat_id`` belongs to; ``service`` is the
    wire value for imsg's ``send`` (``auto``, ``imessage`` or ``sms``). ``era`` counts the databases that stood at
    that source: of another era ``chat_id`` may name another chat, and only ``chat_guid`` can be trusted.
    """

    account: str
    source: int
    chat_id: int
    chat_guid: str
    service: str
    era: int = 0
