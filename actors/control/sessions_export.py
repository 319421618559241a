"""Transcripts as files: JSON lines for programs, Markdown for people. Pure.

In: a session and its transcript, as values of ``sessions``. Out: lines without their ends. In Markdown every word of
others stands in a fence longer than any in it, every name is escaped, and what does not print comes out visible: nobody
who wrote a message can write the page.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from actors.control.sessions_page import FORGOTTEN, adjusted, counted, who
from actors.runtime.logs import visible

FORMATS = ("jsonl", "markdown")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|!&~])")
_FENCES = re.compile(r"`{3,}")

Value = Mapping[str, Any]


def jsonl(_session: Value, transcript: Iterable[Value]) -> Iterator[str]:
    """One object a line, only ASCII."""
    for entry in transcript:
        yield json.dumps(entry)


def markdown(session: Value, transcript: Iterable[Value]) -> Iterator[str]:
    """A section: what is known of the session, then what was said, in order; times in UTC."""
    yield f"# {escaped(session['key'])}"
    yield ""
    label = f" ({escaped(session['label'])})" if session["label"] else ""
    chat = f", chat {session['chatId']}" if session["chatId"] else ""
    yield f"- {session['kind']}{label}{chat}, account {escaped(session['account'])}, agent {escaped(session['agent'])}"
    known = [session["state"], counted(session["turns"], "turn"), *adjusted(session)]
    yield f"- {escaped(', '.join(known))}; began {session['startedAt']}, last changed {session['updatedAt']}"
    yield ""
    for entry in transcript:
        yield from _ENTRIES[entry["type"]](entry)


def escaped(text: str) -> str:
    """Text within a line of Markdown."""
    return _MARKUP.sub(r"\\\1", visible(text))


def fenced(text: str) -> Iterator[str]:
    """Text of others as a block that ends where we say."""
    shown = "\n".join(visible(line) for line in text.split("\n"))
    fence = "`" * max(3, 1 + max(map(len, _FENCES.findall(shown)), default=0))
    yield f"{fence}text"
    yield from shown.split("\n")
    yield fence
    yield ""


def _turn(turn: Value) -> Iterator[str]:
    for message in turn["messages"]:
        yield from _heard(message)
    known = [turn["model"]] if turn["model"] else []
    if turn["inputTokens"] or turn["outputTokens"]:
        known.append(f"{turn['inputTokens'] or 0} tokens in, {turn['outputTokens'] or 0} out")
    spent = f" ({escaped(', '.join(known))})" if known else ""
    said = "" if turn["outcome"] == "replied" else f": {turn['outcome']}"
    why = f" ({escaped(turn['why'])})" if turn["why"] and said else ""
    yield f"**agent {escaped(turn['agent'])}**{spent}, {turn['endedAt']}{said}{why}"
    yield ""
    if turn["forgotten"]:
        yield from (escaped(FORGOTTEN), "")
    elif turn["text"]:
        yield from fenced(turn["text"])


def _renewal(renewal: Value) -> Iterator[str]:
    yield from ("---", "", f"*Began anew {renewal['at']}: {escaped(renewal['why'])}*", "")


def _ended(message: Value) -> Iterator[str]:
    why = f" ({message['why']})" if message["why"] else ""
    yield from _heard(message, f": {message['outcome'] or 'not answered yet'}{why}")


def _heard(message: Value, note: str = "") -> Iterator[str]:
    yield f"**{escaped(who(message))}**, {message['at']}{escaped(note)}"
    yield ""
    if message["files"]:
        yield from (f"files: {escaped(', '.join(message['files']))}", "")
    if message["forgotten"]:
        yield from (escaped(FORGOTTEN), "")
    elif message["text"]:
        yield from fenced(message["text"])


_ENTRIES = {"turn": _turn, "renewal": _renewal, "message": _ended}
