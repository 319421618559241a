"""The one decision of who may speak: an inbound row, an account's view and its pairing snapshot give a verdict.

``decide`` is asked for every message, ``explain`` says the same with every rule that was tried. Nothing here has an
effect, and only a direct message of an unknown but answerable person under ``dmPolicy: pairing`` ever leads to an
answer by itself.
"""

from typing import NamedTuple

from actors.access.allowed import Allowed
from actors.access.flips import flip
from actors.access.question import LET_IN, LISTED, STRANGER, Question
from actors.access.reasons import PAIRING_REQUIRED, REASONS, REVOKED, STORE_UNREADABLE
from actors.access.rules import CONTENT, DIRECT, GROUP, Rule
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Challenge, Control, Corrupt, Dropped, Held, Inbound, Verdict

__all__ = [
    "REASONS",
    "STORE_UNREADABLE",
    "Allowed",
    "Explanation",
    "agent_of",
    "decide",
    "describe",
    "explain",
    "flip",
    "in_words",
    "refused",
]


class Explanation(NamedTuple):
    """A verdict and how it came about.

    ``rules`` are those that were tried, in order, by name, each with ``pass``, the last with the verdict in words.
    ``sender`` is canonical; ``session``, ``agent`` and ``service`` are those of a refused row too. ``authority`` is
    ``known``, ``authorised`` or ``owner``, and ``""`` for a sender who is not let in. ``config_key`` decided, of an
    admitted row too; ``flip`` is the one-line change that would admit a refused one, ``""`` where none would.
    ``decision`` is ``admit``, ``challenge``, ``drop`` or ``hold``; ``reason`` is ``""`` for an admitted row.
    """

    verdict: Verdict
    rules: tuple[tuple[str, str], ...]
    sender: str
    is_group: bool
    agent: str
    session: str
    service: str
    mentioned: bool
    authority: str
    flip: str
    config_key: str
    decision: str
    reason: str


def decide(row: Inbound, view: AccessView, allowed: Allowed) -> Verdict:
    """The verdict about ``row``: the answer of the first rule that has one."""
    return _walk(Question(row, view, allowed))[1]


def refused(row: Inbound, view: AccessView, allowed: Allowed) -> Dropped | None:
    """Why whoever wrote a row that was admitted once may not speak any more, None if they may.

    What is said was judged when it came: a mention that is asked for since, or a command that is switched on or off,
    takes nothing away. Nor does what cannot be told.
    """
    question = Question(row, view, allowed)
    for rule in _table(question):
        if rule.name == CONTENT:
            break
        verdict = rule.test(question)
        if verdict is not None:
            return Dropped(REVOKED, verdict.config_key) if type(verdict) is Dropped else None
    return Dropped(REVOKED, view.key("dmPolicy")) if question.standing == STRANGER else None


def agent_of(row: Inbound, view: AccessView, allowed: Allowed) -> str:
    """The agent a row belongs to by the config as it is."""
    return Question(row, view, allowed).agent.id


def explain(row: Inbound, view: AccessView, allowed: Allowed) -> Explanation:
    """What ``decide`` says about ``row``, and why."""
    question = Question(row, view, allowed)
    index, verdict = _walk(question)
    tried = [rule.name for rule in _table(question)[: index + 1]]
    let_in = CONTENT in tried and question.standing in LET_IN
    decision, reason, key = in_words(verdict)
    return Explanation(
        verdict=verdict,
        rules=(*((name, "pass") for name in tried[:-1]), (tried[-1], describe(verdict))),
        sender=question.sender,
        is_group=question.is_group,
        agent=question.agent.id,
        session=question.session,
        service=question.service,
        mentioned=question.mentioned,
        authority=_authority(question, verdict) if let_in else "",
        flip=flip(verdict, row, view),
        config_key=_admitting_key(question) if decision == "admit" else key,
        decision=decision,
        reason=reason,
    )


def _authority(question: Question, verdict: Verdict) -> str:
    """A command says what its sender may do by it."""
    return verdict.authority if type(verdict) is Control else question.authority


def _table(question: Question) -> tuple[Rule, ...]:
    return GROUP if question.is_group else DIRECT


def _walk(question: Question) -> tuple[int, Verdict]:
    """The place of the rule that decides, and its verdict."""
    for index, rule in enumerate(_table(question)):
        verdict = rule.test(question)
        if verdict is not None:
            return index, verdict
    raise AssertionError("the last rule always answers")


def in_words(verdict: Verdict) -> tuple[str, str, str]:
    """Decision, reason and config key, as in an ``Explanation``."""
    match verdict:
        case Admit() | Control():
            return "admit", "", ""
        case Challenge(config_key=key):
            return "challenge", PAIRING_REQUIRED, key
        case Dropped(reason=reason, config_key=key):
            return "drop", reason, key
        case Held(reason=reason, config_key=key):
            return "hold", reason, key
        case Corrupt(error=error):
            return "drop", error, ""


def _admitting_key(question: Question) -> str:
    view = question.view
    if question.is_group:
        return view.key("groupPolicy") if view.group_policy == "open" else view.senders_key
    return view.key("allowFrom" if question.standing == LISTED else "dmPolicy")


def describe(verdict: Verdict) -> str:
    """A verdict in a few words: ``drop: from me``."""
    match verdict:
        case Admit(session=session):
            return f"admit: {session}"
        case Control(session=session):
            return f"control: {session}"
        case Challenge(handle=handle):
            return f"challenge: {handle}"
        case Dropped(reason=reason):
            return f"drop: {reason}"
        case Held(reason=reason):
            return f"hold: {reason}"
        case Corrupt(error=error):
            return f"corrupt: {error}"
