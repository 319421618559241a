"""``channels add`` and ``channels remove``: what they change, what they leave, what they refuse."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.control.config_file import load
from actors.control.setup import accounts
from config import Account, Places
from config.accounts import effective
from config.edit import apply
from config.literals import JSON, write
from config.schema import Config
from config.steps import applied
from tests.control.conftest import Gateway
from tests.support.examples import examples

TEXT = """{
  // mine
  channels: {
    imessage: {
      cliPath: "/opt/homebrew/bin/imsg", // this Mac
      dbPath: "/Users/me/Library/Messages/chat.db",
      allowFrom: ["+15555550123"],
      groups: { "42": { requireMention: false } },
    },
  },
}
"""


@pytest.fixture
def file(places: Places) -> Path:
    """A file with one account, that of the channel."""
    places.config.parent.mkdir(parents=True)
    places.config.write_text(TEXT)
    return places.config


def now(places: Places) -> dict[str, Any]:
    """The accounts by id."""
    loaded = load(places, os.environ)
    assert loaded.problems == ()
    return {one.id: one for one in loaded.accounts}


def test_a_first_named_account_moves_the_channels_own(cli: Gateway, file: Path, places: Places) -> None:
    before = now(places)["default"]
    words = (
        "--name",
        "Bot",
        "--cli-path",
        "/path/imsg-bot",
        "--db-path",
        "/Users/bot/chat.db",
        "--service",
        "imessage",
    )
    said = cli("channels", "add", "--account", "Bot", *words)
    assert said.code == 0, said.err
    assert "moved to accounts.default, where they keep their meaning: cliPath, dbPath, allowFrom" in said.out
    assert "channels.imessage.accounts:\n+ { default:" in said.out
    assert f"written to {file}; undo: gateway config rollback" in said.out
    after = now(places)
    assert after["default"] == before
    bot = after["bot"]
    assert (bot.name, bot.cli_path, bot.db_path) == ("Bot", "/path/imsg-bot", "/Users/bot/chat.db")
    assert (bot.service, bot.allow_from) == ("imessage", ())
    text = file.read_text()
    assert "// mine" in text
    assert 'groups: { "42": { requireMention: false } },' in text
    assert cli("config", "rollback").code == 0
    assert file.read_text() == TEXT


def test_an_account_that_is_there_gets_only_what_is_said(cli: Gateway, file: Path, places: Places) -> None:
    cli("channels", "add", "--account", "bot", "--db-path", "/b/chat.db")
    said = cli("channels", "add", "--account", "BOT", "--region", "DE")
    assert said.code == 0
    assert now(places)["bot"].region == "DE"
    assert said.out.startswith('channels.imessage.accounts.bot.region:\n+ "DE"\n')
    cli("channels", "remove", "--account", "bot", "--yes")
    assert not now(places)["bot"].enabled
    cli("channels", "add", "--account", "bot")
    assert now(places)["bot"].enabled
    again = cli("channels", "add", "--account", "bot")
    assert again.out == f"nothing to change in {file}\n"


def test_without_a_config_the_account_is_the_first(cli: Gateway, places: Places) -> None:
    said = cli("channels", "add", "--name", "Home")
    assert said.code == 0, said.err
    assert now(places)["default"].name == "Home"
    assert 'cliPath: "imsg"' in places.config.read_text()


def test_the_channels_own_account_is_changed_where_it_stands(cli: Gateway, file: Path, places: Places) -> None:
    assert cli("channels", "add", "--region", "DE").code == 0
    assert 'region: "DE"' in file.read_text()
    assert "accounts" not in file.read_text()


def test_two_accounts_on_one_database_are_warned_about(cli: Gateway, file: Path) -> None:
    said = cli("channels", "add", "--account", "b", "--db-path", "/Users/me/Library/Messages/chat.db", "--dry-run")
    assert said.code == 0
    assert file.read_text() == TEXT
    said = cli(
        "channels",
        "add",
        "--account",
        "b",
        "--cli-path",
        "/opt/homebrew/bin/imsg",
        "--db-path",
        "/Users/me/Library/Messages/chat.db",
    )
    assert "does not run" in said.err


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("add",), 2, "gateway setup"),
        (("add", "--account", "__proto__"), 1, "reserved"),
        (("add", "--cli-path", "imsg; reboot"), 1, "must not hold quotes"),
        (("add", "--channel", "telegram"), 2, "invalid choice"),
        (("remove", "--account", "nobody", "--yes"), 1, "known: default"),
        (("remove",), 2, "--yes"),
    ],
)
def test_what_cannot_be_changes_nothing(cli: Gateway, file: Path, words: tuple[str, ...], code: int, why: str) -> None:
    said = cli("channels", *words)
    assert said.code == code
    assert why in said.err
    assert file.read_text() == TEXT


def test_remove_switches_off_and_delete_removes(cli: Gateway, file: Path, places: Places) -> None:
    cli("channels", "add", "--account", "bot", "--db-path", "/b/chat.db")
    kept = file.read_text()
    said = cli("channels", "remove", "--account", "bot", "--yes", "--json")
    assert said.json["changed"] == ["channels.imessage.accounts.bot.enabled"]
    assert set(now(places)) == {"bot", "default"}
    cli("config", "rollback")
    assert file.read_text() == kept
    assert cli("channels", "remove", "--account", "bot", "--delete", "--yes").code == 0
    assert set(now(places)) == {"default"}
    assert now(places)["default"].enabled


def test_the_last_one_deleted_switches_the_channel_off(cli: Gateway, file: Path, places: Places) -> None:
    said = cli("channels", "remove", "--delete", "--yes")
    assert said.code == 0
    assert "no account is left" in said.out
    assert "cliPath" not in file.read_text()
    assert "allowFrom" in file.read_text()
    assert [one.enabled for one in now(places).values()] == [False]


def test_what_others_inherit_is_not_deleted(cli: Gateway, file: Path, places: Places) -> None:
    file.write_text('{ channels: { imessage: { cliPath: "/x/imsg", accounts: { a: { dbPath: "/a" } } } } }')
    said = cli("channels", "remove", "--delete", "--yes")
    assert said.code == 1
    assert "other accounts take cliPath" in said.err
    assert cli("channels", "remove", "--yes").code == 0
    assert {one.id: one.enabled for one in now(places).values()} == {"a": True, "default": False}


def test_the_default_that_is_deleted_is_no_default_any_more(cli: Gateway, file: Path) -> None:
    file.write_text('{ channels: { imessage: { defaultAccount: "A", accounts: { a: {}, b: { dbPath: "/b" } } } } }')
    assert cli("channels", "remove", "--account", "a", "--delete", "--yes").code == 0
    assert "defaultAccount" not in file.read_text()


PATHS = st.sampled_from(["/a/imsg", "/b/imsg", "imsg"])
KEYS = {
    "enabled": st.booleans(),
    "name": st.sampled_from(["A", "B"]),
    "cliPath": PATHS,
    "dbPath": st.sampled_from(["/1.db", "/2.db", "/3.db"]),
    "remoteHost": st.sampled_from(["me@mac", "mac"]),
    "region": st.sampled_from(["DE", "US"]),
    "dmPolicy": st.sampled_from(["pairing", "disabled"]),
    "allowFrom": st.lists(st.sampled_from(["+15555550123", "a@b.c"]), max_size=2, unique=True),
    "groupAllowFrom": st.lists(st.sampled_from(["+15555550123"]), max_size=1),
    "groups": st.sampled_from([{}, {"42": {"requireMention": False}}]),
    "historyLimit": st.integers(0, 9),
}
ACCOUNT = st.fixed_dictionaries({}, optional=KEYS)
IDS = st.sampled_from(["default", "a", "b", "Bot"])
CHANNEL = st.fixed_dictionaries(
    {}, optional={**KEYS, "accounts": st.dictionaries(IDS, ACCOUNT, max_size=3), "defaultAccount": IDS}
)


def meaning(channel: Any) -> dict[str, Any]:
    """The accounts of a channel by id; two that read one database count as running both."""
    config = Config.model_validate_json(write_json({"channels": {"imessage": channel}} if channel is not None else {}))
    found, _ = effective(config, {}, Path("/home"))
    return {one.id: _alone(one) for one in found}


def _alone(one: Account) -> Account:
    return replace(one, enabled=one.enabled or one.unavailable is not None, unavailable=None, configured=True)


def write_json(value: object) -> str:
    """The value as JSON."""
    return write(value, JSON)


def edited(channel: Any, change: accounts.Change) -> Any:
    """The channel after a change, which the text editor makes alike."""
    document = {"channels": {"imessage": channel}} if channel is not None else {}
    after: Any = applied(document, change.edits)
    text = apply(write(document) + "\n", change.edits)
    assert json5.loads(text) == plain(after)
    return after["channels"]["imessage"]


def plain(value: object) -> object:
    """Tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@settings(max_examples=examples(80), deadline=None)
