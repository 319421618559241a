"""What differs between two configs, and what that asks of a running gateway."""

from __future__ import annotations

import pytest

from config import changes
from config.changes import ABSENT, Change, Effect, between, effect, same, shown
from config.paths import dotted
from config.redaction import MARKER
from config.schema.walk import Pattern, walk
from tests.config.conftest import Load, LoadAccounts


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


OF_A_LINK = (
    *("enabled", "cliPath", "dbPath", "remoteHost", "includeAttachments"),
    *("debounceMs", "probeTimeoutMs", "sendTransport", "region"),
)
PLACES = ("channels.imessage", "channels.imessage.accounts.*")
ANEW = {
    *(f"{place}.{key}" for place in PLACES for key in OF_A_LINK),
    "channels",
    "channels.imessage",
    "channels.imessage.accounts",
    "env",
    "env.vars",
    "env.shellEnv",
    "env.shellEnv.enabled",
    "env.shellEnv.timeoutMs",
}
"""The keys that have links start anew; all others count from the next message on."""


class TestEffect:
    @pytest.mark.parametrize("pattern", [pytest.param(each, id=dotted(each)) for each in {e.pattern for e in walk()}])
    def test_of_every_key(self, pattern: Pattern) -> None:
        path = dotted(pattern)
        assert effect([path]) == ("accounts" if path in ANEW else "live")
        assert effect([path], "hot") == effect([path])
        assert effect([path], "off") == effect([path], "restart") == "restart"

    def test_every_key_of_a_link_is_a_key(self) -> None:
        assert {dotted(each.pattern) for each in walk()} >= ANEW

    @pytest.mark.parametrize(
        ("paths", "asked"),
        [
            ([], "live"),
            (["agents.list", "session.dmScope"], "live"),
            (["channels.imessage.allowFrom", "channels.imessage.region"], "accounts"),
            (["channels.imessage.accounts.two.cliPath"], "accounts"),
            (["channels.imessage.accounts.two"], "accounts"),
            (["channels.imessage.accounts.region"], "accounts"),
            (["channels.imessage.accounts.region.name"], "live"),
            (["channels.imessage.groups.region.systemPrompt"], "live"),
            (["channels.defaults"], "live"),
            (["models.x.apiKey", "channels.telegram.token", "gateway.port", "plugins"], "live"),
            (["env.KEY"], "accounts"),
            (["<root>"], "accounts"),
        ],
    )
    def test_the_gravest_path_decides(self, paths: list[str], asked: Effect) -> None:
        assert effect(paths) == asked

    def test_nothing_asks_for_nothing_in_every_mode(self) -> None:
        assert effect([], "restart") == effect([], "off") == "live"


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


INSIDE = """
  accounts: { a: { dbPath: "/a" }, b: { dbPath: "/b" } },
  allowFrom: ["+15555550123"], groups: { "42": { requireMention: true } }, markdown: { tables: "code" },
  rateLimit: {}, recovery: { liveMinutes: 15 }, ownerNotice: { enabled: true },
"""
SAME = """
  // the same, written in other places and with its defaults
  accounts: {
    b: { dbPath: "/b", allowFrom: [" +15555550123 "], textChunkLimit: 4000, service: "auto" },
    a: { dbPath: "/a", markdown: {}, rateLimit: { perChatPerMinute: 30 }, dms: {}, historyLimit: 50 },
  },
  allowFrom: ["+15555550123"], groups: { "42": { requireMention: true } },
  recovery: { maxRows: 5000 }, debounceMs: 100, streaming: { chunkMode: "length" },
"""


def test_what_only_stands_elsewhere_is_no_difference_of_accounts(load_accounts: LoadAccounts) -> None:
    old, new = load_accounts(INSIDE), load_accounts(SAME)
    assert old["a"].origins != new["a"].origins
    assert changes.accounts(old.values(), new.values()) == frozenset()


@pytest.mark.parametrize("key", ["groups", "recovery", "allowFrom"])
def test_what_differs_inside_is_one(load_accounts: LoadAccounts, key: str) -> None:
    other = {"groups": ("true", "false"), "recovery": ("15", "16"), "allowFrom": ("0123", "0124")}[key]
    old, new = load_accounts(INSIDE), load_accounts(INSIDE.replace(*other, 1))
    assert changes.accounts(old.values(), new.values()) == {"a", "b"}
