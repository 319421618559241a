"""The config file a set-up writes: small, commented, in the form of the README. Pure.

``document`` is what it says, ``text`` how it is written; the one parses to the other.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from actors.control.setup.answers import Answers
from config.literals import write

_REFERENCE = re.compile(r"(?=\$\$?\{[A-Z_][A-Z0-9_]*\})")

MENTION = r"@?assistant\b"
"""How people mention the agent in groups; without any pattern it would answer everything."""

_HEAD = """\
// Config of the iMessage gateway, made by: gateway setup
// JSON5: comments and trailing commas are fine. Is it right? gateway config validate
"""
_COMMENTS = {
    "cliPath": "the program that talks to Messages",
    "remoteHost": "where files people send are fetched from, by SCP",
    "dbPath": "the Messages database, a path on the Mac where imsg runs",
    "dmPolicy": "who is not listed gets a code; gateway pairing approve CODE lets them in",
    "allowFrom": "who needs no code",
}
_OVER_SSH = "a script that runs imsg on the other Mac"
_ECHO = 'or your program: { type: "command", command: ["/path/to/agent"] }'
_MENTION = "in groups it answers only who says that"
_COMMAND = "gets each message as JSON on stdin, answers on stdout"


def document(answers: Answers) -> dict[str, Any]:
    """What the file says, as plain values."""
    return {"channels": {"imessage": channel(answers)}, "agents": {"list": [agent(answers)]}}


def channel(answers: Answers) -> dict[str, Any]:
    """``channels.imessage``."""
    found: dict[str, Any] = {"enabled": True, "cliPath": _literal(answers.cli_path)}
    if answers.deployment == "scp":
        found["remoteHost"] = answers.ssh_host
        found["includeAttachments"] = True
    if answers.db_path is not None:
        found["dbPath"] = _literal(answers.db_path)
    found["dmPolicy"] = "pairing"
    if answers.allow_from:
        found["allowFrom"] = [_literal(entry) for entry in answers.allow_from]
    return found


def agent(answers: Answers) -> dict[str, Any]:
    """The one entry of ``agents.list``."""
    return {"id": "main", "runtime": runtime(answers), "groupChat": {"mentionPatterns": [MENTION]}}


def runtime(answers: Answers) -> dict[str, Any]:
    """What answers."""
    if answers.command is None:
        return {"type": "echo"}
    return {"type": "command", "command": [_literal(word) for word in answers.command]}


def text(answers: Answers) -> str:
    """The file. Comments stand behind what they explain, so that they go where that goes."""
    lines = ["{", "  channels: {", "    imessage: {"]
    lines += _entries(channel(answers), _COMMENTS | ({"cliPath": _OVER_SSH} if answers.ssh_host is not None else {}))
    lines += ["    },", "  },", "  agents: {", "    list: [", "      {"]
    lines += _entries(
        agent(answers), {"groupChat": _MENTION, "runtime": _ECHO if answers.command is None else _COMMAND}
    )
    lines += ["      },", "    ],", "  },", "}", ""]
    return _HEAD + "\n".join(lines)


def _entries(values: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    for key, value in values.items():
        indent = " " * (8 if "id" in values else 6)
        entry = f"{indent}{key}: {write(value, indent=indent)},"
        yield f"{entry} // {comments[key]}" if key in comments else entry


def _literal(text: str) -> str:
    """The text in the form in which the file's reader takes it for itself, not for a variable."""
    return _REFERENCE.sub("$", text)
