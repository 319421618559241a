"""``/help`` and ``/commands``: what may be said to the gateway itself, as far as it is switched on. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from actors.commands.answers import again
from actors.commands.parse import switched_off
from actors.commands.view import Asked, DeskView


class Entry(NamedTuple):
    """A command, how it is written, and what it does. ``owner``: for owners alone; those in square brackets are."""

    name: str
    form: str
    what: str
    owner: bool = False


ENTRIES = (
    Entry("help", "/help", "the commands most used"),
    Entry("commands", "/commands", "all commands"),
    Entry("status", "/status", "how I do, and this session"),
    Entry("whoami", "/whoami", "who you are to me (/id)"),
    Entry("new", "/new [message]", "a new session"),
    Entry("reset", "/reset [message]", "the same"),
    Entry("stop", "/stop", "stop what runs here (or just: stop)"),
    Entry("activation", "/activation [mention|always|default]", "in a group: when I answer"),
    Entry("send", "/send [on|off|inherit]", "whether answers go out here"),
    Entry("queue", "/queue [followup|collect|steer|interrupt|default]", "what comes while I work"),
    Entry("model", "/model [provider/name|default]", "which model answers here"),
    Entry("config", "/config show [path]|set path=value|unset path|undo", "the config", owner=True),
    Entry("debug", "/debug show|set path=value|unset path|reset", "the same, in memory only", owner=True),
    Entry("allowlist", "/allowlist list|add|remove [dm|group|all] handle", "who is let in", owner=True),
    Entry("restart", "/restart", "restart the gateway", owner=True),
)
SHORT = ("status", "new", "stop", "whoami")
MORE = "All of them: /commands"
OWNERS = "To set something is for owners, and these are altogether:"


def short(asked: Asked, view: DeskView) -> str:
    """What is wanted most."""
    return again() if asked.replayed else "\n".join([*_lines(_on(view, SHORT)), MORE])


def whole(asked: Asked, view: DeskView) -> str:
    """All there is; what is for owners alone stands last."""
    if asked.replayed:
        return again()
    there = _on(view, [entry.name for entry in ENTRIES])
    own = [entry for entry in there if entry.owner]
    words = [one for one in view.config.session.reset_triggers if one.strip().lower() not in {"/new", "/reset"}]
    triggers = [f"{', '.join(words)} - a new session"] if words else []
    return "\n".join(
        [
            *_lines(entry for entry in there if not entry.owner),
            *triggers,
            *([OWNERS, *_lines(own)] if own else []),
        ]
    )


def _on(view: DeskView, names: Iterable[str]) -> list[Entry]:
    off = switched_off(view.config.commands, view.config.session.reset_triggers)
    known = {entry.name: entry for entry in ENTRIES}
    return [known[name] for name in names if name not in off]


def _lines(entries: Iterable[Entry]) -> Iterable[str]:
    return (f"{entry.form} - {entry.what}" for entry in entries)