@given(channel=st.none() | CHANNEL, ident=st.sampled_from(["default", "bot", "new"]), values=ACCOUNT)
def test_adding_one_account_leaves_the_others_as_they_were(
    channel: dict[str, Any] | None, ident: str, values: dict[str, Any]
) -> None:
    said = {key: value for key, value in values.items() if key in ("name", "cliPath", "dbPath", "region")}
    before = meaning(channel)
    after = meaning(edited(channel, accounts.add(channel, ident, said)))
    assert after[ident].enabled
    shared = ident == "default" and channel is not None and "default" not in (channel.get("accounts") or {})
    if shared and channel is not None and channel.get("accounts"):
        return  # what is said of the channel's own account is inherited, as it was before
    was_off = channel is not None and channel.get("enabled") is False
    for name, one in before.items():
        if name != ident and not was_off:
            assert after[name] == one


@settings(max_examples=examples(80), deadline=None)
@given(channel=CHANNEL, ident=st.sampled_from(["default", "a", "bot"]), delete=st.booleans())
def test_removing_one_account_stops_it_and_no_other(channel: dict[str, Any], ident: str, delete: bool) -> None:
    before = meaning(channel)
    try:
        change = (accounts.delete if delete else accounts.switch_off)(channel, ident)
    except accounts.AccountError:
        assert delete or ident not in before
        return
    after = meaning(edited(channel, change))
    assert ident not in after or not after[ident].enabled
    inherits = "are those of the channel" in "".join(change.remarks)
    for name, one in before.items():
        if name != ident:
            assert after[name] == (replace(one, groups=after[name].groups) if inherits else one)
