"""``/stop``, ``/new`` and ``/reset``: what runs in a session ends, or the session begins anew. Pure.

Stopping is for now: one that waited for a restart stops nothing, for what it was about is gone, or told again behind
it. Beginning anew without a word more is not done late either. With a message behind it, it is: the message must not
be lost, and to begin anew twice takes nothing from it, since all that came between stands behind it still.
"""

from actors.access.commands import OWNER
from actors.access.reasons import NO_AGENT
from actors.access.runtimes import RUNTIME_KEY, fault
from actors.commands.answers import again
from actors.commands.errands import Done, Ended, Errand, Onward, Renewing, Stopping
from actors.commands.parse import RESETS, switched_off
from actors.commands.view import Asked, DeskView
from actors.envelopes.inbound import Absorbed, Held
from actors.envelopes.steering import Interrupted

STOPPED, NOTHING, BEGUN = "Stopped.", "Nothing was running.", "New session."
NOTHING_TO_STOP = Absorbed("nothing to stop")
"""An abort word said in a group, where it may have been meant for somebody else."""
LOOK = "/status"


def stop(asked: Asked) -> Done:
    """An owner in a direct chat stops all of the session, anybody else what came from this very chat."""
    may_be_for_others = asked.is_group and asked.is_bare
    if asked.replayed:
        return Ended(NOTHING_TO_STOP) if may_be_for_others else again()

    def finish(answer: Interrupted) -> str | Ended:
        if answer.running or answer.waiting:
            return STOPPED
        return Ended(NOTHING_TO_STOP) if may_be_for_others else NOTHING

    everything = asked.authority == OWNER and not asked.is_group
    return Errand(Stopping(None if everything else asked.chat), finish, LOOK)


def begin(asked: Asked, view: DeskView) -> Done:
    """Begin anew; what stands behind the command, or is attached to it, is the first message then."""
    if asked.written in RESETS and asked.written in switched_off(
        view.config.commands, view.config.session.reset_triggers
    ):
        words = ", ".join(view.config.session.reset_triggers) or "nothing"
        return f"/{asked.written} is switched off: session.resetTriggers says what begins a session anew: {words}"
    if not asked.arguments and not asked.with_files:
        return again() if asked.replayed else Errand(Renewing(), lambda _: BEGUN, LOOK)
    agent = view.agent(asked.agent)
    if agent is not None and fault(agent, view.config):
        return Ended(Held(NO_AGENT, RUNTIME_KEY))
    return Onward(asked.arguments)
