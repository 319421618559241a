"""``/restart``: the gateway ends and starts again. Pure.

The command is answered by the next life of the gateway: its row stays open, and comes again as a replayed one. One that
comes so without the life in which it was given having ended was held, and is not carried out.
"""

from typing import NamedTuple

from actors.commands import permission
from actors.commands.answers import Answer, again
from actors.commands.view import Asked, DeskView

SWITCH = "restart"


class Restart(NamedTuple):
    """Restart now, and say nothing yet."""


def request(asked: Asked, view: DeskView) -> Answer | Restart:
    """What the command wants, as far as its sender may want it."""
    refused = permission.may(asked, view, SWITCH, as_owner=True)
    if refused is not None:
        return Answer(refused.text)  # no write of the config, so nothing for its record
    if not asked.replayed:
        return Restart()
    return Answer(f"Restarted: {view.version} is running." if asked.is_earlier else again())
