"""What was expected and what was seen: one judgement each. Pure.

A judgement takes observations (messages as they lie in Messages, a verdict, an exit code) and says in words what it
compared, so that the table at the end can be read without the code. Nothing seen is a failure, never a success.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from actors.outbound.units import units

CODE = re.compile(r"^Pairing code: ([A-HJ-NP-Z2-9]{8})$", re.MULTILINE)
"""A pairing code in the message that brings it (inbound 7.1: no I, O, 0 or 1)."""


class Check(NamedTuple):
    """One row of the table at the end."""

    what: str
    expected: str
    seen: str
    ok: bool


def pairing_code(answers: Sequence[str]) -> str:
    """The code in the first of ``answers``, empty when there is none."""
    found = CODE.search(answers[0]) if answers else None
    return found[1] if found else ""


def challenged(answers: Sequence[str]) -> Check:
    """A stranger gets one message with a code, and no answer."""
    code = pairing_code(answers)
    seen = f"{count(len(answers), 'message')}, {f'code {code}' if code else 'no code'}"
    return Check("a stranger's first message", "1 message with a code", seen, len(answers) == 1 and bool(code))


def approved(code: int | None, output: str, handle: str) -> Check:
    """The CLI lets the person in and names them."""
    ok = code == 0 and handle in output
    seen = f"exit {code}, {handle}" if handle in output else f"exit {code}, no {handle}"
    return Check("the owner approves the code", f"exit 0, {handle}", seen, ok)


def answered(what: str, answers: Sequence[str], text: str, session: str | None, own_session: str) -> Check:
    """One answer with that text, given in that session."""
    expected = f"{quoted(text)} in {own_session}"
    if list(answers) == [text]:
        return Check(what, expected, f"{quoted(text)} in {session}", session == own_session)
    return Check(what, expected, f"{heard(answers)} in {session}", False)


def unanswered(what: str, answers: Sequence[str], outcome: str | None, reason: str | None, wanted: str) -> Check:
    """No answer, and that on purpose: dropped for the ``wanted`` reason."""
    ok = not answers and outcome == "dropped" and reason == wanted
    seen = f"{heard(answers)}, {outcome or 'undecided'}: {reason}" if reason else heard(answers)
    return Check(what, f"no answer, dropped: {wanted}", seen, ok)


def chunked(what: str, bubbles: Sequence[str], text: str, limit: int) -> Check:
    """``text`` in more than one message, each within ``limit`` UTF-16 units, nothing lost, nothing twice."""
    longest = max(map(units, bubbles), default=0)
    expected = f"several messages of at most {limit}, together the text"
    trouble = difference(bubbles, (text,))
    seen = f"{count(len(bubbles), 'message')}, the longest {longest}, {trouble or 'together the text'}"
    return Check(what, expected, seen, len(bubbles) > 1 and longest <= limit and not trouble)


def survived(what: str, before: int, bubbles: Sequence[str], texts: Sequence[str]) -> Check:
    """Killed after ``before`` messages of an answer; in the end all of ``texts`` is there, in order, once."""
    trouble = difference(bubbles, texts)
    seen = f"{before} before, {max(len(bubbles) - before, 0)} after, {trouble or 'nothing lost, nothing twice'}"
    expected = "some before, the rest after, nothing lost, nothing twice"
    return Check(what, expected, seen, 0 < before < len(bubbles) and not trouble)


def doubted(what: str, states: Sequence[str], copies: int) -> Check:
    """A message that was on its way at the kill is known to have gone out, and did so once."""
    state = " and ".join(states) or "not in the outbox"
    return Check(what, "sent, 1 copy", f"{state}, {count(copies, 'copy', 'copies')}", states == ["sent"] and copies == 1)


def ended(what: str, code: int | None) -> Check:
    """A process that was asked to stop did, without complaint."""
    return Check(what, "exit 0", "still running" if code is None else f"exit {code}", code == 0)


def gone(what: str, left: int) -> Check:
    """No process is left of those meant."""
    return Check(what, "gone", "gone" if not left else f"{count(left, 'process', 'processes')} left", not left)


def finished(what: str, asked: int, answers: int, open_work: Mapping[str, int]) -> Check:
    """As many messages went out as there should have, and nothing is open, held, broken or in doubt."""
    rest = ", ".join(f"{number} {name}" for name, number in open_work.items())
    seen = f"{count(answers, 'message')} sent, {rest or 'nothing open'}"
    return Check(what, f"{count(asked, 'message')} sent, nothing open", seen, answers == asked and not open_work)


def difference(bubbles: Sequence[str], texts: Sequence[str]) -> str:
    """How ``bubbles`` joined differ from ``texts`` joined, white space aside; empty when they do not."""
    said, meant = squeeze(bubbles), squeeze(texts)
    if said == meant:
        return ""
    twice = sorted({number for number, text in enumerate(bubbles, 1) if bubbles.index(text) < number - 1})
    if twice:
        return f"message {', '.join(map(str, twice))} came twice"
    if len(said) < len(meant):
        return f"{len(meant) - len(said)} of {len(meant)} characters are missing"
    return "the words are not those of the answer, or not in its order"


def squeeze(texts: Sequence[str]) -> str:
    """The texts as one, without white space."""
    return "".join("".join(text.split()) for text in texts)


def heard(answers: Sequence[str]) -> str:
    """What came back, in a few words."""
    match len(answers):
        case 0:
            return "no answer"
        case 1:
            return quoted(answers[0])
        case many:
            return f"{many} answers"


def quoted(text: str, most: int = 44) -> str:
    """A text, or its beginning, between quotation marks."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= most else f'"{line[: most - 3]}..."'


def count(number: int, one: str, many: str = "") -> str:
    """``1 message``, ``2 messages``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
