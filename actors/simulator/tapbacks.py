"""`tapback` (0.9 on): a reaction of ours, over the bridge (imsg protocol 4, 12.8).

In: parameters. Out: `{"ok":true}` with the reaction, once an own tapback row is in chat.db, from where it shows on the
message like anybody's. Any emoji counts where the version says so (`tapback.emoji`), else the six classic ones.
"""

from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.frames import internal_error, invalid_params
from actors.simulator.messages_app import MessagesApp
from actors.simulator.outcomes import BRIDGE_DOWN, not_started
from actors.simulator.params import Params
from actors.simulator.reactions import CUSTOM, added, removed
from actors.simulator.routing import read_strict_target, read_target

NEEDS_CHAT = "chat_guid, chat_identifier, or chat_id is required"
NEEDS_MESSAGE = "message_id or message_guid is required"
NEEDS_REACTION = "reaction, kind, or emoji is required"

_NAMES = ("love", "like", "dislike", "laugh", "emphasize", "question")
_ALIASES: dict[str, tuple[str, ...]] = {
    "love": ("heart", "\u2764\ufe0f", "\u2764"),
    "like": ("thumbsup", "+1", "\U0001f44d"),
    "dislike": ("thumbsdown", "-1", "\U0001f44e"),
    "laugh": ("haha", "lol", "\U0001f602"),
    "emphasize": ("emphasis", "!!", "\u203c\ufe0f"),
    "question": ("?", "\u2753"),
}
_KINDS = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}


class Tapbacks:
    """The tapbacks of one process."""

    def __init__(self, app: MessagesApp, behaviour: Behaviour) -> None:
        self._app = app
        self._bridge = behaviour.bridge
        self._played = behaviour.generation

    def tapback(self, params: Params) -> dict[str, Any]:
        """React to a message, or take that back. Raises RpcError, DatabaseUnavailableError."""
        target = read_strict_target(params) if self._played.strict and _names_chat(params) else read_target(params)
        if not target.names_chat:
            raise invalid_params(NEEDS_CHAT)
        guid = params.get("message_id", "")
        if not guid:
            raise invalid_params(NEEDS_MESSAGE)
        code, emoji, said = self._reaction(params)
        where = self._app.find(target)
        if where is None:
            raise invalid_params("unknown chat")
        if not self._bridge:
            raise self._failed(BRIDGE_DOWN)
        if not self._app.react(where, guid, params.get("part_index", 0), code, emoji):
            raise self._failed(f"message not found: {guid}")
        return {"ok": True, **said}

    def _reaction(self, params: Params) -> tuple[int, str, dict[str, str]]:
        """The code of the row, its emoji where it is none of the six, and how the answer names it."""
        word, emoji = params.get("reaction", ""), params.get("emoji", "")
        if not word and not emoji:
            raise invalid_params(NEEDS_REACTION)
        takes_back = params.get("remove", False)
        if word.startswith("remove-"):
            word, takes_back = word.removeprefix("remove-"), True
        code = removed if takes_back else added
        kind = _KINDS.get((word or emoji).lower())
        if kind is not None:
            return code(_NAMES.index(kind)), "", {"reaction": kind} if word else {"emoji": emoji}
        if emoji and self._played.any_tapback:
            return code(CUSTOM), emoji, {"emoji": emoji}
        raise invalid_params(f"unsupported tapback reaction {word or emoji}; use {', '.join(_NAMES)}")

    def _failed(self, why: str) -> Exception:
        return not_started("tapback", "bridge_v2", why) if self._played.strict else internal_error(why)


def _names_chat(params: Params) -> bool:
    return any(key in params for key in ("chat_id", "chat_identifier", "chat_guid"))
