"""Numbers for Messages databases that come into the config while the journal works."""

from __future__ import annotations

import sqlite3
from typing import Any

from actors.envelopes.control import Number, Numbered, Replayed
from actors.envelopes.facts import Baseline
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, message
from tests.support.actors import Probe
from tests.support.probes import KillableStage

HOME, WORK = ("home", ("/one/chat.db",)), ("work", ("/two/chat.db", "/old/two.db"))


def asking(room: Room, *names: tuple[str, tuple[str, ...]]) -> Probe:
    """Somebody who asked for numbers."""
    keeper = Probe("keeper")
    room.tell(Number(names, keeper.ref))
    return keeper


def numbers(room: Room, *names: tuple[str, tuple[str, ...]]) -> dict[str, int]:
    """What they are told."""
    (told,) = asking(room, *names).all(Numbered)
    return dict(told.sources)


def test_each_database_has_one_number_for_good(room: Room, open_room: Open, stage: KillableStage) -> None:
    first = numbers(room, HOME, WORK)
    assert sorted({room.source, *first.values()}) == [1, 2, 3]
    assert list(first) == ["home", "work"]
    assert numbers(room, WORK, ("main", ("/chat.db",)), HOME) == {**first, "main": room.source}
    stage.kill()
    assert numbers(open_room(), HOME, WORK) == first


def test_a_database_that_is_known_under_another_name_is_the_same_one(room: Room) -> None:
    known = numbers(room, ("work", ("/old/two.db",)))["work"]
    assert numbers(room, WORK) == {"work": known}
    assert room.rows("SELECT identity FROM source WHERE id = ?", known) == [("/two/chat.db",)]


def test_nobody_is_told_a_number_that_is_not_on_disk(room: Room) -> None:
    seen: list[Any] = []
    keeper = Probe("keeper", lambda _: seen.extend(room.rows("SELECT identity FROM source WHERE id > 1")))
    room.tell(Number((HOME, WORK), keeper.ref))
    assert seen == [("/one/chat.db",), ("/two/chat.db",)]


def test_facts_told_before_come_first(room: Room) -> None:
    stored: list[Any] = []
    keeper = Probe("keeper", lambda _: stored.extend(room.rows("SELECT count(*) FROM inbound")))
    room.tell(room.appended(message(1)), room.appended(message(2)), Number((HOME,), keeper.ref))
    assert stored == [(2,)]


def test_a_disk_that_refuses_gets_them_all_or_none_and_they_come_when_it_works(room: Room) -> None:
    failing: list[sqlite3.Error] = [disk_error(), disk_error()]

    def before(_number: int, sql: str) -> None:
        if sql == "COMMIT" and failing:
            raise failing.pop()

    room.connection.before = before
    keeper, registry = asking(room, HOME, WORK), Probe("registry")
    room.replay("asked", registry, account="home", reason="x")
    assert (keeper.told, registry.told) == ([], [])
    assert room.ledger.trouble
    assert room.rows("SELECT count(*) FROM source") == [(1,)]
    room.stage.advance(1.0)
    assert keeper.told == []
    room.stage.advance(1.0)
    assert [dict(told.sources) for told in keeper.all(Numbered)] == [{"home": 2, "work": 3}]
    assert len(registry.all(Replayed)) == 1
    assert room.ledger.trouble == ""


def test_facts_that_wait_for_the_disk_are_not_overtaken(room: Room) -> None:
    """They go first, and are told first."""
    order: list[str] = []
    failing: list[sqlite3.Error] = [disk_error()]

    def before(_number: int, sql: str) -> None:
        if sql == "COMMIT" and failing:
            raise failing.pop()

    room.connection.before = before
    room.append(message(1))
    keeper = Probe("keeper", lambda _: order.append(f"numbered after {len(room.admitted)}"))
    room.tell(Number((HOME,), keeper.ref))
    assert order == []
    room.stage.advance(1.0)
    assert order == ["numbered after 1"]


def test_the_database_can_be_read_from_at_once(room: Room, open_room: Open, stage: KillableStage) -> None:
    """Its baseline counts, its cursor moves, and those of others stay where they are."""
    home = numbers(room, HOME)["home"]
    room.append(message(5))
    room.record(Baseline(home, 40))
    room.append(message(41, source=home, account="home"))
    room.append(message(40, source=home, account="home"))
    assert room.rows("SELECT id, cursor FROM source ORDER BY id") == [(room.source, 5), (home, 41)]
    assert (room.ledger.cursors[home], room.ledger.visible[home]) == (41, 41)
    room.record(Baseline(home, 99))
    stage.kill()
    assert open_room().ledger.cursors == {room.source: 5, home: 41}


def test_a_database_from_an_earlier_life_goes_on_where_it_was(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    home = numbers(room, HOME)["home"]
    room.append(message(41, source=home, account="home"))
    stage.kill()
    room = open_room(sources={"default": 1})
    assert numbers(room, HOME) == {"home": home}
    room.record(Baseline(home, 99))
    assert room.rows("SELECT cursor FROM source WHERE id = ?", home) == [(41,)]
