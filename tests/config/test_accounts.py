"""The overlay: channel keys, account keys over them, defaults last."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Account
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
