"""What a command comes to, besides words: an order to another actor, or an end without an answer. Pure.

``Done`` is what the desk is told about one command: the words of the answer; an ``Errand``, where somebody else has a
part in it; the end of its row; a message for the agent; or the wish to restart.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from actors.commands.debug import Overlay
from actors.commands.restart import Restart
from actors.envelopes.inbound import Outcome


class Enrolment(NamedTuple):
    """What the pairing store is asked for, as in ``Enroll``."""

    what: str
    account: str
    handle: str


class Stopping(NamedTuple):
    """Stop what runs and waits in the command's session: of one chat (source, chat id), or (None) of all."""

    chat: tuple[int, int] | None


class Renewing(NamedTuple):
    """Let the command's session begin anew."""


class Looking(NamedTuple):
    """How the command's session does just now."""


class Recalling(NamedTuple):
    """What is known of the turns of the command's session."""


class Adjusting(NamedTuple):
    """The command's session differs from the config in ``name`` from now on; None: it does not any more."""

    name: str
    value: str | None


Order = Enrolment | Overlay | Stopping | Renewing | Looking | Recalling | Adjusting
"""For the pairing registry, the keeper of the config, the sessions, or the journal."""


class Ended(NamedTuple):
    """The row ends so, and nothing is said."""

    outcome: Outcome


class Onward(NamedTuple):
    """The session begins anew, and what was written behind that goes to its agent as the first message."""

    text: str


class Errand(NamedTuple):
    """Something another actor does. ``finish`` makes of its answer what comes of the command, perhaps one more errand;
    ``look`` is the command that shows what became of it if no answer comes."""

    order: Order
    finish: Callable[[Any], "str | Errand | Ended"]
    look: str


Done = str | Errand | Ended | Onward | Restart
