"""``/activation``, ``/send``, ``/queue`` and ``/model``: how one session differs from the config. Pure.

Without a word more each says how it is; ``default`` (``inherit`` for ``/send``) goes back to the config. They are shown
to whoever may command and set by an owner: in a direct chat, and in a group too, where a person who is an owner by
handle sets what concerns the session of that very group (``actors.access.commands``). What is set is on disk before it
is answered, and counts from the next message on.
"""

import re
from collections.abc import Callable

from actors.access.commands import OWNER
from actors.access.runtimes import asks_a_model, collects, model_of
from actors.access.view import AccessView
from actors.commands.answers import Answer, again
from actors.commands.errands import Adjusting, Errand
from actors.commands.permission import owners_only
from actors.commands.view import Asked, DeskView
from actors.conversation.habits import Habits
from actors.envelopes.session import Standing
from config.redaction import redact

DIRECT = "Activation is for groups. In a direct chat every message is for me."
OWNERS = "Only an owner may set that."
UNHEARD = (
    "But there is nothing to be mentioned by, so every message counts: give the agent an identity.name or "
    "groupChat.mentionPatterns."
)
FORMS = {
    "activation": "/activation mention, always or default",
    "send": "/send on, off or inherit",
    "queue": "/queue followup, collect, steer, interrupt or default",
    "model": "/model provider/name or default",
}
_BACK = frozenset({"default", "inherit"})
_VALUES = {
    "activation": {"mention": "mention", "always": "always"},
    "send": {"on": "on", "off": "off"},
    "queue": {
        **{mode: mode for mode in ("followup", "collect", "steer", "interrupt")},
        **dict.fromkeys(("queue", "steer-backlog", "steer+backlog"), "steer"),
    },
}
"""What may be written, and what is kept of it."""
_MODEL = re.compile(r"[^\s/:]+[/:]\S+")
_LONGEST_MODEL = 200


def request(asked: Asked, view: DeskView, standing: Standing) -> str | Errand:
    """What the command wants, as far as its sender may want it; ``standing`` is that of its session."""
    name, word = asked.name, asked.arguments.strip()
    if name == "activation" and not asked.is_group:
        return DIRECT
    if not word:
        return again() if asked.replayed else _shown(asked, view, standing)
    if asked.authority != OWNER:
        return OWNERS if asked.is_group else owners_only(asked, view)
    if asked.replayed:
        return again(f"/{name}")
    if word.lower() in _BACK:
        return _setting(asked, view, None)
    value = _model(asked, view, word) if name == "model" else _VALUES[name].get(word.lower(), Answer(FORMS[name]))
    return value.text if isinstance(value, Answer) else _setting(asked, view, value)


def _setting(asked: Asked, view: DeskView, value: str | None) -> Errand:
    return Errand(Adjusting(asked.name, value), lambda _: _told(asked, view, value), f"/{asked.name}")


def _model(asked: Asked, view: DeskView, word: str) -> str | Answer:
    """The model that is wanted, or why it cannot be had."""
    agent = view.agent(asked.agent)
    if agent is None or not asks_a_model(agent):
        return Answer(_no_model(asked, view))
    if len(word) > _LONGEST_MODEL or not _MODEL.fullmatch(word):
        return Answer(FORMS["model"])
    why = view.model_fault(asked.agent, word)
    return Answer(f"Not changed: {redact(why)}") if why else word


def _no_model(asked: Asked, view: DeskView) -> str:
    agent = view.agent(asked.agent)
    kind = agent.runtime.type if agent is not None and agent.runtime is not None else "gone"
    return f"Agent {asked.agent} asks no model of ours: its runtime is {kind}."


def _shown(asked: Asked, view: DeskView, standing: Standing) -> str:
    agent = view.agent(asked.agent)
    if asked.name == "model" and (agent is None or not asks_a_model(agent)):
        return _no_model(asked, view)
    own: str | None = getattr(standing, asked.name)
    now = f"{own}, set here" if own is not None else f"{_configured(asked, view)}, as configured"
    return f"{asked.name}: {now}. To change it: {FORMS[asked.name]}"


def _told(asked: Asked, view: DeskView, value: str | None) -> str:
    now = value if value is not None else f"{_configured(asked, view)}, as configured"
    more = [UNHEARD] if value == "mention" and not _can_be_mentioned(asked, view) else []
    if (asked.name, value) == ("send", "off"):
        more = ["No answers go out here, but those to commands. Back: /send on"]
    return " ".join([f"{asked.name}: {now}.", *more])


def _configured(asked: Asked, view: DeskView) -> str:
    """What counts where nothing is set."""
    return _CONFIGURED[asked.name](asked, view)


def _activation(asked: Asked, view: DeskView) -> str:
    account = view.account(asked.account)
    if account is None:
        return "mention"
    gate = AccessView.build(account, view.config).gate(asked.chat[1], "")
    required = gate is None or gate.require_mention
    return "mention" if required and _can_be_mentioned(asked, view) else "always"


def _can_be_mentioned(asked: Asked, view: DeskView) -> bool:
    account = view.account(asked.account)
    agents = AccessView.build(account, view.config).agents if account is not None else {}
    return asked.agent in agents and agents[asked.agent].mentions.usable


def _send(asked: Asked, view: DeskView) -> str:
    return "on" if Habits.of(view.config, ()).allows(asked.session) else "off"


def _queue(asked: Asked, view: DeskView) -> str:
    agent = view.agent(asked.agent)
    own = "collect" if agent is not None and collects(agent) else "followup"
    return Habits.of(view.config, ()).mode or own


def _own_model(asked: Asked, view: DeskView) -> str:
    agent = view.agent(asked.agent)
    return (model_of(agent, view.config) if agent is not None else "") or "none"


_CONFIGURED: dict[str, Callable[[Asked, DeskView], str]] = {
    "activation": _activation,
    "send": _send,
    "queue": _queue,
    "model": _own_model,
}
