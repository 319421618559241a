"""One child's watch, from the first question to the last row: a state machine without mailboxes or clocks. Pure.

::

    detect --> [database] --> landmarks | survey --> [pages] --> subscribe --> live
       |           ^                         ^             |          | stream ended, overflow, stalled, slept
       |           `-- -32002: asked again   `-------------(----------'   (from the journal's cursor)
       `-- refused, silent, third time-out: the child is given up <-'

``detect`` asks ``initialize`` (0.14+ answers, older ones refuse it), ``landmarks`` are rows that must be where the
journal knows them, ``survey`` finds the baseline of a first run or of a replaced database, ``pages`` catch up by
``messages.after`` where there is one. What is to be done goes through the ``Port``; answers come back by ``answered``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from actors.envelopes.control import SourceState
from actors.envelopes.facts import Baseline, Identified, Replaced
from actors.envelopes.link import Answer
from actors.rpc.baseline import Survey
from actors.rpc.capabilities import UNKNOWN, Capabilities, before_strict, from_initialize
from actors.rpc.catchup import Pages
from actors.rpc.frames import page_of
from actors.rpc.health import DATABASE_DOWN, REPLACED, detail_of, explain_database, explain_refusal, explain_silence
from actors.rpc.landmarks import Ground, GroundCheck
from actors.rpc.link import Link, watch_params
from actors.rpc.port import Port

NO_SUCH_METHOD, BUSY = -32601, -32000
SUBSCRIBE_TRIES, SUBSCRIBE_PAUSE = 3, 1.0
DATABASE_PAUSE, DATABASE_PAUSE_CAP = 5.0, 60.0
SURVEY_PAUSE = 60.0
REPLAY_DEFAULT = 48 * 3600.0
"""How far back a gap reaches whose beginning nobody wrote down (seconds)."""


class Watch:
    """One per child. ``capabilities`` as far as they are known."""

    def __init__(self, link: Link, port: Port, state: SourceState, since: float | None) -> None:
        self._link = link
        self._port = port
        self._state = state
        self._since = since
        """When the link was last known to be well in this process; None: ask the journal's state."""
        self.capabilities: Capabilities = UNKNOWN
        self.era = state.era
        self.file = state.file
        self.subscription: Any = None
        self.answered_once = False
        self._surveying: Survey | None = None
        self._surveys, self._survey_name = 0, ""
        self._replaced = self._caught_up = False
        self._pages: Pages | None = None
        self._ground = GroundCheck(port.call, self._grounded)
        self._tries, self._pause = 0, DATABASE_PAUSE

    @property
    def is_live(self) -> bool:
        """Whether rows come in."""
        return self.subscription is not None

    def begin(self) -> None:
        """A child is up."""
        self._port.call("initialize", {}, "initialize", max(1.0, self._link.patience / 2))

    def resume(self, state: SourceState, since: float | None) -> None:
        """Subscribe again, from what is on disk by now."""
        self._state, self._since, self.subscription = state, since, None
        self.era, self._surveying, self._pages, self._tries = state.era, None, None, 0
        self._settle()

    def due(self, name: str) -> None:
        """Time for what ``later`` was asked for."""
        match name:
            case "subscribe" if not self.is_live:
                self._subscribe()
            case "status" if not self.is_live:
                self._port.call("status", {}, "status")
            case "look back" if self.is_live and self._state.cursor is None:
                self._survey(Survey(self._port.now()))

    def answered(self, name: str, answer: Answer) -> None:
        """An answer to one of our questions."""
        self.answered_once = self.answered_once or not answer.late
        match name:
            case "initialize":
                self._initialized(answer)
            case "status":
                self._status(answer)
            case "page":
                self._paged(answer)
            case "subscribe":
                self._subscribed(answer)
            case "landmark":
                self._ground.answered(answer)
            case _ if name == self._survey_name:
                self._surveyed(answer)

    def _initialized(self, answer: Answer) -> None:
        if answer.result is not None and "version" in answer.result:
            # Also when it comes late: what was begun without it goes on, the next question knows more.
            self._learn(from_initialize(answer.result))
        elif answer.error is not None and answer.error.get("code") != NO_SUCH_METHOD:
            self.refused(answer.error)
            return
        elif not self.capabilities.version:
            self._learn(before_strict())
        if self._surveying is None and self._pages is None and not self._tries and not self.is_live:
            self._try_database(self._settle)

    def _learn(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self._port.capable(capabilities)

    def _status(self, answer: Answer) -> None:
        if answer.result is not None:
            self._learn(from_initialize(answer.result))
            if self.is_live:
                return
            self._try_database(self._port.refresh)
        elif answer.late:
            self._port.down(explain_silence(self._link.cli, "status"))
            self._port.give_up()
        else:
            self._wait_for_database(str(answer.error))

    def _try_database(self, then: Callable[[], None]) -> None:
        if self.capabilities.database.ready:
            then()
        else:
            self._wait_for_database(self.capabilities.database.error)

    def _wait_for_database(self, detail: str) -> None:
        """imsg 0.14+ opens the database again by itself: the same child recovers (imsg protocol 12.4)."""
        self.subscription = None
        self._port.down(explain_database(self._link.cli, detail or "no reason given"))
        self._port.later("status", self._pause)
        self._pause = min(self._pause * 2, DATABASE_PAUSE_CAP)

    def _settle(self) -> None:
        """Find out where to begin, then begin."""
        state, path = self._state, self._link.file(self.capabilities.database.path)
        self.file = self._port.file_of(path) if path else ""
        self._replaced = bool(state.file and self.file and state.file != self.file)
        if state.cursor is None:
            self._survey(Survey(self._port.now()))
        elif self._replaced:
            self._survey(Survey(self._port.now(), self.missed_since()))
        else:
            if self.file and not state.file:
                self._port.record(Identified(state.source, self.file))
            self._ground.begin(state.landmarks, self.capabilities.can)

    def verify(self, state: SourceState, since: float | None) -> None:
        """While rows come in: is it still the database we know? ``grounded`` follows, or another beginning."""
        self._state, self._since = state, since
        self._ground.begin(state.landmarks, self.capabilities.can)

    def _grounded(self, ground: Ground) -> None:
        cursor = self._state.cursor
        if ground is Ground.OTHER:
            if self.is_live:
                self._port.call("watch.unsubscribe", {"subscription": self.subscription}, "unsubscribe")
            self._replaced, self.subscription = True, None
            self._survey(Survey(self._port.now(), self.missed_since()))
        elif self.is_live:
            self._port.grounded()
        elif cursor is not None:
            self._catch_up(cursor)

    def missed_since(self) -> float:
        """From when on rows count as missed (unix seconds): since the watch was last well, by whoever knows it."""
        known = self._since if self._since is not None else self._state.watched
        return known if known is not None else self._port.now() - REPLAY_DEFAULT

    def _survey(self, survey: Survey) -> None:
        self._surveying, self._surveys = survey, self._surveys + 1
        self._survey_name = f"survey {self._surveys}"  # a late answer to an earlier one must not count for this
        self._port.call(*survey.first(), self._survey_name)

    def _surveyed(self, answer: Answer) -> None:
        survey = self._surveying
        if survey is None or survey.done():
            return
        for question in survey.answered(answer.result):
            self._port.call(*question, self._survey_name)
        if not survey.done():
            return
        self._surveying = None
        newest = survey.newest()
        if newest is None:
            self._unsurveyed()
        elif self._replaced:
            self.replace(newest)
        else:
            self._port.record(Baseline(self._state.source, newest))
            if self.file:
                self._port.record(Identified(self._state.source, self.file))
            self._state = SourceState(self._state.source, newest, None, None, self.era, self.file)
            if not self.is_live:
                self._catch_up(newest, missed=False)

    def _unsurveyed(self) -> None:
        # Of a first run nothing is known to be missed: it starts from now.
        if self._state.cursor is None and self.is_live:
            self._port.later("look back", SURVEY_PAUSE)
        elif self._state.cursor is None:
            self._port.begins(self.era, None)
            self._caught_up = True
            self._subscribe()
        else:
            self._port.down(explain_silence(self._link.cli, "chats.list"))
            self._port.give_up()

    def replace(self, rowid: int, since: float | None = None) -> None:
        """Another database, or the same one with its rows gone back: what came before means nothing any more.

        ``since`` is when the link was last well; None: before this watch began.
        """
        self._since = self._since if since is None else since
        self._port.record(Replaced(self._state.source, rowid, self.file))
        if self._replaced:
            self._port.notice(REPLACED)
        self.era += 1
        self._replaced, self.subscription = False, None
        self._state = SourceState(self._state.source, rowid, None, None, self.era, self.file, self._state.watched)
        self._catch_up(rowid)

    def _catch_up(self, cursor: int, missed: bool = True) -> None:
        self._port.begins(self.era, self.missed_since() if missed else None)
        self._caught_up = not missed
        if self.capabilities.can("messages.after"):
            self._pages = Pages(cursor, self._link.attachments)
            self._port.call("messages.after", self._pages.params(), "page")
        else:
            self._subscribe()

    def _paged(self, answer: Answer) -> None:
        pages = self._pages
        if pages is None:
            return
        if answer.late:
            self._port.down(explain_silence(self._link.cli, "messages.after"))
        page = page_of(answer.result["raw"]) if answer.result is not None else None
        if answer.error is not None and answer.error.get("code") == DATABASE_DOWN:
            self._pages = None
            self._wait_for_database(detail_of(answer.error))
            return
        if page is not None:
            for message in page.messages:
                self._port.deliver(bytes(message), self.era)
        more = pages.took(page) if page is not None else pages.failed()
        if more:
            self._port.call("messages.after", pages.params(), "page")
        else:
            self._subscribe()

    def _subscribe(self) -> None:
        self._tries += 1
        cursor = self._pages.since or -1 if self._pages is not None else self._state.cursor
        self._port.call("watch.subscribe", watch_params(self._link, self.capabilities, cursor), "subscribe")

    def _subscribed(self, answer: Answer) -> None:
        if answer.result is not None:
            number = answer.result.get("subscription") or 0
            if self.is_live:
                # An attempt given up for lost was answered late, and the next one too: one watch is enough.
                self._port.call("watch.unsubscribe", {"subscription": number}, "unsubscribe")
                return
            self.subscription, self._pause = number, DATABASE_PAUSE
            cursor = self._pages.since if self._pages is not None else self._state.cursor
            self._port.live(cursor, self._caught_up)
            self._pages = None
            if self._state.cursor is None:
                self._port.later("look back", SURVEY_PAUSE)
        elif answer.error is not None:
            self.refused(answer.error)
        elif answer.late and self.answered_once and self._tries < SUBSCRIBE_TRIES:
            self._port.down(explain_silence(self._link.cli))
            self._port.later("subscribe", SUBSCRIBE_PAUSE)
        else:
            self._port.down(explain_silence(self._link.cli))
            self._port.give_up()

    def refused(self, error: Mapping[str, Any]) -> None:
        """A question of the watch, or of a probe of its database, was answered with an error."""
        if self.capabilities.strict and error.get("code") == DATABASE_DOWN:
            self._wait_for_database(detail_of(error))
        elif error.get("code") == BUSY:
            self._port.later("subscribe", SUBSCRIBE_PAUSE)
        else:
            self._port.down(explain_refusal(self._link.cli, error))
            self._port.give_up()

    def is_other_file(self) -> bool:
        """Whether the database file was replaced. imsg goes on reading the old one, silently (imsg protocol 12.4)."""
        path = self._link.file(self.capabilities.database.path)
        return bool(self.file and path) and self._port.file_of(path) not in ("", self.file)
