"""The config a gateway last ran with: the same config as the files it was kept from, whatever becomes of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from config import Loaded, Places, last_good, load
from config.redaction import MARKER
from tests.config.writing import TEXT, Desk


@pytest.fixture
def desk(places: Places) -> Desk:
    (places.state / "sub").mkdir()
    desk = Desk(places, text='{ channels: { $include: ["./sub/a.json5", "./b.json5"] } } // main\n')
    desk.add("sub/a.json5", '{ imessage: { $include: "../b.json5", historyLimit: 7 } } // a\n')
    desk.add("b.json5", '{ $include: "./sub/c.json5" } // b\n')
    desk.add("sub/c.json5", "{}")
    places.overlay.write_text('{ logging: { level: "debug" } }')
    return desk


def test_it_is_loaded_after_the_files_in_use_are_broken(desk: Desk) -> None:
    started = load(desk.places, {})
    assert started.problems == ()
    assert last_good.places(desk.places) is None
    assert last_good.keep(started, desk.places, {})
    for path in desk.places.state.rglob("*.json*"):
        if last_good.folder(desk.places) not in path.parents:
            path.write_text("broken")
    kept = last_good.places(desk.places)
    assert kept is not None
    again = load(kept, {})
    assert (again.config, again.accounts, again.problems) == (started.config, started.accounts, ())
    assert all(path.is_relative_to(last_good.folder(desk.places)) for path in again.files)
    assert "// main" in kept.config.read_text()


def test_the_next_one_replaces_it(desk: Desk) -> None:
    for limit in (7, 8, 8, 9):
        desk.add("sub/a.json5", f"{{ imessage: {{ historyLimit: {limit} }} }}")
        assert last_good.keep(load(desk.places, {}), desk.places, {})
        kept = last_good.places(desk.places)
        assert kept is not None
        assert load(kept, {}).accounts[0].history_limit == limit
        assert len(list(last_good.folder(desk.places).iterdir())) == 2
    assert {path.stat().st_mode & 0o077 for path in last_good.folder(desk.places).rglob("*")} == {0}


def test_only_what_was_loaded_is_kept(desk: Desk, places: Places) -> None:
    good = load(places, {})
    desk.add("sub/c.json5", "{ }")
    assert not last_good.keep(good, places, {})
    desk.add("sub/c.json5", "{ nonsense: 1 }")
    assert not last_good.keep(load(places, {}), places, {})
    assert last_good.places(places) is None


def test_a_config_with_a_marker_in_it_is_no_good(places: Places) -> None:
    desk = Desk(places, text=TEXT.replace("gateway:", f'models: {{ key: "{MARKER}" }}, gateway:'))
    assert not last_good.keep(load(desk.places, {}), places, {})


class TestTheSameConfig:
    """What is loaded from the copies is what was loaded from the originals, which are gone by then."""

    @pytest.fixture
    def env(self, home: Path) -> dict[str, str]:
        return {"HOME": str(home), "WHO": "+15555550123"}

    def again(self, places: Places, env: Mapping[str, str]) -> tuple[Loaded, Loaded]:
        before = load(places, env)
        assert before.problems == ()
        assert last_good.keep(before, places, env)
        places.config.unlink()
        places.overlay.unlink(missing_ok=True)
        kept = last_good.places(places)
        assert kept is not None
        assert last_good.explain(places) is None
        return before, load(kept, env)

    def check(self, places: Places, env: Mapping[str, str]) -> Loaded:
        before, after = self.again(places, env)
        assert after.problems == ()
        assert (after.config, after.accounts, after.unresolved) == (before.config, before.accounts, before.unresolved)
        assert after.warnings == before.warnings
        assert [account.origins for account in after.accounts] == [account.origins for account in before.accounts]
        return after

    def test_variables_and_what_is_relative_to_other_things(self, places: Places, env: dict[str, str]) -> None:
        (places.state / ".env").write_text("FROM_FILE=xyz\n")
        places.config.write_text("""{
          env: { vars: { OWN: "Bot" } },
          channels: { imessage: {
            cliPath: "./bin/imsg", dbPath: "db/chat.db", name: "${OWN}", responsePrefix: "${FROM_FILE} $${X}",
            allowFrom: ["${WHO}"], defaultTo: "${NOBODY}",
          } },
          logging: { file: "~/log" },
        }""")
        account = self.check(places, env).accounts[0]
        assert (account.db_path, account.name, account.allow_from) == ("db/chat.db", "Bot", ("+15555550123",))

    def test_an_overlay_that_says_what_runs_for_an_agent(self, places: Places, env: dict[str, str]) -> None:
        places.config.write_text('\ufeff{ agents: { list: [{ id: "a" }] }, bindings: [] } // main')
        places.overlay.write_text('{ agents: { $include: "part.json5" } }')
        (places.gateway / "part.json5").write_text('{ list: [{ id: "A", runtime: { type: "echo" } }] }')
        config = self.check(places, env).config
        assert config is not None
        assert config.agents.list[0].runtime is not None

    def test_lists_in_files_of_their_own_and_one_file_twice(self, places: Places, env: dict[str, str]) -> None:
        places.config.write_text('{ agents: { list: { $include: ["all.json5", "more.json5"] } } }')
        (places.state / "all.json5").write_text('[{ id: "a", identity: { $include: "deep/who.json5" } }]')
        (places.state / "more.json5").write_text('[{ id: "b", identity: { $include: "./deep/../deep/who.json5" } }]')
        (places.state / "deep").mkdir()
        (places.state / "deep" / "who.json5").write_text('{ name: "Who" }')
        before, after = self.again(places, env)
        shutil.rmtree(places.state / "deep")
        (places.state / "all.json5").unlink()
        kept = last_good.places(places)
        assert kept is not None
        assert before.config == after.config == load(kept, env).config

    def test_links_and_other_folders(self, places: Places, env: dict[str, str], tmp_path: Path) -> None:
        there = tmp_path / "there"
        (there / "parts").mkdir(parents=True)
        (there / "openclaw.json").write_text('{ channels: { $include: ["link.json5", "../shared/b.json5"] } }')
        (there / "parts" / "a.json5").write_text('{ imessage: { name: "A", historyLimit: 3 } }')
        (there / "link.json5").symlink_to("parts/a.json5")
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared" / "b.json5").write_text('{ imessage: { name: "B" } }')
        places.config.symlink_to(there / "openclaw.json")
        roots = {**env, "OPENCLAW_INCLUDE_ROOTS": os.pathsep.join((str(there), str(tmp_path / "shared")))}
        before, after = self.again(places, roots)
        shutil.rmtree(there)
        shutil.rmtree(tmp_path / "shared")
        assert before.accounts[0].name == "B"
        kept = last_good.places(places)
        assert kept is not None
        # The copies need no include roots.
        assert before.accounts == after.accounts == load(kept, env).accounts


class TestDamage:
    """What was kept and is no longer so is never loaded; a person is told what to do instead."""

    @pytest.fixture
    def kept(self, desk: Desk) -> Path:
        assert last_good.keep(load(desk.places, {}), desk.places, {})
        found = last_good.places(desk.places)
        assert found is not None
        return found.config.parent

    def test_nothing_was_kept_yet(self, places: Places) -> None:
        assert last_good.places(places) is None
        said = last_good.explain(places)
        assert said is not None
        assert str(last_good.folder(places)) in said
        assert "gateway config validate" in said

    @pytest.mark.parametrize(
        "harm", ["changed", "gone", "more", "folder", "fifo", "link", "cut", "all gone", "unnamed"]
    )
    def test_it_is_noticed_and_named(self, desk: Desk, kept: Path, harm: str) -> None:
        main = kept / "openclaw.json5"
        match harm:
            case "changed":
                main.write_text(main.read_text().replace("$include", "$Include"))
            case "more":
                (kept / "9.json5").write_text("{}")
            case "all gone":
                shutil.rmtree(kept)
            case "unnamed":
                (kept.parent / "current").write_text("../../elsewhere")
            case "cut":
                main.write_bytes(main.read_bytes()[:-5])
            case _:
                main.unlink()
        if harm == "folder":
            main.mkdir()
        elif harm == "fifo":
            os.mkfifo(main)
        elif harm == "link":
            main.symlink_to(desk.file.with_name("b.json5"))
        assert last_good.places(desk.places) is None
        said = last_good.explain(desk.places)
        assert said is not None
        assert str(kept.parent) in said
        # The next start that goes well puts it right.
        assert last_good.keep(load(desk.places, {}), desk.places, {})
        assert last_good.explain(desk.places) is None
