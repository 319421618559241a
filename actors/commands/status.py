"""``/status`` and ``/whoami``: how the gateway and this session do, and who somebody is to it. Pure.

``/status`` asks the sessions what runs, then the journal what was said; its words are made of both answers. Times are
those of the people (``agents.defaults.userTimezone``), else of this computer.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import NamedTuple

from actors.access.commands import OWNER
from actors.access.runtimes import model_of
from actors.access.view import AccessView
from actors.agents.briefing.envelope_times import elapsed, stamp, zone_of
from actors.commands.answers import again
from actors.commands.errands import Errand, Looking, Recalling
from actors.commands.view import Asked, DeskView
from actors.conversation.keys import CHANNEL
from actors.envelopes.session import Recalled, Standing
from actors.envelopes.steering import Looked

LOOK = "gateway status"


class Surroundings(NamedTuple):
    """What is known besides: how the session differs from the config, and how the account's link does (a line).

    ``wall`` is the clock (unix seconds).
    """

    standing: Standing
    link: Callable[[], str]
    wall: Callable[[], float]


def status(asked: Asked, view: DeskView, around: Surroundings) -> str | Errand:
    """How the session does."""
    if asked.replayed:
        return again()

    def looked(now: Looked) -> Errand:
        return Errand(Recalling(), lambda past: _lines(asked, view, around, now, past), LOOK)

    return Errand(Looking(), looked, LOOK)


def _lines(asked: Asked, view: DeskView, around: Surroundings, now: Looked, past: Recalled) -> str:
    zone = zone_of("user", view.config.agents.defaults.user_timezone)
    agent = view.agent(asked.agent)
    model = around.standing.model or (model_of(agent, view.config) if agent is not None else "")
    own = _own(around.standing)
    return "\n".join(
        [
            view.version,
            f"agent: {asked.agent}" + (f", model {model}" if model else ""),
            f"session: {asked.session}",
            _running(now, around.wall(), zone),
            _spoken(past, zone),
            *([f"set here: {own}"] if own else []),
            f"link: {around.link()}",
        ]
    )


def _running(now: Looked, wall: float, zone: tzinfo | None) -> str:
    waiting = f", {now.waiting} waiting" if now.waiting else ""
    if now.since is None:
        return f"turn: none runs{waiting}"
    return f"turn: runs since {stamp(now.since, zone)} ({elapsed(now.since, wall) or '0s'}){waiting}"


def _spoken(past: Recalled, zone: tzinfo | None) -> str:
    turns = past.number - 1  # it counts the one that would begin now
    if past.last_at is None or turns < 1:
        return "turns: none yet"
    return f"turns: {turns}, the last one ended {stamp(past.last_at, zone)}"


def _own(standing: Standing) -> str:
    found = [
        f"{name} {value}" for name in ("activation", "send", "queue", "model") if (value := getattr(standing, name))
    ]
    failed = f"{standing.failures} turns failed in a row" if standing.failures else ""
    return ", ".join(filter(None, [*found, failed]))


def whoami(asked: Asked, view: DeskView) -> str:
    """Who somebody is to the gateway, and by what list."""
    if asked.replayed:
        return again()
    account = view.account(asked.account)
    by = AccessView.build(account, view.config).commands if account is not None else None
    # An owner in a group owns nothing there, and is one in a direct chat all the same.
    name = "owner" if asked.authority == OWNER else "may command"
    source = by.by(asked.handle, asked.authority, asked.is_group) if by is not None else "a list that is gone"
    chat = [f"chat: chat_id:{asked.chat[1]}"] if asked.is_group else []
    return "\n".join(
        [f"channel: {CHANNEL}, account {asked.account}", f"you: {asked.handle}", *chat, f"{name}, by {source}"]
    )
