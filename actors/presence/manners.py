"""What people are shown while a turn runs, as the config wants it for one account. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from config import Account
from config.schema.root import Config

TypingMode = Literal["never", "instant", "thinking", "message"]
INTERVAL_SECONDS = 8.0
"""Between two signs of typing where the config does not say (outbound 4.5)."""
THINKING_SECONDS = 2.0
"""An agent that has said nothing for so long is thinking."""

_KINDS = {
    "love": "love",
    "heart": "love",
    "\u2764": "love",
    "like": "like",
    "thumbsup": "like",
    "+1": "like",
    "\U0001f44d": "like",
    "dislike": "dislike",
    "thumbsdown": "dislike",
    "-1": "dislike",
    "\U0001f44e": "dislike",
    "laugh": "laugh",
    "haha": "laugh",
    "lol": "laugh",
    "\U0001f602": "laugh",
    "emphasize": "emphasize",
    "emphasis": "emphasize",
    "!!": "emphasize",
    "\u203c": "emphasize",
    "question": "question",
    "?": "question",
    "\u2753": "question",
}
"""What imsg calls the six classic tapbacks, by every name they have (imsg protocol 4)."""


@dataclass(frozen=True, slots=True)
class Manners:
    """``mode`` is None where the chat decides; ``interval`` in seconds; ``ack`` is the emoji, empty for none."""

    reads: bool = True
    mode: TypingMode | None = None
    interval: float = INTERVAL_SECONDS
    ack: str = ""
    scope: str = "group-mentions"
    takes_back: bool = False

    @classmethod
    def of(cls, config: Config, account: Account) -> "Manners":
        """What the config says of it."""
        messages, session = config.messages, config.session
        return cls(
            account.send_read_receipts,
            session.typing_mode,
            float(session.typing_interval_seconds or INTERVAL_SECONDS),
            (messages.ack_reaction or "").strip(),
            messages.ack_reaction_scope,
            messages.remove_ack_after_reply,
        )

    def types_after(self, is_group: bool, mentioned: bool) -> float | None:
        """How many seconds after a turn began somebody is seen typing; None: once something was said, or never.

        Unset, people who wait for an answer see it at once, the others of a group when something was said.
        """
        mode = self.mode or ("instant" if mentioned or not is_group else "message")
        return {"instant": 0.0, "thinking": THINKING_SECONDS}.get(mode)

    def types_once_said(self) -> bool:
        """Whether somebody is seen typing who has said something and goes on."""
        return self.mode != "never"

    def acks(self, is_group: bool, mentioned: bool) -> bool:
        """Whether such a message gets the tapback."""
        if not self.ack:
            return False
        match self.scope:
            case "all":
                return True
            case "direct":
                return not is_group
            case "group-all":
                return is_group
            case "group-mentions":
                return is_group and mentioned
        return False


def tapback(ack: str, any_emoji: bool) -> dict[str, Any] | None:
    """Params of ``tapback`` that name the emoji; None where imsg has no such tapback."""
    kind = _KINDS.get(ack.replace("\ufe0f", "").lower())
    if kind is not None:
        return {"reaction": kind}
    return {"emoji": ack} if any_emoji else None
