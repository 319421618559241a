"""Who may have what done by chat: authority, a direct chat, the switch, ``configWrites`` of both ends."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands import permission
from actors.commands.answers import Answer, Refusal
from actors.commands.view import Asked
from config.edit import Set, Unset
from config.paths import typed
from tests.commands.conftest import Open
from tests.commands.counter import TEXT, Counter

OWNER = Asked("config", "", "default", "+15552223333", "owner")
READER = OWNER._replace(authority="authorised")
OFF = TEXT.replace("config: true, debug: true", "config: false, debug: false, restart: false")

WRITES = ["/config set channels.imessage.name=x", "/config unset channels.imessage.name", "/config undo"]
OWNERS = [*WRITES, "/debug", "/debug set channels.imessage.name=x", "/restart"]
OWNERS += ["/allowlist", "/allowlist list", "/allowlist list group", "/allowlist frob", "/allowlist add +15551112222"]
READS = ["/config", "/config show commands"]


@pytest.mark.parametrize("text", OWNERS)
def test_what_changes_something_is_for_owners(counter: Counter, text: str) -> None:
    said = counter.say(text, "authorised")
    assert said.startswith("Only an owner may do that.")
    assert "gateway config set 'commands.ownerAllowFrom[1]' +15552223333" in said
    assert counter.ordered == counter.pairing.told == counter.restarts == []


@pytest.mark.parametrize("text", [*OWNERS, *READS])
@pytest.mark.parametrize("authority", ["authorised", "owner"])
def test_nothing_is_shown_or_changed_in_a_group(counter: Counter, text: str, authority: str) -> None:
    before = counter.file.read_text()
    assert counter.say(text, authority, is_group=True) == permission.DIRECT
    assert counter.file.read_text() == before
    assert counter.ordered == counter.pairing.told == counter.restarts == []


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        *((text, "config") for text in (*WRITES, "/config", "/allowlist remove +15551112222")),
        ("/debug", "debug"),
        ("/debug reset", "debug"),
        ("/restart", "restart"),
    ],
)
def test_what_is_switched_off_says_how_to_switch_it_on(opened: Open, text: str, switch: str) -> None:
    counter = opened(OFF)
    said = counter.say(text)
    assert said == (
        f"Switched off: commands.{switch} is false. At the computer: gateway config set commands.{switch} true"
    )


def test_somebody_who_may_not_is_not_told_of_switches(opened: Open) -> None:
    assert opened(OFF).say("/config set a=b", "authorised").startswith("Only an owner")


def test_whoever_may_only_speak_hears_nothing(counter: Counter) -> None:
    seq = counter.tell("/config show", "known")
    assert counter.replies == []
    assert [row for row, _ in counter.settled] == [seq]


TWO = """{
  channels: { imessage: {
    cliPath: "imsg", %s
    accounts: { default: {}, work: { dbPath: "/x/chat.db", %s }, home: { dbPath: "/y/chat.db", %s } },
  } },
  agents: { list: [{ id: "main", runtime: { type: "echo" } }] },
  commands: { config: true, ownerAllowFrom: ["+15552223333"] },
}"""
NO, YES = "configWrites: false,", "configWrites: true,"


@pytest.mark.parametrize(
    ("blocks", "account", "path", "key"),
    [
        (("", "", ""), "work", "channels.imessage.accounts.home.name", ""),
        (("", NO, ""), "work", "channels.imessage.name", "channels.imessage.accounts.work.configWrites"),
        (("", NO, ""), "work", "commands.restart", "channels.imessage.accounts.work.configWrites"),
        (("", "", NO), "work", "channels.imessage.accounts.home.name", "channels.imessage.accounts.home.configWrites"),
        (("", "", NO), "work", "channels.imessage.accounts.HOME.name", "channels.imessage.accounts.home.configWrites"),
        (("", "", NO), "work", "channels.imessage.accounts.home", "channels.imessage.accounts.home.configWrites"),
        (("", "", NO), "work", "channels.imessage.name", ""),
        (("", "", NO), "work", "commands.restart", ""),
        ((NO, YES, ""), "work", "channels.imessage.accounts.work.name", ""),
        ((NO, YES, ""), "work", "channels.imessage.name", "channels.imessage.configWrites"),
        ((NO, YES, ""), "work", "channels.imessage.accounts.new.name", "channels.imessage.configWrites"),
        ((NO, YES, ""), "work", "channels.imessage.accounts.home.name", "channels.imessage.configWrites"),
        ((NO, YES, ""), "work", "channels.imessage.configWrites", "channels.imessage.configWrites"),
        ((NO, YES, ""), "work", "session.dmScope", ""),
        ((NO, "", ""), "work", "session.dmScope", "channels.imessage.configWrites"),
    ],
)
def test_both_the_account_it_comes_from_and_the_one_it_aims_at_must_allow_writes(
    opened: Open, blocks: tuple[str, str, str], account: str, path: str, key: str
) -> None:
    counter = opened(TWO % blocks)
    asked = OWNER._replace(account=account)
    refused = permission.config_writes(asked, counter.view(), [typed(path)])
    assert (refused is None) == (not key)
    if refused is not None:
        assert refused.code == "config-writes"
        assert f"{key} is false" in refused.text
        assert f"gateway config set {key} true" in refused.text


@pytest.mark.parametrize(
    "path", ["channels", "channels.imessage", 'channels["imessage"]', "channels.imessage.accounts"]
)
def test_a_whole_of_which_nobody_knows_whose_it_is_is_refused(counter: Counter, path: str) -> None:
    refused = permission.config_writes(OWNER, counter.view(), [typed(path)])
    assert refused is not None
    assert (refused.code, refused.text[:15]) == ("ambiguous", "Not changed: ch")


def test_an_account_that_is_gone_changes_nothing(counter: Counter) -> None:
    asked = OWNER._replace(account="gone")
    assert isinstance(permission.config_writes(asked, counter.view(), []), Refusal)


def test_a_read_that_is_refused_is_not_put_on_record_a_write_is(counter: Counter) -> None:
    view = counter.view()
    group = OWNER._replace(is_group=True)
    assert isinstance(permission.may(group, view, "config", as_owner=False), Answer)
    assert isinstance(permission.may(group, view, "config", as_owner=True), Refusal)
    assert isinstance(permission.may(READER, view, "config", as_owner=True), Refusal)
    assert permission.may(READER, view, "config", as_owner=False) is None


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ([Set(("a", "b"), 1)], {"a": {"b": 1, "c": (1, 2)}}),
        ([Set(("a",), {"b": 1})], {"a": {"b": 1, "c": (1, 2)}}),
        ([Set(("a", "c", 2), 3)], {"a": {"b": 0, "c": (1, 2, 3)}}),
        ([Set(("a", "c"), [9])], {"a": {"b": 0, "c": [9]}}),
        ([Unset(("a", "c", 0)), Unset(("a", "b"))], {"a": {"c": (2,)}}),
        ([Set(("x", "y"), {"z": 1})], {"a": {"b": 0, "c": (1, 2)}, "x": {"y": {"z": 1}}}),
    ],
)
def test_edits_are_judged_by_what_the_writer_would_make_of_them(edits: list[Any], after: object) -> None:
    assert permission.merged({"a": {"b": 0, "c": (1, 2)}}, edits) == after
