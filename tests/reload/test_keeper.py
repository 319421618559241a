"""The keeper of the config: when files are read, what is taken, what is refused, and what an operator is told of it.

Files are real ones, time passes by hand, and whoever takes a config is a probe that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Listen, Number, Numbered, Overrule, Overruled, Tick
from actors.reload.keeper import KEEP_SECONDS, LOOK_SECONDS, RELEASE_SECONDS, ConfigKeeper
from actors.reload.overrides import overridden
from actors.reload.state import ConfigState
from actors.runtime.child import Child, Recast, Recasted
from config import Loaded, Places, document, load
from config.edit import Set, Unset
from tests.support.actors import Probe, Stage, stage

PLAIN = '{ channels: { imessage: { cliPath: "imsg", allowFrom: ["+15550000001"] } } }'
OTHER = PLAIN.replace("0001", "0002")
BROKEN = '{ channels: { imessage: { dmPolicy: "sometimes" } } }'
STILL = 0.4
"""Longer than the files have to be still."""


class Eyes:
    """In the stead of the watcher: ``see`` says that a file changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.see = changed
        self.paths: frozenset[Path] = frozenset()
        self.stopped = False

    def watch(self, paths: Iterable[Path]) -> None:
        self.paths = frozenset(paths)

    def stop(self) -> None:
        self.stopped = True


