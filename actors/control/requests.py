"""One request of the control socket and its answer: JSON values in and out, no sockets here.

``{"do": "status"}``, ``{"do": "inspect", "command": ...}``, ``{"do": "poke", "name": ...}``, ``{"do": "ping"}``;
``{"do": "channels"}``, ``{"do": "probe", "account": ...}``; ``{"do": "order", "what": ..., "keys": [...]}`` for chunks,
``{"do": "release", "seqs": [...]}`` and ``{"do": "discard-held", "seqs": [...]}`` for held rows;
``{"do": "notify", "account": ..., "id": ...}`` for a person who was let in; ``{"do": "chats", "account": ..., "limit":
...}``, the account null for all; ``{"do": "config"}`` for the config in use; ``{"do": "renew", "session": ...}`` and
``{"do": "lift", "session": ...}`` for a session that is to begin anew, or to go on after its turns failed. What is
refused is answered ``{"error": text}``.
"""

import json
from collections.abc import Callable
from typing import Any

from actors.control import reports
from actors.control.inspection import UnknownCommandError, parse
from actors.control.operations import BadRequestError, Operations
from actors.control.reading import JournalReader
from actors.control.view import GatewayView
from actors.runtime.logs import stamp

REQUESTS = (
    "status",
    "inspect",
    "poke",
    "ping",
    "channels",
    "probe",
    "order",
    "release",
    "discard-held",
    "notify",
    "chats",
    "config",
    "renew",
    "lift",
)
LONGEST = 64 * 1024
"""Bytes of a request."""


class Requests:
    """Answers for one running gateway; ``now`` gives the moment of a report. Safe to call from many threads."""

    def __init__(self, view: GatewayView, now: Callable[[], reports.Now]) -> None:
        self._view = view
        self._now = now
        self._journal = JournalReader(view.places.journal)
        self._operations = Operations(view, self._journal)

    def close(self) -> None:
        """The server stops: no request is waited for any more."""
        self._operations.close()

    def answer(self, line: bytes) -> bytes:
        """The reply line to a request line, both without or with their LF; never raises for what a client sent."""
        if len(line) > LONGEST:
            return _line({"error": f"a request has at most {LONGEST} bytes"})
        try:
            request = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            return _line({"error": "not a JSON request"})
        if not isinstance(request, dict):
            return _line({"error": "a request is a JSON object"})
        try:
            return _line(self._perform(request))
        except BadRequestError as error:
            return _line({"error": str(error)})

    def _perform(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"do": "ping"}:
                return {"pid": self._view.pid, "version": self._view.version, "startedAt": stamp(self._view.started_at)}
            case {"do": "status"}:
                return reports.status(self._view, self._journal.read())
            case {"do": "config"}:
                return self._view.config.as_json(stamp)
            case {"do": "inspect", "command": str(command)}:
                return self._inspect(command)
            case {"do": "poke", "name": str(name)}:
                return self._poke(name)
            case {"do": "channels"}:
                return self._operations.accounts()
            case {"do": "probe", "account": str(account)}:
                return self._operations.probe(account)
            case {"do": "order", "what": str(what), "keys": keys}:
                return self._operations.order(what, keys)
            case {"do": "release", "seqs": seqs}:
                return self._operations.release(seqs)
            case {"do": "discard-held", "seqs": seqs}:
                return self._operations.discard(seqs)
            case {"do": "notify", "account": str(account), "id": str(handle)}:
                return self._notify(account, handle)
            case {"do": "chats", "account": str() | None as account, "limit": int(limit)}:
                return self._operations.chats(account, limit)
            case {"do": "renew", "session": str(session)}:
                return self._operations.renew(session)
            case {"do": "lift", "session": str(session)}:
                return self._operations.lift(session)
        return {"error": f"unknown request; known: {', '.join(REQUESTS)}"}

    def _inspect(self, text: str) -> dict[str, Any]:
        try:
            command = parse(text)
            if command.name == "actor":
                return reports.actor(self._view, command.argument, self._now())
            return reports.actors(self._view, self._now())
        except (UnknownCommandError, reports.NoSuchActorError) as error:
            return {"error": str(error)}

    def _notify(self, account: str, handle: str) -> dict[str, Any]:
        """``{told: true}``: the registry sees to it. Whether there is anybody to tell, the outbox shows."""
        if not any(one.id == account and one.enabled for one in self._view.accounts):
            return {"error": f"no account {account[:80]!r} runs; see: gateway channels list"}
        if not self._view.notify(account, handle):
            return {"error": "the pairing registry is just being started again: try once more"}
        return {"told": True}

    def _poke(self, name: str) -> dict[str, Any]:
        action = self._view.poke.get(name)
        if action is None:
            return {"error": f"unknown action {name[:80]!r}; known: {', '.join(self._view.poke) or 'none'}"}
        action()
        return {"poked": name}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"
