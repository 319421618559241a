"""Every way of one child's watch, from the first question to the last row."""

from typing import Any

import pytest

from actors.envelopes.control import SourceState
from actors.envelopes.facts import Baseline, Identified
from actors.rpc.capabilities import BUFFER_LIMIT
from actors.rpc.watch import DATABASE_PAUSE, REPLAY_DEFAULT, SUBSCRIBE_PAUSE, SURVEY_PAUSE
from tests.rpc.ports import NOW, SOURCE, Played, a_link, chats, history, page

PARAMS = {"attachments": False, "include_reactions": True, "debounce_ms": 100}
GONE = {"path": "/x/chat.db", "detail": "unable to open database file", "retryable": True}
NOT_READY = {"database": {"path": "/x/chat.db", "ready": False, "error": "authorization denied"}}


@pytest.mark.parametrize(("patience", "first"), [(10.0, 5.0), (1.0, 1.0)])
def test_the_first_question_has_half_the_patience(patience: float, first: float) -> None:
    """An old imsg that keeps silent about it must not use up the time for the questions it knows."""
    played = Played(link=a_link(patience=patience))
    assert played.port.questions == [("initialize", {}, "initialize", first)]


def test_an_old_imsg_is_watched_from_the_cursor() -> None:
    played = Played(cursor=42, watched=NOW - 60).old()
    assert not played.port.known[-1].strict
    assert played.asked == [("watch.subscribe", {**PARAMS, "since_rowid": 42})]
    played.subscribed()
    assert played.told == [("begins", 0, NOW - 60), ("live", 42, False)]
    assert played.watch.is_live


def test_a_new_imsg_brings_what_was_missed_in_pages_and_is_watched_from_their_end() -> None:
    played = Played(cursor=42, era=2, watched=NOW - 60).new()
    assert played.port.known[-1].version == "0.15.9"
    asked = {"since_rowid": 42, "limit": 200, "attachments": False, "include_reactions": True}
    assert played.asked == [("messages.after", asked)]
    played.answer("messages.after", page(43, 45, next_rowid=45, has_more=True))
    assert played.asked == [("messages.after", {**asked, "since_rowid": 45})]
    played.answer("messages.after", page(46, next_rowid=50))
    assert played.asked == [("watch.subscribe", {**PARAMS, "buffer_limit": BUFFER_LIMIT, "since_rowid": 50})]
    played.subscribed()
    assert played.told == [
        ("begins", 2, NOW - 60),
        ("row", 43, 2),
        ("row", 45, 2),
        ("row", 46, 2),
        ("live", 50, False),
    ]


def test_a_new_imsg_without_pages_is_watched_from_the_cursor() -> None:
    played = Played(cursor=42).new(methods=["watch.subscribe"])
    assert played.asked == [("watch.subscribe", {**PARAMS, "buffer_limit": BUFFER_LIMIT, "since_rowid": 42})]


@pytest.mark.parametrize(
    ("since", "watched", "missed_since"),
    [
        (NOW - 10, NOW - 99, NOW - 10),
        (None, NOW - 99, NOW - 99),
        (None, None, NOW - REPLAY_DEFAULT),
    ],
)
def test_what_was_missed_counts_from_when_the_link_was_last_well(
    since: float | None, watched: float | None, missed_since: float
) -> None:
    played = Played(cursor=42, since=since, watched=watched).old()
    assert played.told == [("begins", 0, missed_since)]


def test_a_first_run_learns_the_newest_row_before_it_watches_from_there() -> None:
    played = Played(cursor=None, stands="f1").old()
    assert played.asked == [("chats.list", {"limit": 5})]
    played.answer("chats.list", chats(5, 9))
    assert [params["chat_id"] for _, params in played.asked] == [5, 9]
    played.answer("messages.history", history(11, 4))
    assert played.port.facts == []
    played.answer("messages.history", history(12))
    assert played.port.facts == [Baseline(SOURCE, 12), Identified(SOURCE, "f1")]
    assert played.asked == [("watch.subscribe", {**PARAMS, "since_rowid": 12})]
    played.subscribed()
    assert played.told[2:] == [("begins", 0, None), ("live", 12, True)]
    assert played.port.timers == []


