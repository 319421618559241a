"""The story of a message as text for people: the same JSON value as the interface, in the order things happened.

In: an answer of ``explain``, a console. The rules of ``tables`` hold: what others wrote is shown as data, with its
control characters visible.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from actors.control.tables import local, say
from actors.runtime.logs import visible

LONGEST_TEXT = 1000
"""Characters of a message that are shown."""

_VERDICTS = {
    "admit": ("ADMITTED", "bold green"),
    "challenge": ("CHALLENGED", "bold yellow"),
    "hold": ("HELD", "bold yellow"),
    "drop": ("DROPPED", "bold red"),
}
_PASSED, _DECIDED = "ok", "=>"


def tell(out: Console, answer: Mapping[str, Any]) -> None:
    """The message, each rule that was tried, the verdict and what would change it, and what happened then."""
    _heading(out, answer)
    _message(out, answer)
    if answer["rules"]:
        say(out, "", "rules, as config and pairing are now:" if "row" in answer else "rules:")
        _rules(out, answer["rules"])
    _verdict(out, answer)
    _consequences(out, answer)
    if "now" in answer:
        _today(out, answer["now"])
    if "history" in answer:
        say(out, "", "history:")
        for fact in answer["history"]:
            say(out, f"{local(fact['time'])}  ", _fact(fact), "  ")
        _chunks(out, answer["chunks"])
    for note in answer["notes"]:
        say(out, "note: ", note)


def _heading(out: Console, answer: Mapping[str, Any]) -> None:
    if "row" in answer:
        head = f"message {answer['row']} of account {visible(answer['account'])}, came {local(answer['receivedAt'])}"
    else:
        head = f"a message to account {visible(answer['account'])}"
    out.print(Text(head, style="bold"))


def _message(out: Console, answer: Mapping[str, Any]) -> None:
    message = answer["message"]
    if guid := answer.get("guid") or (message and message["guid"]):
        say(out, "guid:     ", guid, "  ")
    if message is None:
        if answer["error"]:
            say(out, "unusable: ", answer["error"], "  ")
        return
    say(out, "from:     ", _sender(answer, message), "  ")
    say(out, "chat:     ", _chat(answer, message), "  ")
    text = message["text"]
    say(out, "text:     ", text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "...", "  ")
    if message["attachments"]:
        say(out, "files:    ", ", ".join(message["attachments"]), "  ")
    if message["sentAt"]:
        say(out, "sent:     ", local(message["sentAt"]), "  ")


def _sender(answer: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    words = [message["sender"] or "nobody"]
    if message["senderName"]:
        words.append(f'"{message["senderName"]}"')
    if answer["sender"] and answer["sender"] != message["sender"]:
        words.append(f"(as compared: {answer['sender']})")
    words += [word for key, word in (("isFromMe", "(from this Mac)"), ("isReaction", "(a tapback)")) if message[key]]
    return " ".join(words)


def _chat(answer: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    number = "no number" if message["chatId"] is None else str(message["chatId"])
    name = f' "{message["chatName"]}"' if message["chatName"] else ""
    kind = "a group" if answer["isGroup"] else "direct"
    guid = f", {message['chatGuid']}" if message["chatGuid"] else ""
    return f"{number}{name}, {kind}{guid}"


def _rules(out: Console, rules: Iterable[Mapping[str, Any]], indent: str = "  ") -> None:
    for one in rules:
        if one["result"] == "pass":
            out.print(Text(f"{indent}{_PASSED}  {visible(one['rule'])}"))
        else:
            say(out, f"{_DECIDED}  {visible(one['rule'])}: ", one["result"], indent)


def _verdict(out: Console, answer: Mapping[str, Any]) -> None:
    word, style = _VERDICTS[answer["decision"]]
    line = Text("verdict: ").append(word, style=style)
    if answer["reason"]:
        line.append(f": {visible(answer['reason'])}")
    out.print(line)
    _why(out, answer, "  ")


def _why(out: Console, answer: Mapping[str, Any], indent: str) -> None:
    if answer["configKey"]:
        say(out, "decided by: ", answer["configKey"], indent)
    if answer["flip"]:
        say(out, "to change:  ", answer["flip"], indent)


def _consequences(out: Console, answer: Mapping[str, Any]) -> None:
    if answer["session"]:
        agent = f", agent {answer['agent']}" if answer["agent"] else ""
        would = "" if answer["decision"] == "admit" else " (were it admitted)"
        say(out, "session:    ", f"{answer['session']}{agent}{would}", "  ")
    if answer["decision"] == "admit":
        say(out, "authority:  ", _authority(answer), "  ")
    if answer["replyTarget"]:
        say(out, "answer to:  ", answer["replyTarget"], "  ")


def _authority(answer: Mapping[str, Any]) -> str:
    authority = answer["authority"]
    words = {"known": "known: may talk, not command", "authorised": "authorised: may ask by commands"}
    mention = ", mentions the agent" if answer["isGroup"] and answer["wasMentioned"] else ""
    return words.get(authority, f"{authority}: may command") + mention


def _today(out: Console, now: Mapping[str, Any]) -> None:
    word, style = _VERDICTS[now["decision"]]
    line = Text("today it would be ").append(word, style=style)
    out.print(line.append(f": {visible(now['reason'])}") if now["reason"] else line)
    _why(out, now, "  ")


_WORDS = {
    "retryAt": "again at",
    "configKey": "decided by",
    "guid": "guid",
    "chunk": "chunk",
    "tries": "failed tries",
    "handle": "as",
    "session": "to session",
    "agent": "agent",
}


def _fact(fact: Mapping[str, Any]) -> str:
    """``judged: drop, from me``; ``sent: chunk 8192, guid ..``."""
    words = [
        f"{_WORDS[key]} {local(value) if key.endswith('At') else value}" if key in _WORDS else str(value)
        for key, value in fact.items()
        if key not in {"time", "fact"}
    ]
    return ": ".join(filter(None, (fact["fact"], ", ".join(words))))


def _chunks(out: Console, chunks: Iterable[Mapping[str, Any]]) -> None:
    for one in chunks:
        why = f" ({one['why']})" if one["why"] else ""
        say(out, f"chunk {one['key']}, {one['state']}{visible(why)}: ", one["text"], "  ")
