"""Probing a live watch: cheap questions, and no conclusion that was not confirmed."""

from typing import Any

import pytest

from actors.envelopes.link import Answer
from actors.rpc.baseline import iso
from actors.rpc.health import Problem
from actors.rpc.liveness import Liveness, Verdict
from actors.rpc.prober import NEWEST, Prober
from tests.rpc.ports import NOW, a_link, chats, history


class Probed:
    """A prober and everything around it. ``delivered`` and ``visible`` are what the journal knows."""

    def __init__(self, delivered: int = 42, visible: int = 0, new: bool = False) -> None:
        self.delivered, self.visible, self.waiting = delivered, visible, 0
        self.since: float | None = None
        self.questions: list[tuple[str, dict[str, Any], str]] = []
        self.said: list[tuple[Any, ...]] = []
        link = a_link(delivered=lambda: self.delivered, visible=lambda: self.visible, waiting=lambda: self.waiting)
        self.prober = Prober(link, self, Liveness(), lambda method: new and method == "messages.after")

    def call(self, method: str, params: dict[str, Any], name: str, patience: float | None = None) -> None:
        self.questions.append((method, params, name))

    def probed(self, verdict: Verdict, newest: int | None) -> None:
        self.said.append((verdict, newest))

    def hangs(self, problem: Problem) -> None:
        self.said.append(("hangs", problem.code))

    def lost_database(self, error: dict[str, Any]) -> None:
        self.said.append(("lost database", error["code"]))

    def rewound(self, rowid: int) -> None:
        self.said.append(("rewound", rowid))

    def well_since(self) -> float | None:
        return self.since

    def now(self) -> float:
        return NOW

    def answer(self, method: str, result: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """imsg answers the oldest open question; returns its params."""
        asked, params, name = self.questions.pop(0)
        assert asked == method
        self.prober.answered(name, Answer((name, 1), result, how.pop("error", None), **how))
        return params

    def look(self, *numbers: int, chat: int = 5) -> list[tuple[Any, ...]]:
        """A probe of a database whose newest rows these are, as far as it is that simple; what came of it."""
        self.prober.start()
        self.answer("chats.list", chats(chat))
        self.answer("messages.history", history(*numbers))
        said, self.said = self.said, []
        return said


def test_two_cheap_questions_tell_that_all_is_well() -> None:
    probed = Probed(delivered=42)
    probed.prober.start()
    assert probed.questions == [("chats.list", {"limit": 1}, "probe chats")]
    probed.answer("chats.list", chats(5, 9))
    assert probed.answer("messages.history", history(42)) == {"chat_id": 5, "limit": NEWEST}
    assert probed.said == [(Verdict.WELL, 42)]
    assert not probed.prober.is_open


def test_a_database_without_chats_is_well() -> None:
    probed = Probed()
    probed.prober.start()
    probed.answer("chats.list", chats())
    assert probed.said == [(Verdict.WELL, None)]


def test_there_is_one_probe_at_a_time_and_words_of_none_count_for_nothing() -> None:
    probed = Probed()
    probed.prober.answered("probe chats", Answer("x", None, None, late=True))
    probed.prober.start()
    probed.prober.start()
    assert len(probed.questions) == 1
    probed.answer("chats.list", chats())
    probed.prober.answered("probe newest", Answer("x", history(99), None))
    assert probed.said == [(Verdict.WELL, None)]


def test_a_watch_that_stays_behind_is_found_out() -> None:
    probed = Probed(delivered=42)
    verdicts = [probed.look(50)[0] for _ in range(4)]
    assert verdicts == [(verdict, 50) for verdict in list(Verdict)[1:]]


@pytest.mark.parametrize("name", ["floor", "visible", "delivered"])
def test_what_is_delivered_is_the_highest_of_what_is_known(name: str) -> None:
    probed = Probed(delivered=0)
    setattr(probed.prober if name == "floor" else probed, name, 50)
    assert probed.look(50) == [(Verdict.WELL, 50)]
    assert probed.look(51) == [(Verdict.WAIT, 51)]


def test_rows_on_their_way_to_the_disk_are_waited_for() -> None:
    probed = Probed(delivered=42)
    probed.waiting = 1
    assert [probed.look(50)[0][0] for _ in range(5)] == [Verdict.WAIT] * 5


@pytest.mark.parametrize("answered", [0, 1])
def test_a_question_that_is_not_answered_in_time_means_that_the_child_hangs(answered: int) -> None:
    probed = Probed()
    probed.prober.start()
    if answered:
        probed.answer("chats.list", chats(5))
    probed.answer("messages.history" if answered else "chats.list", late=True)
    assert probed.said == [("hangs", "hanging")]
    assert not probed.prober.is_open


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": -32603, "data": "database is locked"}, (Verdict.WELL, None)),
        ({"code": -32601, "data": "chats.list"}, (Verdict.WELL, None)),
        ({"code": -32000, "data": "outstanding request limit exceeded"}, (Verdict.WELL, None)),
        ({"code": -32002, "data": {"detail": "gone"}}, ("lost database", -32002)),
        ({"code": -32603, "data": "authorization denied"}, ("lost database", -32603)),
        ({"code": -32603, "data": "Permission Error: Full Disk Access"}, ("lost database", -32603)),
    ],
)
def test_an_error_is_a_sign_of_life_unless_it_is_about_the_database(error: dict[str, Any], said: object) -> None:
    probed = Probed()
    probed.prober.start()
    probed.answer("chats.list", error=error)
    assert probed.said == [said]
    assert not probed.prober.is_open