@pytest.mark.parametrize("new", [False, True])
def test_a_first_run_over_an_empty_database_replays_all_that_comes(new: bool) -> None:
    played = Played(cursor=None)
    played = played.new() if new else played.old()
    played.answer("chats.list", chats())
    if new:
        assert played.asked[0][1]["since_rowid"] == 0  # to this method it means from the beginning
        played.answer("messages.after", page(next_rowid=0))
    assert played.asked[0][1]["since_rowid"] == -1
    assert played.port.facts == [Baseline(SOURCE, -1)]


@pytest.mark.parametrize("how", ["refused", "late"])
def test_a_first_run_that_cannot_learn_it_watches_from_now_and_looks_back_later(how: str) -> None:
    played = Played(cursor=None).old()
    played.refuse("chats.list") if how == "refused" else played.late("chats.list")
    assert played.asked == [("watch.subscribe", PARAMS)]
    played.subscribed()
    assert played.told == [("begins", 0, None), ("live", None, True)]
    assert played.due() == ("look back", SURVEY_PAUSE)
    played.refuse("chats.list")
    assert played.due() == ("look back", SURVEY_PAUSE)
    played.answer("chats.list", chats(5))
    played.answer("messages.history", history(12))
    assert played.port.facts == [Baseline(SOURCE, 12)]
    assert (played.asked, played.port.timers) == ([], [])
    assert played.watch.is_live


def test_it_looks_back_also_when_the_watch_took_its_time() -> None:
    played = Played(cursor=None).old()
    played.refuse("chats.list")
    played.late("watch.subscribe")
    assert played.due() == ("subscribe", SUBSCRIBE_PAUSE)
    played.subscribed()
    assert played.due() == ("look back", SURVEY_PAUSE)
    assert played.asked == [("chats.list", {"limit": 5})]


def test_a_late_answer_to_an_earlier_look_does_not_count_for_the_next() -> None:
    """Taken for an answer of the second look it would end that one too early, with a guess too low."""
    played = Played(cursor=None).old()
    first = played.late("chats.list")
    played.subscribed().due()
    played.repeat(first, chats(5))
    played.answer("chats.list", chats(5, 9))
    played.answer("messages.history", history(3))
    assert played.port.facts == []
    played.answer("messages.history", history(12))
    assert played.port.facts == [Baseline(SOURCE, 12)]


@pytest.mark.parametrize("method", ["initialize", "watch.subscribe"])
def test_an_imsg_that_refuses_is_given_up(method: str) -> None:
    played = Played(cursor=42) if method == "initialize" else Played(cursor=42).old()
    played.refuse(method, -32603, "authorization denied. Full Disk Access is needed")
    assert played.told[-1] == ("down", "no-disk-access")
    assert played.port.given_up
    assert played.asked == []


def test_an_old_imsg_whose_database_is_down_is_given_up_too() -> None:
    """Only 0.14 and later opens it again by itself."""
    played = Played().old()
    played.refuse("watch.subscribe", -32002, GONE)
    assert played.port.given_up
    assert played.port.timers == []


def test_silence_from_the_start_is_given_up_at_once() -> None:
    played = Played()
    played.late("initialize")
    assert played.asked == [("watch.subscribe", {**PARAMS, "since_rowid": 42})]
    played.late("watch.subscribe")
    assert played.told[-1] == ("down", "hanging")
    assert played.port.given_up


def test_a_watch_that_is_not_granted_in_time_is_asked_for_three_times() -> None:
    played = Played().old()
    for _ in range(2):
        played.late("watch.subscribe")
        assert not played.port.given_up
        assert played.due() == ("subscribe", SUBSCRIBE_PAUSE)
    played.late("watch.subscribe")
    assert played.told[-1] == ("down", "hanging")
    assert played.port.given_up


