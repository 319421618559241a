"""Probing a live watch: two cheap questions with a deadline, and what the answers say about it. Pure.

``chats.list`` and a short ``messages.history`` tell the newest row that imsg knows; ``Liveness`` compares
it with the newest one delivered. A newest row below what was delivered may mean that the database went back, or only
that rows with old dates came late (iCloud): ``messages.after`` tells where there is such a method, and the newest rows
of several chats confirm it before anything is done about it.
"""

from collections.abc import Callable
from typing import Any, Protocol

from actors.envelopes.link import Answer
from actors.rpc.baseline import Survey, objects
from actors.rpc.health import DATABASE_DOWN, Problem, explain_database, explain_silence
from actors.rpc.link import Link
from actors.rpc.liveness import Liveness, Verdict, first_chat, first_row

NEWEST = 5
"""Messages to ask for: a link's preview, alone the newest row, is joined with its message when both are in sight."""
BEHIND = Problem(
    "watch-behind",
    "imsg knows newer messages than its watch delivers",
    "the watch is begun again; nothing is lost. If this comes often, update imsg (brew upgrade imsg)",
)


class ProbePort(Protocol):
    """What a probe can have done."""

    def call(self, method: str, params: dict[str, Any], name: str, patience: float | None = None) -> None:
        """Ask imsg; the answer comes back under ``name``."""

    def probed(self, verdict: Verdict, newest: int | None) -> None:
        """A probe is over and this is what to do; ``newest`` as far as imsg told it."""

    def hangs(self, problem: Problem) -> None:
        """The child does not answer any more."""

    def lost_database(self, error: dict[str, Any]) -> None:
        """The child answers, but cannot read its database."""

    def rewound(self, rowid: int) -> None:
        """The database went back: what is above this row came since it was last well."""

    def well_since(self) -> float | None:
        """When the watch was last known to be well (unix seconds), None while that is unknown."""

    def now(self) -> float:
        """Unix seconds."""


class Prober:
    """One per child; at most one probe at a time. ``can`` tells whether imsg has a method."""

    def __init__(self, link: Link, port: ProbePort, liveness: Liveness, can: Callable[[str], bool]) -> None:
        self._link = link
        self._port = port
        self._liveness = liveness
        self._can = can
        self._open = False
        self._survey: Survey | None = None
        self._suspected: tuple[int, int] = (0, 0)
        self.floor = 0
        """Where the watch began: everything up to there counts as delivered."""

    @property
    def is_open(self) -> bool:
        """Whether a probe is under way."""
        return self._open

    def start(self) -> None:
        """Begin, unless one is under way."""
        if not self._open:
            self._open = True
            self._port.call("chats.list", {"limit": 1}, "probe chats")

    def answered(self, name: str, answer: Answer) -> None:
        """An answer to one of our questions."""
        if not self._open:
            return
        if answer.late:
            self._open = False
            self._port.hangs(explain_silence(self._link.cli, "chats.list" if name == "probe chats" else "a probe"))
        elif answer.error is not None:
            self._failed(answer.error)
        elif name == "probe chats":
            self._chats(answer)
        elif name == "probe newest":
            self._newest(first_row(answer.result))
        elif name == "probe above":
            self._above(answer)
        elif self._survey is not None:
            self._confirmed(self._survey, answer)

    def _failed(self, error: dict[str, Any]) -> None:
        """An answer is a sign of life; only about its database it may say that it is of no use."""
        self._open, self._survey = False, None
        code = error.get("code")
        problem = explain_database(self._link.cli, str(error))
        if code == DATABASE_DOWN or problem.code == "no-disk-access":
            self._port.lost_database(error)
        else:
            self._port.probed(Verdict.WELL, None)

    def _chats(self, answer: Answer) -> None:
        chat = first_chat(answer.result)
        if chat is None:
            self._newest(None)
        else:
            self._port.call("messages.history", {"chat_id": chat, "limit": NEWEST}, "probe newest")

    def _newest(self, newest: int | None) -> None:
        visible = self._link.visible()
        if newest is None or newest >= visible or self._suspected == (visible, newest):
            self._judge(newest)
            return
        self._suspected = (visible, newest)
        if self._can("messages.after"):
            self._port.call("messages.after", {"since_rowid": visible - 1, "limit": 1}, "probe above")
        else:
            self._confirm()

    def _above(self, answer: Answer) -> None:
        if objects(answer.result, "messages"):
            self._judge(self._suspected[1])
        else:
            self._confirm()

    def _confirm(self) -> None:
        self._survey = Survey(self._port.now(), self._port.well_since())
        self._port.call(*self._survey.first(), "probe rewound")

    def _judge(self, newest: int | None) -> None:
        self._open = False
        link = self._link
        delivered = max(link.delivered(), link.visible(), self.floor)
        self._port.probed(self._liveness.judge(newest, delivered, link.waiting()), newest)

    def _confirmed(self, survey: Survey, answer: Answer) -> None:
        for question in survey.answered(answer.result):
            self._port.call(*question, "probe rewound")
        if not survey.done():
            return
        self._open, self._survey = False, None
        highest = survey.highest()
        if highest is not None and highest < self._link.visible():
            rowid = survey.newest() or -1
            self._port.rewound(rowid)
        else:
            self._port.probed(Verdict.WELL, highest)
