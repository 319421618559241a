"""What differs, what that asks of a gateway, and the config a gateway last started with."""

from __future__ import annotations

import pytest

from config import Places, changes, last_good, load
from config.changes import ABSENT, Change, Effect, between, effect, same, shown
from config.redaction import MARKER
from tests.config.conftest import Load, LoadAccounts
from tests.config.writing import TEXT, Desk


def test_the_leaves_that_differ_are_told_lists_as_a_whole() -> None:
    old = {"a": {"b": 1, "c": [1, 2]}, "gone": {"x": 1}, "same": (1,)}
    new = {"new": None, "a": {"b": 2, "c": [1, 3]}, "same": [1]}
    assert list(between(old, new)) == [
        Change(("a", "b"), 1, 2),
        Change(("a", "c"), [1, 2], [1, 3]),
        Change(("gone",), {"x": 1}, ABSENT),
        Change(("new",), ABSENT, None),
    ]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([1], (1,), True),
        ({"a": 1}, {"a": 1.0}, True),
        (None, 0, False),
    ],
)
def test_equal_is_in_kind_and_value(one: object, other: object, equal: bool) -> None:
    assert same(one, other) is equal
    assert same([one], [other]) is equal


def test_what_is_shown_is_redacted_and_short() -> None:
    lines = shown(
        [
            Change(("models", "x", "apiKey"), "sk-1", ABSENT),
            Change(("gateway", "auth"), {"token": "t", "mode": "token"}, {"token": "${T}"}),
            Change(("channels", "imessage", "name"), ABSENT, "n" * 1000),
        ]
    )
    assert lines[:3] == ["models.x.apiKey:", f'- "{MARKER}"', "gateway.auth:"]
    assert lines[3] == f'- {{ token: "{MARKER}", mode: "token" }}'
    assert lines[4] == '+ { token: "${T}" }'
    assert len(lines[-1]) == changes.MAX_SHOWN + 2


@pytest.mark.parametrize(
    ("paths", "asked"),
    [
        ([], "live"),
        (["agents.list", "session.dmScope"], "live"),
        (["channels.imessage.allowFrom", "agents.list"], "accounts"),
        (["channels.imessage.accounts.two.cliPath"], "accounts"),
        (["gateway.reload.mode", "gateway.retention.bodiesDays"], "live"),
        (["gateway.mode", "channels.imessage.name"], "restart"),
        (["env.vars.KEY"], "restart"),
        (["models.x.apiKey", "channels.telegram.token", "gateway.port"], "live"),
        (["<root>"], "restart"),
    ],
)
def test_the_gravest_path_decides(paths: list[str], asked: Effect) -> None:
    assert effect(paths) == asked


def test_a_default_that_is_written_out_changes_nothing(load_text: Load) -> None:
    plain = load_text("{ channels: { imessage: {} } }")
    written = load_text('{ channels: { imessage: {} }, session: { dmScope: "main" } }')
    other = load_text('{ channels: { imessage: { name: "x" } }, session: { dmScope: "per-peer" } }')
    assert plain.config is not None
    assert written.config is not None
    assert other.config is not None
    assert changes.diff(plain.config, written.config) == ()
    assert changes.diff(plain.config, other.config) == ("channels.imessage.name", "session.dmScope")


def test_the_accounts_concerned_are_known_by_what_they_are(load_accounts: LoadAccounts) -> None:
    kept = 'b: { dbPath: "/b", region: "DE" }'
    old = load_accounts(f'region: "US", accounts: {{ a: {{ dbPath: "/a" }}, {kept} }}').values()
    new = load_accounts(f'region: "GB", accounts: {{ c: {{ dbPath: "/a" }}, {kept} }}').values()
    assert changes.accounts(old, old) == frozenset()
    assert changes.accounts(old, new) == {"a", "c"}


class TestLastGood:
    @pytest.fixture
    def desk(self, places: Places) -> Desk:
        (places.state / "sub").mkdir()
        desk = Desk(places, text='{ channels: { $include: ["./sub/a.json5", "./b.json5"] } } // main\n')
        desk.add("sub/a.json5", '{ imessage: { $include: "../b.json5", historyLimit: 7 } } // a\n')
        desk.add("b.json5", '{ $include: "./sub/c.json5" } // b\n')
        desk.add("sub/c.json5", "{}")
        places.overlay.write_text('{ logging: { level: "debug" } }')
        return desk

    def test_it_is_loaded_after_the_files_in_use_are_broken(self, desk: Desk) -> None:
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

    def test_the_next_one_replaces_it(self, desk: Desk) -> None:
        for limit in (7, 8, 8, 9):
            desk.add("sub/a.json5", f"{{ imessage: {{ historyLimit: {limit} }} }}")
            assert last_good.keep(load(desk.places, {}), desk.places, {})
            kept = last_good.places(desk.places)
            assert kept is not None
            assert load(kept, {}).accounts[0].history_limit == limit
            assert len(list(last_good.folder(desk.places).iterdir())) == 2
        assert {path.stat().st_mode & 0o077 for path in last_good.folder(desk.places).rglob("*")} == {0}

    def test_only_what_was_loaded_is_kept(self, desk: Desk, places: Places) -> None:
        good = load(places, {})
        desk.add("sub/c.json5", "{ }")
        assert not last_good.keep(good, places, {})
        desk.add("sub/c.json5", "{ nonsense: 1 }")
        assert not last_good.keep(load(places, {}), places, {})
        assert last_good.places(places) is None

    def test_a_config_with_a_marker_in_it_is_no_good(self, places: Places) -> None:
        desk = Desk(places, text=TEXT.replace("gateway:", f'models: {{ key: "{MARKER}" }}, gateway:'))
        assert not last_good.keep(load(desk.places, {}), places, {})
