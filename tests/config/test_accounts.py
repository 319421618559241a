"""The overlay: channel keys, account keys over them, defaults last."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from config import Account, Loaded
from config.accounts import effective
from config.sources import Machine
from tests.config.conftest import Load, LoadAccounts

DEFAULT_ROOT = "/Users/*/Library/Messages/Attachments"


def test_an_empty_channel_is_one_account_with_the_documented_defaults(load_accounts: LoadAccounts) -> None:
    account = load_accounts("")["default"]
    assert account == Account(id="default", configured=False)
    assert (account.dm_policy, account.group_policy, account.service) == ("pairing", "allowlist", "auto")
    assert (account.history_limit, account.text_chunk_limit, account.chunk_mode) == (50, 4000, "length")
    assert (account.media_max_mb, account.include_attachments, account.config_writes) == (16, False, True)
    assert (account.cli_path, account.region, account.markdown_tables) == ("imsg", "US", "code")
    assert (account.probe_timeout_ms, account.debounce_ms) == (10_000, 100)


def test_a_file_without_the_channel_has_no_accounts(load_text: Load) -> None:
    loaded = load_text("{}")
    assert (loaded.problems, loaded.accounts, loaded.default_account) == ((), (), None)


def test_an_account_inherits_what_it_does_not_set(load_accounts: LoadAccounts) -> None:
    inside = """dmPolicy: "disabled", groupPolicy: "open", mediaMaxMb: 5, service: "sms",
                accounts: { a: {}, b: { dmPolicy: "pairing", mediaMaxMb: 7 } }"""
    accounts = load_accounts(inside)
    assert [accounts["a"].dm_policy, accounts["a"].group_policy, accounts["a"].media_max_mb] == [
        "disabled",
        "open",
        5,
    ]
    assert [accounts["b"].dm_policy, accounts["b"].group_policy, accounts["b"].media_max_mb] == [
        "pairing",
        "open",
        7,
    ]
    assert accounts["b"].service == "sms"


def test_lists_and_maps_are_replaced_whole(load_accounts: LoadAccounts) -> None:
    inside = """allowFrom: ["+15555550123"], groups: { "1": {} }, dms: { "+1555": { historyLimit: 1 } },
                recovery: { liveMinutes: 1, replayHours: 2 },
                accounts: { a: { allowFrom: ["me@x.y"], groups: { "2": {} }, dms: {}, recovery: { maxRows: 3 } } }"""
    account = load_accounts(inside)["a"]
    assert account.allow_from == ("me@x.y",)
    assert list(account.groups) == ["2"]
    assert account.dms == {}
    assert (account.recovery.live_minutes, account.recovery.replay_hours, account.recovery.max_rows) == (
        15,
        48,
        3,
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('accounts: { B: {}, " a ": {} }', ["a", "b"]),
        ('accounts: { "My Bot!": {} }', ["my-bot"]),
        ('accounts: { "": {} }', ["default"]),
        ('cliPath: "imsg", accounts: { a: { cliPath: "other" } }', ["a", "default"]),
        ('dbPath: "/x", accounts: { a: { dbPath: "/y" } }', ["a", "default"]),
        ('cliPath: "imsg", accounts: { Default: {} }', ["default"]),
        ('service: "sms", accounts: { a: {} }', ["a"]),
        ("accounts: {}", ["default"]),
    ],
)
def test_account_ids(inside: str, expected: list[str], load_accounts: LoadAccounts) -> None:
    assert list(load_accounts(inside)) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("accounts: { b: {}, a: {} }", "a"),
        ("accounts: { b: {}, a: {}, default: {} }", "default"),
        ('accounts: { b: {}, a: {} }, defaultAccount: "B"', "b"),
        ('accounts: { b: {}, a: {} }, defaultAccount: "nobody"', "a"),
    ],
)
def test_the_default_account(inside: str, expected: str, load_text: Load) -> None:
    loaded = load_text(f"{{channels:{{imessage:{{{inside}}}}}}}")
    assert loaded.default_account is not None
    assert loaded.default_account.id == expected
    assert ("defaultAccount: there is no account" in " ".join(loaded.warnings)) is ("nobody" in inside)


@pytest.mark.parametrize(
    ("inside", "enabled"),
    [
        ("enabled: false", {"default": False}),
        ("enabled: false, accounts: { a: { enabled: true } }", {"a": False}),
        ('accounts: { a: { enabled: false }, b: { dbPath: "/b" } }', {"a": False, "b": True}),
    ],
)
def test_enabled_needs_channel_and_account(inside: str, enabled: dict[str, bool], load_accounts: LoadAccounts) -> None:
    assert {name: account.enabled for name, account in load_accounts(inside).items()} == enabled


def running(loaded: Loaded) -> list[str]:
    return [account.id for account in loaded.accounts if account.enabled]


def test_one_source_has_one_owner_the_first_named_account_of_the_file(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{cliPath:"imsg",accounts:{zoe:{},yan:{dbPath:"/y"},ann:{}}}}}')
    assert running(loaded) == ["yan", "zoe"]
    told = [warning for warning in loaded.warnings if "reads the same cliPath and dbPath" in warning]
    assert len(told) == 2
    assert all("account zoe" in warning for warning in told)
    assert 'ann by channels.imessage.cliPath "imsg"; zoe by channels.imessage.cliPath "imsg"' in told[0]


def test_default_comes_last_even_when_the_file_names_it_first(load_text: Load) -> None:
    assert running(load_text("{channels:{imessage:{accounts:{default:{},bot:{}}}}}")) == ["bot"]


def test_an_account_that_is_off_owns_nothing_and_keeps_its_name(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{accounts:{a:{enabled:false,name:"A"},b:{name:"B"},c:{name:"C"}}}}}')
    assert running(loaded) == ["b"]
    assert {account.id: account.name for account in loaded.accounts} == {"a": "A", "b": "B", "c": "C"}
    assert [account.unavailable is None for account in loaded.accounts] == [True, True, False]


class Fake(Machine):
    """A machine with these programs on its PATH (name to file), links, and folders."""

    programs: ClassVar = {
        "imsg": "/opt/homebrew/bin/imsg",
        "/opt/homebrew/bin/imsg": "/opt/homebrew/bin/imsg",
        "/home/me/imsg-mac1": "/home/me/imsg-mac1",
        "/home/me/imsg-mac2": "/home/me/imsg-mac2",
        "/home/me/imsg-local": "/home/me/imsg-local",
        "/home/me/link": "/home/me/link",
    }
    links: ClassVar = {
        "/opt/homebrew/bin/imsg": "/opt/homebrew/Cellar/imsg/0.9.0/bin/imsg",
        "/home/me/link": "/home/me/imsg-mac1",
        "/me/chat.db": "/home/me/Library/Messages/chat.db",
    }

    def __init__(self) -> None:
        self.asked: list[str] = []

    def which(self, program: str) -> str | None:
        self.asked.append(program)
        return self.programs.get(program)

    def real(self, path: str) -> str:
        return self.links.get(path, path)

    def stands_here(self, path: str) -> bool:
        self.asked.append(path)
        return path.startswith(("/home/me/", "/me/"))

    def standard(self, program: str) -> str | None:
        return "/me/chat.db" if program == "/opt/homebrew/bin/imsg" else None


def enabled(loaded: Loaded, machine: Machine, home: Path) -> list[str]:
    """The accounts that run on that machine."""
    assert loaded.config is not None
    return [account.id for account in effective(loaded.config, {}, home, machine)[0] if account.enabled]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('cliPath: "imsg"', 'cliPath: "/opt/homebrew/bin/imsg"', True),
        ('cliPath: "imsg"', 'cliPath: "~/imsg-mac1"', False),
        ('cliPath: "~/imsg-mac1"', 'cliPath: "/home/me/link"', True),
        ('cliPath: "~/imsg-mac1"', 'cliPath: "~/imsg-mac2"', False),
        ('cliPath: "nowhere1"', 'cliPath: "nowhere2"', False),
        # The database that imsg reads by itself, named or not, through links or not.
        ('cliPath: "imsg"', 'cliPath: "imsg", dbPath: "~/Library/Messages/chat.db"', True),
        ('cliPath: "imsg"', 'cliPath: "~/imsg-local", dbPath: "/me/chat.db"', True),
        ('cliPath: "imsg"', 'cliPath: "imsg", dbPath: "~/copy.db"', False),
        ('dbPath: "/me/chat.db"', 'dbPath: "/home/me/Library/Messages/chat.db"', True),
        ('cliPath: "~/imsg-local", dbPath: "/me/chat.db"', 'dbPath: "/me/chat.db"', True),
        # The same path on two Macs.
        ('cliPath: "~/imsg-mac1", dbPath: "/Users/b/c.db"', 'cliPath: "~/imsg-mac2", dbPath: "/Users/b/c.db"', False),
        ('cliPath: "~/imsg-mac1", dbPath: "/Users/b/c.db"', 'cliPath: "~/link", dbPath: "/Users/b/c.db"', True),
        ('remoteHost: "m1", dbPath: "/Users/b/c.db"', 'remoteHost: "m2", dbPath: "/Users/b/c.db"', False),
        (
            'cliPath: "~/imsg-mac1", remoteHost: "m1", dbPath: "/Users/b/c.db"',
            'cliPath: "~/imsg-mac2", remoteHost: "m1", dbPath: "/Users/b/c.db"',
            True,
        ),
        ('dbPath: "/me/chat.db"', 'dbPath: "/me/chat.db", remoteHost: "m1"', False),
    ],
)
def test_one_database_has_one_reader_however_it_is_spelled(one: str, other: str, same: bool, load_text: Load) -> None:
    loaded = load_text(f"{{channels:{{imessage:{{accounts:{{b:{{{one}}},a:{{{other}}}}}}}}}}}")
    machine = Fake()
    assert enabled(loaded, machine, Path("/home/me")) == (["b"] if same else ["a", "b"])
    assert loaded.config is not None
    (a, _), _ = effective(loaded.config, {}, Path("/home/me"), machine)
    if same:
        assert a.unavailable is not None
        assert "account b reads the same Messages database" in a.unavailable
        assert "channels.imessage.accounts.a." in a.unavailable
        assert "channels.imessage.accounts.b." in a.unavailable


def test_one_account_alone_is_not_looked_into(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{accounts:{a:{dbPath:"/me/chat.db"},b:{enabled:false}}}}}')
    machine = Fake()
    assert enabled(loaded, machine, Path("/home/me")) == ["a"]
    assert machine.asked == []


def test_an_implied_default_account_is_pointed_out(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{cliPath:"imsg",accounts:{bot:{cliPath:"other"}}}}}')
    assert any('account "default" beside bot' in warning for warning in loaded.warnings)


def test_key_path_names_the_place_a_value_came_from(load_accounts: LoadAccounts) -> None:
    inside = 'dmPolicy: "disabled", accounts: { Bot: { allowFrom: [], "groups": { "42": {} } }, b: {} }'
    rest = 'messages: { responsePrefix: "x", groupChat: { historyLimit: 3 } }'
    account = load_accounts(inside, rest)["bot"]
    assert account.key_path("dmPolicy") == "channels.imessage.dmPolicy"
    assert account.key_path("allowFrom") == "channels.imessage.accounts.Bot.allowFrom"
    assert account.key_path("groups.42.requireMention") == "channels.imessage.accounts.Bot.groups.42.requireMention"
    assert account.key_path("groupPolicy") == "channels.imessage.groupPolicy"
    assert account.key_path("historyLimit") == "messages.groupChat.historyLimit"
    assert account.key_path("responsePrefix") == "messages.responsePrefix"


@pytest.mark.parametrize(
    ("inside", "rest", "expected"),
    [
        ("", "", ("allowlist", "channels.imessage.groupPolicy")),
        ('groupPolicy: "disabled"', "", ("disabled", "channels.imessage.groupPolicy")),
    ],
)
def test_group_policy(inside: str, rest: str, expected: tuple[str, str], load_accounts: LoadAccounts) -> None:
    account = load_accounts(inside, rest)["default"]
    assert (account.group_policy, account.key_path("groupPolicy")) == expected


def test_group_policy_falls_back_to_the_defaults_of_all_channels(load_text: Load) -> None:
    (account,) = load_text('{channels:{defaults:{groupPolicy:"open"},imessage:{}}}').accounts
    assert (account.group_policy, account.key_path("groupPolicy")) == (
        "open",
        "channels.defaults.groupPolicy",
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("", 7),
        ("historyLimit: 0", 0),
        ("historyLimit: 900", 200),
        ("accounts: { default: { historyLimit: 9 } }", 9),
    ],
)
def test_history_limit_cascade(inside: str, expected: int, load_accounts: LoadAccounts) -> None:
    account = load_accounts(inside, "messages: { groupChat: { historyLimit: 7 } }")["default"]
    assert account.history_limit == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [("", "all"), ('responsePrefix: ""', ""), ('accounts: { default: { responsePrefix: "auto" } }', "auto")],
)
def test_response_prefix_cascade(inside: str, expected: str, load_accounts: LoadAccounts) -> None:
    assert load_accounts(inside, 'messages: { responsePrefix: "all" }')["default"].response_prefix == expected


def test_an_explicit_empty_group_list_is_not_unset(load_accounts: LoadAccounts) -> None:
    assert load_accounts("groupAllowFrom: []")["default"].group_allow_from == ()
    assert load_accounts('allowFrom: ["x@y.z"]')["default"].group_allow_from is None


def test_an_empty_group_map_counts_only_among_several_accounts(load_accounts: LoadAccounts) -> None:
    one = load_accounts('groups: { "1": {} }, accounts: { a: { groups: {} } }')
    assert list(one["a"].groups) == ["1"]
    two = load_accounts('groups: { "1": {} }, accounts: { a: { groups: {} }, b: { dbPath: "/b" } }')
    assert list(two["a"].groups) == []
    assert list(two["b"].groups) == ["1"]


def test_numbers_with_a_plus_are_senders(load_accounts: LoadAccounts) -> None:
    account = load_accounts('allowFrom: [+15555550123, " +15555550124 ", "chat_id:7"]')["default"]
    assert account.allow_from == ("+15555550123", "+15555550124", "chat_id:7")


def test_blank_entries_keep_their_place_and_a_list_of_them_is_empty(load_accounts: LoadAccounts) -> None:
    account = load_accounts('allowFrom: [" ", "me@x.y"], groupAllowFrom: ["", " "]')["default"]
    assert account.allow_from == ("", "me@x.y")
    assert account.group_allow_from == ()


def test_home_is_expanded_here_and_not_for_another_mac(load_accounts: LoadAccounts, home: Path) -> None:
    here = load_accounts('cliPath: "~/imsg-ssh", dbPath: "~/chat.db"')["default"]
    assert (here.cli_path, here.db_path) == (f"{home}/imsg-ssh", f"{home}/chat.db")
    there = load_accounts('cliPath: "~/imsg-ssh", dbPath: "~/chat.db", remoteHost: " me@mac "')["default"]
    assert (there.cli_path, there.db_path, there.remote_host) == (f"{home}/imsg-ssh", "~/chat.db", "me@mac")


def test_roots_of_account_channel_and_default_add_up(load_accounts: LoadAccounts) -> None:
    inside = """attachmentRoots: ["/b//c/"], remoteAttachmentRoots: ["/r"],
                accounts: { a: { attachmentRoots: ["/a", "/b/c"] } }"""
    account = load_accounts(inside)["a"]
    assert account.attachment_roots == ("/a", "/b/c", DEFAULT_ROOT)
    assert account.remote_attachment_roots == ("/r", "/a", "/b/c", DEFAULT_ROOT)


def test_chunk_mode_may_stand_in_its_newer_place(load_accounts: LoadAccounts) -> None:
    assert load_accounts('streaming: { chunkMode: "newline" }')["default"].chunk_mode == "newline"
    assert load_accounts('chunkMode: "length", streaming: { chunkMode: "newline" }')["default"].chunk_mode == "length"


def test_group_keys_that_are_no_chat_ids_are_pointed_out(load_text: Load) -> None:
    loaded = load_text('{channels:{imessage:{groups:{"Family":{},"42":{},"*":{}}}}}')
    assert [warning for warning in loaded.warnings if "chat ids" in warning] == [
        'channels.imessage.groups.Family: keys are chat ids (digits) or "*"; this one never matches'
    ]
