"""``/restart``: the gateway ends and starts again. Pure.

The command is answered by the next life of the gateway: its row stays open, and comes again as a replayed one.
"""

from typing import NamedTuple

from actors.commands import permission
from actors.commands.answers import Answer
from actors.commands.view import Asked, DeskView

SWITCH = "restart"


class Restart(NamedTuple):
    """Restart now, and say nothing yet."""


def request(asked: Asked, view: DeskView) -> Answer | Restart:
    """What the command wants, as far as its sender may want it."""
    refused = permission.may(asked, view, SWITCH, as_owner=True)
    if refused is not None:
        return Answer(refused.text)  # no write of the config, so nothing for its record
    return Answer(f"Restarted: {view.version} is running.") if asked.replayed else Restart()
