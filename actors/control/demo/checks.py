"""What was expected and what was seen: one judgement each. Pure.

A judgement takes observations (messages as they lie in Messages, a verdict, an exit code) and says in words what it
compared, so that the table at the end can be read without the code. Nothing seen is a failure, never a success.
"""

import re
from collections.abc import Mapping, Sequence
from textwrap import shorten
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


def challenged(what: str, answers: Sequence[str]) -> Check:
    """A stranger gets one message with a code, and no answer."""
    code = pairing_code(answers)
    seen = f"{count(len(answers), 'message')}, {f'code {code}' if code else 'no code'}"
    return Check(what, "1 message, with a code", seen, len(answers) == 1 and bool(code))


def approved(what: str, code: int | None, output: str, handle: str) -> Check:
    """The CLI lets the person in and names them."""
    named = handle in output
    seen = f"{exit_of(code)}, {handle if named else 'nobody named'}"
    return Check(what, f"exit 0, {handle}", seen, code == 0 and named)


def answered(what: str, answers: Sequence[str], text: str, session: str | None, own_session: str) -> Check:
    """One answer with that text, given in that session."""
    said = quoted(text) if list(answers) == [text] else heard(answers)
    ok = list(answers) == [text] and session == own_session
    return Check(what, f"{quoted(text)}\n{own_session}", f"{said}\n{session or 'no session'}", ok)


def retried(
    what: str, answers: Sequence[str], text: str, requests: int, with_key: int, session: str | None, own_session: str
) -> Check:
    """The model refused once and was asked again, both times with the key; the chat has the one answer."""
    said = quoted(text) if list(answers) == [text] else heard(answers)
    key = "with the key" if with_key == requests else f"{with_key} with the key"
    ok = list(answers) == [text] and requests == with_key == 2 and session == own_session
    return Check(
        what,
        f"asked twice, with the key, {quoted(text)}\n{own_session}",
        f"asked {count(requests, 'time')}, {key}, {said}\n{session or 'no session'}",
        ok,
    )


def told(what: str, answers: Sequence[str], *words: str) -> Check:
    """One answer, with all of ``words`` in it."""
    found = [word for word in words if len(answers) == 1 and word in answers[0]]
    seen = f"{count(len(answers), 'answer')}, {' and '.join(found) or 'none of it'}"
    return Check(what, f"1 answer, {' and '.join(words)}", seen, len(answers) == 1 and found == list(words))


def unanswered(what: str, answers: Sequence[str], outcome: str | None, reason: str | None, wanted: str) -> Check:
    """No answer, and that on purpose: dropped for the ``wanted`` reason."""
    ok = not answers and outcome == "dropped" and reason == wanted
    return Check(what, f"no answer, dropped: {wanted}", f"{heard(answers)}, {outcome or 'undecided'}: {reason}", ok)


def chunked(what: str, bubbles: Sequence[str], text: str, limit: int) -> Check:
    """``text`` in more than one message, each within ``limit`` UTF-16 units, nothing lost, nothing twice."""
    longest = max(map(units, bubbles), default=0)
    trouble = difference(bubbles, (text,))
    seen = f"{count(len(bubbles), 'message')} of at most {longest}, {trouble or 'nothing lost'}"
    ok = len(bubbles) > 1 and longest <= limit and not trouble
    return Check(what, f"messages of at most {limit}, nothing lost", seen, ok)


def survived(what: str, before: int, bubbles: Sequence[str], texts: Sequence[str]) -> Check:
    """Killed after ``before`` messages of an answer; in the end all of ``texts`` is there, in order, once."""
    trouble = difference(bubbles, texts)
    after = max(len(bubbles) - before, 0)
    seen = f"{before} before, {after} after, {trouble or 'nothing lost, nothing twice'}"
    return Check(what, "nothing lost, nothing twice", seen, before > 0 and after > 0 and not trouble)


def doubted(what: str, states: Sequence[str], copies: int) -> Check:
    """A message that was on its way at the kill is known to have gone out, and did so once."""
    seen = f"{' and '.join(states) or 'not in the outbox'}, {count(copies, 'copy', 'copies')}"
    return Check(what, "sent, 1 copy", seen, list(states) == ["sent"] and copies == 1)


def ended(what: str, code: int | None) -> Check:
    """A process that was asked to stop did, without complaint."""
    return Check(what, "exit 0", exit_of(code), code == 0)


def gone(what: str, before: int, left: int) -> Check:
    """What a killed gateway left behind has ended."""
    return Check(what, "1 at the kill, 0 left", f"{before} at the kill, {left} left", before == 1 and not left)


def finished(what: str, there: int, sent: int, open_work: Mapping[str, int]) -> Check:
    """Messages has exactly what the journal says was sent, and nothing is open, held, broken or in doubt."""
    rest = ", ".join(f"{number} {name}" for name, number in open_work.items())
    seen = f"{there} in Messages, {sent} in the journal, {rest or 'nothing open'}"
    return Check(what, "both the same, nothing open", seen, there == sent > 0 and not open_work)


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


def exit_of(code: int | None) -> str:
    """An exit code in words."""
    return "still running" if code is None else f"exit {code}"


def quoted(text: str, most: int = 23) -> str:
    """A text, or its beginning, between quotation marks."""
    return f'"{shorten(text, most, placeholder="...")}"'


def count(number: int, one: str, many: str = "") -> str:
    """``1 message``, ``2 messages``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