def test_rows_below_what_was_delivered_are_looked_at_in_several_chats_first() -> None:
    probed = Probed(delivered=42, visible=42)
    assert probed.look(30) == []
    assert probed.prober.is_open
    probed.answer("chats.list", chats(5, 9))
    probed.answer("messages.history", history(30))
    probed.answer("messages.history", history(33))
    assert probed.said == [("rewound", 33)]
    assert not probed.prober.is_open


def test_a_higher_row_in_another_chat_shows_that_nothing_went_back() -> None:
    probed = Probed(delivered=42, visible=42)
    probed.look(30)
    probed.answer("chats.list", chats(5, 9))
    probed.answer("messages.history", history(30))
    probed.answer("messages.history", history(42))
    assert probed.said == [(Verdict.WELL, 42)]
    probed.said.clear()
    assert probed.look(30) == [(Verdict.WELL, 30)]  # it is not asked about again
    probed.look(29)
    assert probed.answer("chats.list", chats())["limit"] > 1  # unless it changed


@pytest.mark.parametrize("found", [{"chats": None}, {}, None])
def test_what_cannot_be_confirmed_did_not_happen(found: dict[str, Any] | None) -> None:
    probed = Probed(delivered=42, visible=42)
    probed.look(30)
    probed.answer("chats.list", found, error=None if found is not None else {"code": -32603, "data": "locked"})
    assert probed.said == [(Verdict.WELL, None)]


def test_an_emptied_chat_list_after_a_suspicion_is_no_proof() -> None:
    probed = Probed(delivered=42, visible=42)
    probed.look(30)
    probed.answer("chats.list", chats())
    assert probed.said == [(Verdict.WELL, None)]


def test_rows_with_old_dates_that_came_late_are_no_reason_to_go_back() -> None:
    """iCloud brings old messages under new numbers: the newest by date has a lower number than they."""
    probed = Probed(delivered=42, visible=42, new=True)
    probed.look(30)
    assert probed.answer("messages.after", {"messages": [{"id": 42}]}) == {"since_rowid": 41, "limit": 1}
    assert probed.said == [(Verdict.WELL, 30)]


def test_where_the_delivered_row_is_gone_the_chats_are_looked_through() -> None:
    probed = Probed(delivered=42, visible=42, new=True)
    probed.look(30)
    probed.answer("messages.after", {"messages": []})
    probed.answer("chats.list", chats(5))
    probed.answer("messages.history", history(30))
    assert probed.said == [("rewound", 30)]


def test_rows_that_came_since_it_was_well_are_not_passed_over() -> None:
    probed = Probed(delivered=42, visible=42)
    probed.since = NOW - 30.0
    probed.prober.start()
    probed.answer("chats.list", {"chats": [{"id": 7}]})
    probed.answer("messages.history", {"messages": [{"id": 31}]})
    probed.answer("chats.list", {"chats": [{"id": 7}]})
    rows = [{"id": 30, "created_at": iso(NOW - 90.0)}, {"id": 31, "created_at": iso(NOW - 5.0)}]
    for _ in range(2):
        probed.answer("messages.history", {"messages": rows})
    assert probed.said == [("rewound", 30)]


def test_after_going_back_rows_count_from_there() -> None:
    probed = Probed(delivered=42, visible=42)
    probed.look(30)
    probed.answer("chats.list", chats(5))
    probed.answer("messages.history", history(30))
    probed.said.clear()
    probed.delivered, probed.visible, probed.prober.floor = 30, 0, 30
    assert [probed.look(31)[0][0] for _ in range(2)] == [Verdict.WAIT, Verdict.RESUBSCRIBE]
