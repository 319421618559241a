"""How conversations behave, from the config: worked out once, so that a message costs look-ups only. Pure.

In: a config and its effective accounts; then agents, session keys and how a session differs (``Standing``). Out: what
becomes of messages that wait, when a session begins anew, whether it may speak, how long a turn may take, and what
people are told when it fails (inbound 5.6, 5.7, 6.3; config and operations 2.5).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actors.conversation.keys import CHANNEL, is_group
from actors.conversation.resets import ResetPolicy
from actors.conversation.turns import COLLECT, FOLLOWUP, INTERRUPT, STEER, QueueRule
from config.account import Account
from config.schema.agents import CommandRuntime
from config.schema.messages import Queue
from config.schema.root import Config
from config.schema.session import Reset, SendMatch, SendPolicy, Session

CHANNELS = (CHANNEL, "imsg")
"""What our channel goes by in a config."""

DEFAULT_HOUR = 4
DEFAULT_IDLE_MINUTES = 60
_ALIASES = {"queue": STEER, "steer-backlog": STEER, "steer+backlog": STEER}
_MODES = frozenset({FOLLOWUP, COLLECT, STEER, INTERRUPT})
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_NO_TIMES: Mapping[str, float] = MappingProxyType({})


class Nature(Protocol):
    """What of an agent decides how its messages wait."""

    @property
    def collects(self) -> bool:
        """Several that wait are one turn."""

    @property
    def steerable(self) -> bool:
        """It takes in what comes while it works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """``window`` is that of the inbound debounce, in seconds, 0 for none; ``mode`` the queue mode, None where the agent
    decides; ``quiet`` the queue's debounce in seconds. ``direct`` and ``group`` are reset policies by kind of chat.

    ``patience`` are the seconds a turn may take, ``patiences`` those of agents with their own. ``apologies`` say by
    account what people are told when a turn fails. ``most`` turns run at once. ``zone`` is that of the people, None for
    this computer's.
    """

    window: float = 0.0
    mode: str | None = None
    quiet: float = 1.0
    cap: int = 20
    direct: ResetPolicy | None = None
    group: ResetPolicy | None = None
    policy: SendPolicy = field(default_factory=SendPolicy)
    patience: float = 600.0
    patiences: Mapping[str, float] = field(default_factory=lambda: _NO_TIMES)
    apologies: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    most: int = 4
    zone: tzinfo | None = None

    @classmethod
    def of(cls, config: Config, accounts: Iterable[Account]) -> "Habits":
        """Those of a valid config."""
        queue, inbound, defaults = config.messages.queue, config.messages.inbound, config.agents.defaults
        waits = {
            agent.id: agent.runtime.timeout_seconds
            for agent in config.agents.list
            if isinstance(agent.runtime, CommandRuntime) and agent.runtime.timeout_seconds is not None
        }
        window, quiet = _of_channel(inbound.by_channel), _of_channel(queue.debounce_ms_by_channel)
        return cls(
            window=(inbound.debounce_ms if window is None else window) / 1000,
            mode=queue_mode(_configured(queue)),
            quiet=(queue.debounce_ms if quiet is None else quiet) / 1000,
            cap=queue.cap,
            direct=reset_policy(config.session, is_group=False),
            group=reset_policy(config.session, is_group=True),
            policy=config.session.send_policy or SendPolicy(),
            patience=defaults.timeout_seconds,
            patiences=waits,
            apologies={account.id: account.failure_reply for account in accounts if account.failure_reply},
            most=defaults.max_concurrent,
            zone=_zone(defaults.user_timezone),
        )

    def rule(self, agent: Nature, queue: str | None = None) -> QueueRule:
        """What becomes of messages for ``agent`` that wait; ``queue`` is the mode the session asks for, if any.

        An agent that cannot be steered lets them wait as it would by itself.
        """
        mode = queue_mode(queue) or self.mode or (COLLECT if agent.collects else FOLLOWUP)
        if mode == INTERRUPT:
            return QueueRule(INTERRUPT, True, 0.0, self.cap)
        together = mode == COLLECT or (mode == STEER and agent.collects)
        if mode != STEER or not agent.steerable:
            mode = COLLECT if together else FOLLOWUP
        return QueueRule(mode, together, self.quiet if together else 0.0, self.cap)

    def reset(self, session: str) -> ResetPolicy | None:
        """When this session begins anew by itself; None: never."""
        return self.group if is_group(session) else self.direct

    def allows(self, session: str) -> bool:
        """Whether the config lets this session speak; what ``/send`` said in it comes before that."""
        policy = self.policy
        for rule in policy.rules:
            if rule.match is None or _fits(rule.match, session):
                return rule.action == "allow"
        return policy.default != "deny"

    def patience_of(self, agent: str) -> float:
        """How many seconds a turn of this agent may take."""
        return self.patiences.get(agent, self.patience)


def queue_mode(name: str | None) -> str | None:
    """One of the four modes; None for a name that is none, or an agent's own choice."""
    if name is None:
        return None
    mode = _ALIASES.get(name, name)
    return mode if mode in _MODES else None


def _of_channel(values: Mapping[str, int]) -> int | None:
    return next((values[name] for name in CHANNELS if name in values), None)


def _configured(queue: Queue) -> str | None:
    return next((queue.by_channel[name] for name in CHANNELS if name in queue.by_channel), queue.mode)


def reset_policy(session: Session, *, is_group: bool) -> ResetPolicy | None:
    """By channel, else by kind of chat, else for all, else the older ``session.idleMinutes``; None: never."""
    by_type = session.reset_by_type
    of_type = by_type.group if is_group else (by_type.direct or by_type.dm)
    by_channel = next((session.reset_by_channel[name] for name in CHANNELS if name in session.reset_by_channel), None)
    chosen = by_channel or of_type or session.reset
    if chosen is not None:
        return _policy(chosen)
    return None if session.idle_minutes is None else ResetPolicy(idle=session.idle_minutes * 60.0)


def _policy(reset: Reset) -> ResetPolicy | None:
    """Minutes of quiet count beside an hour of the day. Without a mode, what is set says which."""
    mode, minutes = reset.mode, reset.idle_minutes
    if mode is None and reset.at_hour is not None:
        mode = "daily"
    elif mode is None and minutes is not None:
        mode = "idle"
    idle = None if minutes is None else minutes * 60.0
    match mode:
        case "daily":
            return ResetPolicy(DEFAULT_HOUR if reset.at_hour is None else reset.at_hour, idle)
        case "idle":
            return ResetPolicy(idle=DEFAULT_IDLE_MINUTES * 60.0 if idle is None else idle)
        case _:
            return None


def _fits(match: SendMatch, session: str) -> bool:
    """Whether a rule of the send policy is about this session. Keys are compared in lower case."""
    if match.channel is not None and match.channel.strip().lower() not in CHANNELS:
        return False
    if match.chat_type is not None and match.chat_type not in _KINDS[is_group(session)]:
        return False
    whole = match.raw_key_prefix
    if whole is not None and not session.startswith(whole.strip().lower()):
        return False
    head = match.key_prefix
    # "agent:<id>:" is in front of every key.
    return head is None or session.split(":", 2)[-1].startswith(head.strip().lower())


_KINDS = {True: ("group", "channel"), False: ("direct", "dm")}


def _zone(name: str | None) -> tzinfo | None:
    if not name or not name.strip():
        return None
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # the config names it as unknown; this computer's is the next best