def test_a_watch_that_is_granted_twice_is_kept_once() -> None:
    played = Played().old()
    first = played.late("watch.subscribe")
    played.due()
    played.repeat(first, {"subscription": 1})
    played.subscribed(2)
    assert played.asked == [("watch.unsubscribe", {"subscription": 2})]
    assert played.watch.subscription == 1
    played.watch.due("subscribe")
    assert played.told == [("begins", 0, NOW - REPLAY_DEFAULT), ("down", "hanging"), ("live", 42, False)]


@pytest.mark.parametrize("result", [{}, {"subscription": None}, {"subscription": 0}])
def test_a_watch_without_a_number_is_a_watch(result: dict[str, Any]) -> None:
    played = Played().old()
    played.answer("watch.subscribe", result)
    assert played.watch.is_live


def test_a_late_hello_is_taken_in_and_nothing_begins_twice() -> None:
    played = Played()
    hello = played.late("initialize")
    played.repeat(hello, {"version": "0.15.9", "methods": ["messages.after"]})
    assert [known.strict for known in played.port.known] == [False, True]
    assert played.asked == [("watch.subscribe", {**PARAMS, "since_rowid": 42})]
    played.subscribed()
    assert [what for what, *_ in played.told] == ["begins", "live"]


def test_an_answer_without_a_version_is_no_hello() -> None:
    """Any program may stand in for imsg and answer what it does not know with anything."""
    played = Played()
    played.answer("initialize", {"ok": True})
    assert not played.watch.capabilities.strict
    assert played.asked[0][0] == "watch.subscribe"


def test_without_its_database_the_same_child_is_asked_until_it_is_back() -> None:
    played = Played().new(**NOT_READY)
    assert played.told == [("down", "no-disk-access")]
    pauses = []
    for _ in range(5):
        pauses.append(played.due())
        played.answer("status", {"version": "0.15.9", **NOT_READY})
    assert pauses == [("status", seconds) for seconds in (5.0, 10.0, 20.0, 40.0, 60.0)]
    assert played.due() == ("status", 60.0)
    played.answer("status", {"version": "0.15.9", "database": {"ready": True}})
    assert (played.port.refreshed, played.port.given_up) == (1, False)
    assert played.watch.capabilities.database.ready
    played.watch.resume(SourceState(SOURCE, 43, None, None), NOW - 5)
    assert played.told[-1] == ("begins", 0, NOW - 5)
    assert played.asked == [("watch.subscribe", {**PARAMS, "buffer_limit": BUFFER_LIMIT, "since_rowid": 43})]
    played.subscribed()
    played.watch.refused({"code": -32002, "data": GONE})
    assert played.port.timers == [("status", DATABASE_PAUSE)]


@pytest.mark.parametrize("method", ["messages.after", "watch.subscribe"])
def test_a_database_that_goes_while_it_begins_is_waited_for(method: str) -> None:
    played = Played().new(methods=[method])
    played.refuse(method, -32002, GONE)
    assert played.told[-1] == ("down", "no-disk-access")
    assert not played.port.given_up
    assert played.due() == ("status", DATABASE_PAUSE)
    assert played.asked == [("status", {})]


def test_an_imsg_that_does_not_say_how_its_database_is_is_asked_again_or_given_up() -> None:
    played = Played().new(**NOT_READY)
    played.due()
    played.refuse("status", -32000, "Server busy")
    played.due()
    played.late("status")
    assert played.told[-1] == ("down", "hanging")
    assert played.port.given_up


def test_a_state_that_is_told_while_the_watch_runs_begins_nothing_anew() -> None:
    played = Played().old().subscribed()
    played.repeat("status", {"version": "0.15.9"})
    assert played.watch.capabilities.strict
    assert played.port.refreshed == 0


def test_an_imsg_that_is_busy_is_asked_again() -> None:
    played = Played(cursor=42).old()
    played.refuse("watch.subscribe", -32000)
    assert not played.port.given_up
    assert played.due() == ("subscribe", SUBSCRIBE_PAUSE)
    assert played.subscribed().watch.is_live
