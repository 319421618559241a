"""What a command on its way to the desk asks for. Pure.

In: a ``Commanded``, which the gate let pass, and the desk's view. Out: an ``Asked``, or None where it is no command of
this desk any more, for the config says other words since. Whatever stands before a command is the mention the gate
found there.
"""

from actors.access.commands import KNOWN
from actors.access.handles import canonical
from actors.commands.parse import CARRIED_OUT
from actors.commands.recognise import compiled, recognised
from actors.commands.view import Asked, DeskView
from actors.conversation.keys import group_key
from actors.envelopes.inbound import Commanded


def asked_by(message: Commanded, view: DeskView, born: float) -> Asked | None:
    """``born`` is when this life of the gateway began (unix seconds)."""
    row = message.row
    triggers = compiled(view.config.session.reset_triggers)
    command = recognised(row.text, triggers, lambda _: True, with_files=bool(row.attachments))
    if message.authority == KNOWN or command is None or command.name not in CARRIED_OUT:
        return None
    account = view.account(message.address.account)
    return Asked(
        command.name,
        command.arguments,
        message.address.account,
        canonical(row.sender, account.region if account is not None else None),
        message.authority,
        row.chat.is_group or message.session == group_key(message.agent, row.chat.id),
        message.replayed,
        row.received_at < born,
        message.session,
        message.agent,
        (row.source, row.chat.id),
        command.written,
        command.is_bare,
        bool(row.attachments),
    )
