"""``gateway sessions reset`` and ``release``: over the control socket, or into the journal where no gateway runs."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from io import StringIO

import pytest

from actors.control import operations
from actors.control.client import ControlError, request
from actors.control.levers import Levers
from actors.control.lock import InstanceLock
from actors.control.view import GatewayView
from actors.envelopes.control import Ref
from actors.envelopes.steering import Fresh, Mend, Renew
from actors.runtime.actor import Actor
from config import Places
from tests.control.builders import Told, gateway
from tests.control.conftest import Gateway, Serve
from tests.support.actors import Probe, Stage, stage
from tests.support.said import GROUP, MAIN, Archive

Settled = Callable[[bool], None]


class Changed:
    """What the levers of a made-up gateway were asked for; ``on_...`` acts like its actors."""

    def __init__(self) -> None:
        self.told = Told()
        self.asked: list[tuple[str, str]] = []
        self.alive = True
        self.does = True

    def view(self) -> GatewayView:
        """The gateway."""
        view = gateway(told=self.told)
        view.renew, view.lift = self._lever("renew"), self._lever("lift")
        return view

    def _lever(self, what: str) -> Callable[[str, float, Settled], bool]:
        def pull(session: str, _seconds: float, done: Settled) -> bool:
            self.asked.append((what, session))
            if self.alive:
                done(self.does)
            return self.alive

        return pull


@pytest.fixture
def archive(places: Places) -> Archive:
    """A journal with a session that is quarantined, and one that is well."""
    one = Archive(places.journal)
    one.session(MAIN, at=1, failures=3)
    one.session(GROUP, at=0)
    for seq in (1, 2):
        one.row(seq, MAIN, f"boom {seq}", "held", "quarantined: exited with code 3")
    one.row(3, GROUP, "elsewhere", "held", "no agent")
    one.exchange(4, GROUP, "hello")
    return one


@pytest.fixture
def place() -> Iterator[Stage]:
    """Actors on the test's own thread."""
    with stage() as one:
        yield one


def test_without_a_gateway_a_reset_is_written_from_here(cli: Gateway, archive: Archive, places: Places) -> None:
    said = cli("sessions", "reset", "main", "--yes")
    assert (said.code, said.out, said.err) == (0, f"{MAIN} begins anew\n", "")
    main = cli("sessions", "show", "main", "--json").json["session"]
    assert main["state"] == "idle"
    [renewal] = cli("sessions", "show", "main", "--json").json["transcript"]
    assert (renewal["type"], renewal["why"]) == ("renewal", "operator")
    assert main["startedAt"] == renewal["at"]
    with InstanceLock(places.lock, 0.0):
        pass


def test_a_transcript_outlives_a_reset(cli: Gateway, archive: Archive) -> None:
    archive.run("INSERT OR REPLACE INTO mark VALUES ('turn', 4)")
    assert cli("sessions", "reset", "group:42", "--yes", "--json").json == {
        "session": GROUP,
        "turns": 1,
        "dryRun": False,
        "done": True,
    }
    kinds = [one["type"] for one in cli("sessions", "show", "group:42", "--json").json["transcript"]]
    assert kinds == ["turn", "renewal"]


def test_a_running_gateway_does_the_reset(cli: Gateway, archive: Archive, serve: Serve) -> None:
    changed = Changed()
    serve(changed.view())
    said = cli("sessions", "reset", "main", "--yes")
    assert (said.code, said.out) == (0, f"{MAIN} begins anew\n")
    assert changed.asked == [("renew", MAIN)]