class House:
    """A house without children: it says which configs it was to build, and which are in place."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.overrides: Mapping[str, object] = {}
        self.reads = 0
        self.built: list[Loaded] = []
        self.adopted: list[Loaded] = []
        self.kept: list[Loaded] = []
        self.restarts = 0
        self.released = 0
        self.broken = False

    def load(self, overrides: Mapping[str, object]) -> Loaded:
        self.reads += 1
        return load(self.places, {}, (), overrides)

    def overridden(self, edits: Sequence[Set | Unset], *, reset: bool) -> Mapping[str, object]:
        found = document.read(self.places, {})
        assert isinstance(found, document.Document)
        return overridden({} if reset else self.overrides, edits, found.value)

    def names(self, loaded: Loaded) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((account.id, ("db",)) for account in loaded.accounts)

    def children(self, loaded: Loaded, sources: Mapping[str, int]) -> tuple[Child, ...]:
        if self.broken:
            raise RuntimeError("planted")
        self.built.append(loaded)
        return ()

    def taken(self, loaded: Loaded, sources: Mapping[str, int]) -> None:
        self.adopted.append(loaded)

    def release(self) -> None:
        self.released += 1

    def keep(self, loaded: Loaded) -> bool:
        self.kept.append(loaded)
        return True

    def restart(self) -> None:
        self.restarts += 1


class Town:
    """A keeper over a config file; journal and supervisor answer at once unless ``slow``."""

    def __init__(self, stage: Stage, places: Places, text: str = PLAIN) -> None:
        self.stage = stage
        self.places = places
        places.state.mkdir(parents=True, exist_ok=True)
        places.config.write_text(text)
        self.house = House(places)
        self.loaded = self.house.load({})
        self.house.reads = 0
        self.state = ConfigState(str(places.config), self.loaded.digest)
        self.slow = False
        self.journal = Probe("journal", self._number)
        self.desk, self.asker = Probe("desk"), Probe("asker")
        self.supervisor = Probe("supervisor", self._recast)
        self.eyes: list[Eyes] = []
        self.ref = ConfigKeeper.start(
            stage.context("config", self.supervisor.ref),
            self.house,
            self.loaded,
            {"default": 1},
            self.state,
            self.journal.ref,
            self.desk.ref,
            self._eyes,
        )
        stage.settle()

    def _eyes(self, changed: Callable[[], None]) -> Eyes:
        self.eyes.append(Eyes(changed))
        return self.eyes[-1]

    def _number(self, message: Any) -> None:
        if isinstance(message, Number) and not self.slow:
            message.reply_to.tell(Numbered((("default", 1),)))

    def _recast(self, message: Any) -> None:
        if isinstance(message, Recast) and not self.slow:
            message.reply_to.tell(Recasted(frozenset(), frozenset(), ()))

    def write(self, text: str, seconds: float = STILL) -> None:
        """Somebody saves the file; then time passes."""
        self.places.config.write_text(text)
        self.eyes[0].see()
        self.stage.advance(seconds)

    @property
    def allowed(self) -> list[tuple[str, ...]]:
        """``allowFrom`` of each config that was to be built."""
        return [loaded.accounts[0].allow_from for loaded in self.house.built]

    def overrule(self, *edits: Set | Unset, reset: bool = False) -> Overruled:
        """As the command desk asks."""
        self.stage.tell(self.ref, Overrule(edits, reset, 7, self.asker.ref))
        return self.asker.next(Overruled)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """``town(text)`` opens one."""
    places = Places.from_env({"HOME": str(tmp_path), "OPENCLAW_STATE_DIR": str(tmp_path / "state")})
    with stage() as place:
        yield lambda text=PLAIN: Town(place, places, text)


def test_at_its_start_it_reads_nothing_and_watches_every_file(town: Callable[..., Town]) -> None:
    place = town()
    assert place.house.reads == 0
    assert place.places.config in place.eyes[0].paths
    assert place.places.overlay in place.eyes[0].paths
    assert place.desk.all(Listen)
    place.stage.advance(10 * LOOK_SECONDS)
    assert place.house.reads == 0
    assert place.house.kept == [place.loaded]


def test_a_changed_file_is_taken_once_it_is_still(town: Callable[..., Town]) -> None:
    place = town()
    place.write(PLAIN[:20], seconds=0.2)
    place.write(PLAIN[:40], seconds=0.2)
    place.write(OTHER, seconds=0.2)
    assert place.house.reads == 0
    place.stage.advance(STILL)
    assert place.house.reads == 1
    assert place.allowed == [("+15550000002",)]
    assert place.house.adopted[-1].accounts[0].allow_from == ("+15550000002",)
    assert place.state.digest == place.house.built[0].digest
    assert place.state.trouble == ("", "")


def test_what_nobody_saw_change_is_found_by_looking(town: Callable[..., Town]) -> None:
    place = town()
    place.places.config.write_text(OTHER)
    place.stage.advance(LOOK_SECONDS + STILL)
    assert place.allowed == [("+15550000002",)]


@pytest.mark.parametrize("text", [BROKEN, "{", "", "[]", PLAIN.replace("cliPath", "cliPaht")])
def test_a_bad_file_changes_nothing_and_is_told(town: Callable[..., Town], text: str) -> None:
    place = town()
    place.write(text)
    assert place.house.built == []
    reason, remedy = place.state.trouble
    assert str(place.places.config) in reason
    assert "gateway config validate" in remedy
    assert place.state.problems
    assert place.state.refused_at == pytest.approx(place.stage.clock.wall(), abs=STILL)
    place.write(OTHER)
    assert place.allowed == [("+15550000002",)]
    assert place.state.trouble == ("", "")
    assert place.state.problems == ()


def test_a_bad_file_that_is_put_back_is_no_change(town: Callable[..., Town]) -> None:
    place = town()
    place.write(BROKEN)
    place.write(PLAIN)
    assert place.house.built == []
    assert place.state.trouble == ("", "")


def test_a_file_that_is_gone_for_a_moment_is_waited_for(town: Callable[..., Town]) -> None:
    place = town()
    place.places.config.unlink()
    place.eyes[0].see()
    place.stage.advance(0.7)
    assert place.house.reads == 0
    place.write(OTHER, 2 * STILL)
    assert place.allowed == [("+15550000002",)]
    assert place.state.problems == ()


def test_a_file_that_stays_away_is_told_and_the_config_stays(town: Callable[..., Town]) -> None:
    place = town()
    place.places.config.unlink()
    place.eyes[0].see()
    place.stage.advance(5)
    assert place.house.built == []
    assert "there is no config file" in place.state.problems[0]


def test_comments_are_no_change_but_the_digest_is(town: Callable[..., Town]) -> None:
    place = town()
    place.write("// mine\n" + PLAIN)
    assert place.house.built == []
    assert place.state.digest != place.loaded.digest
    place.stage.advance(KEEP_SECONDS)
    assert place.house.kept[-1].digest == place.state.digest


def test_what_changes_while_one_is_taken_is_taken_after_it(town: Callable[..., Town]) -> None:
    place = town()
    place.slow = True
    place.write(OTHER)
    place.write(PLAIN.replace("0001", "0003"))
    assert len(place.journal.all(Number)) == 1
    place.slow = False
    place.stage.tell(place.ref, Numbered((("default", 1),)))
    assert place.allowed == [("+15550000002",), ("+15550000003",)]
    assert place.house.adopted[-1].accounts[0].allow_from == ("+15550000003",)


@pytest.mark.parametrize("mode", ["off", "restart", "hot", "hybrid"])
def test_the_mode_says_what_becomes_of_a_change(town: Callable[..., Town], mode: str) -> None:
    text = PLAIN[:-2] + f', gateway: {{ reload: {{ mode: "{mode}" }} }} }}'
    place = town(text)
    place.write(text.replace("0001", "0002"))
    taken = mode in {"hot", "hybrid"}
    assert place.allowed == ([("+15550000002",)] if taken else [])
    assert place.house.restarts == (mode == "restart")
    assert ("mode is off" in place.state.trouble[0]) == (mode == "off")


def test_asked_to_it_takes_the_file_whatever_the_mode(town: Callable[..., Town]) -> None:
    text = PLAIN[:-2] + ', gateway: { reload: { mode: "off" } } }'
    place = town(text)
    place.write(text.replace("0001", "0002"))
    assert place.allowed == []
    place.stage.tell(place.ref, Tick("reload"))
    assert place.allowed == [("+15550000002",)]
    assert place.state.trouble == ("", "")


def test_overrides_are_laid_without_a_restart(town: Callable[..., Town]) -> None:
    place = town(PLAIN[:-2] + ', gateway: { reload: { mode: "restart" } } }')
    assert place.overrule(Set(("channels", "imessage", "textChunkLimit"), 100)).problems == ()
    assert place.house.restarts == 0
    assert place.house.adopted[-1].accounts[0].text_chunk_limit == 100


def test_overrides_of_a_config_that_cannot_be_built_are_none(town: Callable[..., Town]) -> None:
    place = town()
    place.house.broken = True
    place.overrule(Set(("channels", "imessage", "textChunkLimit"), 100))
    assert place.house.overrides == {}
    assert "cannot be taken" in place.state.problems[0]
    place.house.broken = False
    place.write(OTHER)
    assert place.allowed == [("+15550000002",)]
    assert place.house.adopted[-1].accounts[0].text_chunk_limit == 4000


def test_what_is_overruled_while_a_config_is_taken_waits(town: Callable[..., Town]) -> None:
    place = town()
    place.slow = True
    place.write(OTHER)
    place.stage.tell(
        place.ref, Overrule((Set(("channels", "imessage", "textChunkLimit"), 9),), False, 1, place.asker.ref)
    )
    assert place.asker.all(Overruled) == []
    place.slow = False
    place.stage.tell(place.ref, Numbered((("default", 1),)))
    account = place.house.adopted[-1].accounts[0]
    assert (account.allow_from, account.text_chunk_limit) == (("+15550000002",), 9)


def test_databases_are_let_go_when_their_children_have_ended(town: Callable[..., Town]) -> None:
    place = town()
    place.write(OTHER)
    assert place.house.released == 0
    place.stage.advance(RELEASE_SECONDS)
    assert place.house.released == 1


def test_a_file_that_is_included_is_watched_also_while_it_is_missing(town: Callable[..., Town]) -> None:
    place = town()
    include = place.places.state / "people.json5"
    text = '{ channels: { imessage: { cliPath: "imsg", $include: "./people.json5" } } }'
    place.write(text)
    assert "people.json5" in place.state.problems[0]
    assert include in place.eyes[0].paths
    include.write_text('{ allowFrom: ["+15550000009"] }')
    place.eyes[0].see()
    place.stage.advance(2 * STILL)
    assert place.allowed == [("+15550000009",)]
    include.write_text('{ allowFrom: ["+15550000008"] }')
    place.eyes[0].see()
    place.stage.advance(2 * STILL)
    assert place.allowed[-1] == ("+15550000008",)


def test_overrides_lie_over_the_file_and_stay_when_it_changes(town: Callable[..., Town]) -> None:
    place = town()
    path = ("channels", "imessage", "textChunkLimit")
    told = place.overrule(Set(path, 100))
    assert (told.tag, told.problems) == (7, ())
    assert told.overrides == {"channels": {"imessage": {"textChunkLimit": 100}}}
    assert place.state.overrides == ("channels.imessage.textChunkLimit",)
    place.write(OTHER)
    account = place.house.adopted[-1].accounts[0]
    assert (account.text_chunk_limit, account.allow_from) == (100, ("+15550000002",))
    assert place.overrule(Unset(path)).overrides == {}
    assert place.house.adopted[-1].accounts[0].text_chunk_limit == 4000


def test_overrides_that_make_no_config_are_refused(town: Callable[..., Town]) -> None:
    place = town()
    told = place.overrule(Set(("channels", "imessage", "dmPolicy"), "sometimes"))
    assert told.overrides == {}
    assert "dmPolicy" in told.problems[0]
    assert place.house.built == []
    assert "is not overridden" in place.overrule(Unset(("session", "dmScope"))).problems[0]
    assert place.overrule().overrides == {}


def test_with_overrides_nothing_is_kept_as_the_last_good(town: Callable[..., Town]) -> None:
    place = town()
    place.stage.advance(KEEP_SECONDS)
    place.overrule(Set(("channels", "imessage", "textChunkLimit"), 100))
    place.stage.advance(10 * KEEP_SECONDS)
    assert place.house.kept == [place.loaded]


def test_started_again_after_a_fault_it_looks_at_the_files(town: Callable[..., Town]) -> None:
    place = town()
    place.places.config.write_text(OTHER)
    context = place.stage.context("config", place.supervisor.ref)._replace(generation=2)
    ConfigKeeper.start(
        context, place.house, place.loaded, {}, place.state, place.journal.ref, place.desk.ref, place._eyes
    )
    place.stage.advance(STILL)
    assert place.allowed == [("+15550000002",)]


def test_asked_to_it_reads_the_files_at_once(town: Callable[..., Town]) -> None:
    place = town()
    place.places.config.write_text(OTHER)
    place.stage.tell(place.ref, Tick("reload"))
    assert place.allowed == [("+15550000002",)]


def test_the_last_good_config_gives_way_to_the_file_once_that_is_mended(town: Callable[..., Town]) -> None:
    place = town()
    place.state.last_good, place.state.problems = True, ("- agents: what",)
    assert place.state.trouble[0].startswith("running with the last good config, not with ")
    place.write(BROKEN)
    assert place.state.last_good
    place.write(OTHER)
    assert (place.allowed, place.state.last_good, place.state.trouble) == ([("+15550000002",)], False, ("", ""))


def test_stopped_it_watches_nothing(town: Callable[..., Town]) -> None:
    place = town()
    place.ref.stop(block=False)
    place.stage.settle()
    assert place.eyes[0].stopped


def test_a_variable_that_vanishes_changes_nothing(town: Callable[..., Town]) -> None:
    """Also where it costs no account: the people would see its name."""
    place = town()
    place.write(PLAIN[:-2] + ', messages: { responsePrefix: "${GREETING}" } }')
    assert place.house.built == []
    assert "GREETING is not set (line 1" in place.state.problems[0]


def test_a_variable_that_was_missing_at_the_start_may_stay_missing(town: Callable[..., Town]) -> None:
    text = PLAIN[:-2] + ', messages: { responsePrefix: "${GREETING}" } }'
    place = town(text)
    place.write(text.replace("0001", "0002"))
    assert place.allowed == [("+15550000002",)]


def test_overrides_can_be_taken_off_whatever_mode_they_lay_over(town: Callable[..., Town]) -> None:
    place = town()
    assert place.overrule(Set(("gateway", "reload", "mode"), "off")).problems == ()
    assert place.overrule(reset=True) == Overruled(7, {}, ())


def test_where_the_file_is_not_in_use_nothing_is_laid_over_it(town: Callable[..., Town]) -> None:
    text = PLAIN[:-2] + ', gateway: { reload: { mode: "off" } } }'
    place = town(text)
    place.write(text.replace("0001", "0002"))
    told = place.overrule(Set(("channels", "imessage", "textChunkLimit"), 100))
    assert "is not taken" in told.problems[0]
    assert place.allowed == []


def test_no_debounce_is_hours(town: Callable[..., Town]) -> None:
    text = PLAIN[:-2] + ", gateway: { reload: { debounceMs: 9999999 } } }"
    place = town(text)
    place.write(text.replace("0001", "0002"), 30.0)
    assert place.allowed == [("+15550000002",)]
