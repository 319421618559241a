"""A watch without a child: its port, played by the test, and an imsg that answers one question at a time."""

import json
from typing import Any

from actors.envelopes.control import SourceState
from actors.envelopes.link import Answer
from actors.rpc.capabilities import Capabilities
from actors.rpc.health import Problem
from actors.rpc.link import Link
from actors.rpc.watch import Watch

SOURCE = 3
NOW = 1_800_000_000.0
PATH = "/x/chat.db"
OLD_ROW = "2020-01-01T00:00:00.000Z"

NEW = {"version": "0.15.9", "methods": ["chats.list", "messages.after", "send"], "database": {"path": PATH}}
"""What 0.14+ answers to ``initialize``."""


def a_link(**changes: Any) -> Link:
    """An account's link; everything it measures is 0."""
    values: dict[str, Any] = {
        "account": "default",
        "source": SOURCE,
        "cli": "imsg",
        "db_path": PATH,
        "local": True,
        "attachments": False,
        "debounce_ms": 100,
        "patience": 10.0,
        "waiting": lambda: 0,
        "delivered": lambda: 0,
        "visible": lambda: 0,
        "refusal": lambda: None,
    }
    return Link(**values | changes)


def history(*numbers: int, at: str = OLD_ROW) -> dict[str, Any]:
    """A ``messages.history`` answer."""
    return {"messages": [{"id": number, "created_at": at} for number in numbers]}


def chats(*numbers: int) -> dict[str, Any]:
    """A ``chats.list`` answer."""
    return {"chats": [{"id": number} for number in numbers]}


def page(*numbers: int, next_rowid: int, has_more: bool = False) -> dict[str, Any]:
    """A ``messages.after`` answer."""
    return {"messages": [{"id": number} for number in numbers], "next_rowid": next_rowid, "has_more": has_more}


class WatchPort:
    """Records what the watch wants done. ``questions`` are those not answered yet."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.time = NOW
        self.questions: list[tuple[str, dict[str, Any], str, float | None]] = []
        self.told: list[tuple[Any, ...]] = []
        """Everything that has an order: what begins, rows, facts, live, down."""
        self.facts: list[Any] = []
        self.known: list[Capabilities] = []
        self.notices: list[Problem] = []
        self.timers: list[tuple[str, float]] = []
        self.refreshed = 0
        self.given_up = False

    def call(self, method: str, params: dict[str, Any], name: str, patience: float | None = None) -> None:
        self.questions.append((method, params, name, patience))

    def record(self, fact: Any) -> None:
        self.facts.append(fact)
        self.told.append(("fact", type(fact).__name__))

    def deliver(self, raw: bytes, era: int) -> None:
        self.told.append(("row", json.loads(raw)["id"], era))

    def begins(self, era: int, since: float | None) -> None:
        self.told.append(("begins", era, since))

    def capable(self, capabilities: Capabilities) -> None:
        self.known.append(capabilities)

    def live(self, cursor: int | None, caught_up: bool) -> None:
        self.told.append(("live", cursor, caught_up))

    def grounded(self) -> None:
        self.told.append(("grounded",))

    def down(self, problem: Problem) -> None:
        self.told.append(("down", problem.code))

    def notice(self, problem: Problem) -> None:
        self.notices.append(problem)

    def later(self, name: str, seconds: float) -> None:
        self.timers.append((name, seconds))

    def refresh(self) -> None:
        self.refreshed += 1

    def give_up(self) -> None:
        self.given_up = True

    def now(self) -> float:
        return self.time

    def file_of(self, path: str) -> str:
        assert path == PATH
        return self.file


class Played:
    """A watch that has begun, and the imsg it asks. ``cursor`` and the rest are what the journal says."""

    def __init__(self, cursor: int | None = 42, since: float | None = None, link: Link | None = None, **state: Any):
        self.port = WatchPort(state.pop("stands", ""))
        self.watch = Watch(link or a_link(), self.port, SourceState(SOURCE, cursor, None, None, **state), since)
        self.watch.begin()

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Method and params of the questions that are open."""
        return [question[:2] for question in self.port.questions]

    @property
    def told(self) -> list[tuple[Any, ...]]:
        """What the watch did since this was last asked."""
        told, self.port.told = self.port.told, []
        return told

    def _next(self, method: str) -> str:
        asked, _, name, _ = self.port.questions.pop(0)
        assert asked == method
        return name

    def answer(self, method: str, result: dict[str, Any]) -> str:
        """imsg answers the oldest open question; returns the name it was asked under."""
        name = self._next(method)
        self.repeat(name, result)
        return name

    def repeat(self, name: str, result: dict[str, Any]) -> None:
        """The answer to a question that is not open any more, or another one."""
        found = {"raw": json.dumps(result).encode()} if name == "page" else result
        self.watch.answered(name, Answer((name, 1), found, None))

    def refuse(self, method: str, code: int = -32603, data: Any = "no reason") -> None:
        """imsg answers the oldest open question with an error."""
        name = self._next(method)
        error = {"code": code, "message": "Refused", "data": data}
        self.watch.answered(name, Answer((name, 1), None, error))

    def late(self, method: str) -> str:
        """The oldest open question is not answered in time; returns the name it was asked under."""
        name = self._next(method)
        self.watch.answered(name, Answer((name, 1), None, None, late=True))
        return name

    def old(self) -> "Played":
        """It is an imsg before 0.14."""
        self.refuse("initialize", -32601)
        return self

    def new(self, **changes: Any) -> "Played":
        """It is an imsg of today."""
        self.answer("initialize", NEW | changes)
        return self

    def subscribed(self, number: int = 1) -> "Played":
        """The watch is granted."""
        self.answer("watch.subscribe", {"subscription": number})
        return self

    def due(self) -> tuple[str, float]:
        """The one pause that is asked for is over; returns what for and how long it was (seconds)."""
        (timer,) = self.port.timers
        self.port.timers.clear()
        self.watch.due(timer[0])
        return timer