def test_a_reset_asks_first(cli: Gateway, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("sessions", "reset", "main").code == 2
    assert cli("sessions", "reset", "main", "--json").code == 2

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    said = cli("sessions", "reset", "main")
    assert (said.code, said.out) == (1, "")
    assert "0 turns" in said.err
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    assert cli("sessions", "reset", "main").code == 0


def test_a_dry_run_changes_nothing(cli: Gateway, archive: Archive) -> None:
    said = cli("sessions", "reset", "group:42", "--dry-run")
    assert (said.code, said.out) == (0, f"{GROUP}: 1 turn; from a reset on its agent is told none of that\n")
    assert cli("sessions", "reset", "main", "--dry-run", "--json").json["done"] is False
    assert cli("sessions", "list", "--json").json["sessions"][0]["state"] == "quarantined"


def test_a_reset_never_writes_behind_a_gateway(cli: Gateway, archive: Archive, places: Places) -> None:
    with InstanceLock(places.lock):
        said = cli("sessions", "reset", "main", "--yes")
    assert (said.code, said.out) == (1, "")
    assert "does not answer" in said.err


@pytest.mark.parametrize("verb", ["reset", "release", "show"])
def test_an_unknown_key_is_answered_with_what_there_is(cli: Gateway, archive: Archive, verb: str) -> None:
    said = cli("sessions", verb, "nobody")
    assert (said.code, said.out) == (1, "")
    assert f"There are: {MAIN}, {GROUP}" in said.err


def test_a_release_lifts_the_quarantine_and_has_its_messages_judged_again(
    cli: Gateway, archive: Archive, serve: Serve
) -> None:
    changed = Changed()

    def judge(seqs: tuple[int, ...]) -> None:
        assert changed.asked == [("lift", MAIN)]
        archive.run(f"UPDATE inbound SET outcome = NULL WHERE seq IN {seqs}")

    changed.told.on_release = judge
    serve(changed.view())
    said = cli("sessions", "release", "main", "--json")
    assert said.code == 0
    assert said.json == {
        "session": MAIN,
        "lifted": True,
        "results": [{"seq": seq, "done": True, "outcome": "released", "why": None} for seq in (1, 2)],
    }
    assert changed.told.released == [(1, 2)]


def test_people_read_what_was_released(cli: Gateway, archive: Archive, serve: Serve) -> None:
    changed = Changed()
    changed.told.on_release = lambda seqs: archive.run("UPDATE inbound SET outcome = NULL WHERE session = ?", (MAIN,))
    serve(changed.view())
    said = cli("sessions", "release", "main")
    assert (said.code, said.out) == (0, f"{MAIN} is not quarantined any more\nreleased 2\n")


def test_a_release_without_held_messages_only_lifts(cli: Gateway, archive: Archive, serve: Serve) -> None:
    archive.run("UPDATE inbound SET outcome = 'dropped' WHERE session = ?", (MAIN,))
    changed = Changed()
    serve(changed.view())
    assert cli("sessions", "release", "main").out == f"{MAIN} is not quarantined any more\n"
    assert (changed.asked, changed.told.released) == ([("lift", MAIN)], [])


def test_there_may_be_nothing_to_release(cli: Gateway, archive: Archive) -> None:
    archive.run("UPDATE inbound SET outcome = 'dropped' WHERE session = ?", (GROUP,))
    said = cli("sessions", "release", "42")
    assert (said.code, "not quarantined" in said.out) == (0, True)
    assert cli("sessions", "release", "42", "--json").json["results"] == []


def test_a_release_needs_a_gateway(cli: Gateway, archive: Archive) -> None:
    said = cli("sessions", "release", "main")
    assert (said.code, said.out) == (3, "")
    assert "gateway run" in said.err
    assert cli("sessions", "list", "--json").json["sessions"][0]["state"] == "quarantined"


def test_what_was_not_done_is_said(
    archive: Archive, places: Places, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Changed()
    running = serve(changed.view())
    assert request(places, {"do": "renew", "session": MAIN}) == {"session": MAIN}
    changed.does = False
    with pytest.raises(ControlError, match="was not done within 10 s"):
        request(places, {"do": "renew", "session": MAIN})
    changed.alive = False
    with pytest.raises(ControlError, match="just being started again"):
        request(places, {"do": "lift", "session": MAIN})
    running.stop()
    serve(gateway())
    with pytest.raises(ControlError, match="just being started again"):
        request(places, {"do": "lift", "session": MAIN})


def test_the_lever_waits_until_the_session_is_fresh(place: Stage) -> None:
    told = Probe("sessions")
    roster: dict[str, Ref] = {"sessions": told.ref}
    heard: list[bool] = []
    levers = Levers(roster, place.context("control"))
    assert levers.renew(MAIN, operations.SETTLED_SECONDS, heard.append)
    renew = told.next(Renew)
    assert (renew.session, renew.why) == (MAIN, "operator")
    assert renew.reply_to is not None
    Actor.tell(renew.reply_to, Fresh(renew.tag))
    place.settle()
    assert heard == [True]


def test_the_lever_says_that_a_session_is_mended(place: Stage) -> None:
    told = Probe("sessions")
    roster: dict[str, Ref] = {"sessions": told.ref}
    heard: list[bool] = []
    levers = Levers(roster, place.context("control"))
    assert levers.lift(MAIN, operations.SETTLED_SECONDS, heard.append)
    mend = told.next(Mend)
    assert mend.session == MAIN
    place.advance(operations.SETTLED_SECONDS + 1)
    Actor.tell(mend.reply_to, Fresh(mend.tag))
    place.settle()
    assert heard == [False]


def test_a_lever_nobody_holds_is_false(place: Stage) -> None:
    heard: list[bool] = []
    levers = Levers({}, place.context("control"))
    assert not levers.renew(MAIN, 1.0, heard.append)
    assert not levers.lift(MAIN, 1.0, heard.append)
    assert heard == []


def test_the_journal_is_only_read(archive: Archive) -> None:
    connection = archive.reading()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM turn")
    connection.close()
