"""``/allowlist``: the lists of the config first, then the pairing store, and who is in all the same."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands.allowlist import USAGE
from actors.commands.config import UNDO
from actors.commands.desk import NO_ANSWER, PATIENCE
from actors.envelopes.control import Enroll, Enrolled
from tests.commands.conftest import Open
from tests.commands.counter import Counter

LIST = "channels.imessage.allowFrom"
NEW, KIM = "+15551112222", "+15556667777"
TEXT = """{
  channels: { imessage: {
    cliPath: "imsg", dmPolicy: "pairing",
    allowFrom: ["+15552223333", "(555) 666-7777", "accessGroup:family", "chat_id:9"], %s
  } },
  accessGroups: { family: { type: "message.senders", members: { imessage: ["+15554445555"] } } },
  agents: { list: [{ id: "main", runtime: { type: "echo" } }] },
  commands: { config: true, ownerAllowFrom: ["+15552223333"] },
}"""
SEVERAL = """{
  channels: { imessage: {
    cliPath: "imsg", allowFrom: ["+15552223333"],
    accounts: { default: {}, work: { dbPath: "/x/chat.db", allowFrom: ["+15556667777"] }, home: { dbPath: "/y.db" } },
  } },
  agents: { list: [{ id: "main", runtime: { type: "echo" } }] },
  commands: { config: true, ownerAllowFrom: ["+15552223333"] },
}"""


@pytest.fixture
def counter(opened: Open) -> Counter:
    """A desk with people on its list."""
    return opened(TEXT % "")


def with_store(counter: Counter, text: str, *handles: str, changed: bool = True, trouble: str = "", **how: Any) -> str:
    """What is said once the pairing registry has answered; nothing before."""
    before = len(counter.replies)
    seq = counter.tell(text, **how)
    assert len(counter.replies) == before
    counter.stage.tell(counter.ref, Enrolled(seq, handles, changed, trouble))
    assert [reply.seq for reply in counter.replies[before:]] == [seq]
    return counter.replies[-1].text


def channel(counter: Counter) -> Any:
    return counter.value["channels"]["imessage"]


def test_the_lists_are_shown_whether_changes_are_switched_on(opened: Open) -> None:
    counter = opened((TEXT % 'groupAllowFrom: [], groupPolicy: "allowlist",').replace("config: true", "config: false"))
    said = with_store(counter, "/allowlist", KIM)
    assert said.split("\n") == [
        "Account default",
        "Direct chats, dmPolicy pairing:",
        "channels.imessage.allowFrom: +15552223333, (555) 666-7777, accessGroup:family, chat_id:9",
        f"by pairing: {KIM}",
        "Groups, groupPolicy allowlist:",
        "channels.imessage.groupAllowFrom: nobody",
    ]
    assert counter.enroll() == Enroll("list", "default", "", 1, counter.ref)


@pytest.mark.parametrize("text", ["/allowlist", "/allowlist list dm", "/allowlist list group"])
def test_they_are_for_owners_and_a_look_at_them_is_not_on_record(counter: Counter, text: str) -> None:
    said = counter.say(text, "authorised")
    assert said.startswith("Only an owner")
    assert KIM not in said
    assert counter.pairing.told == counter.audited == []


def test_a_store_that_cannot_be_read_is_said(counter: Counter) -> None:
    said = with_store(counter, "/allowlist list dm", trouble="/x/imessage-pairing.json is broken")
    assert "by pairing: /x/imessage-pairing.json is broken" in said
    assert "Groups" not in said


def test_only_the_groups_need_no_store(counter: Counter) -> None:
    assert counter.say("/allowlist list group").startswith("Account default\nGroups, groupPolicy allowlist:")
    assert counter.pairing.told == []


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("+1 (555) 111-2222", NEW),
        ("(555) 111-2222", NEW),
        ("imessage:+15551112222", NEW),
        ("Me@Example.com", "me@example.com"),
        ("chat_id:12", "chat_id:12"),
    ],
)
def test_an_entry_is_added_to_the_list_that_counts(counter: Counter, typed: str, written: str) -> None:
    before = counter.file.read_text()
    said = counter.say(f"/allowlist add {typed}").split("\n")
    assert said[0] == f"{written}: added to channels.imessage.allowFrom"
    assert said[-1] == UNDO
    assert counter.file.read_text() == before.replace('"chat_id:9"]', f'"chat_id:9", "{written}"]')
    assert counter.pairing.told == []
    assert counter.audited == [("chat:+15552223333", "rename", None, ["channels.imessage.allowFrom"])]
    counter.say("/config undo")
    assert counter.file.read_text() == before


@pytest.mark.parametrize("typed", [KIM, "555-666-7777", "sms:+1 555 666 7777"])
def test_who_is_there_already_is_not_added_again(counter: Counter, typed: str) -> None:
    before = counter.file.read_text()
    assert f"{KIM}: on channels.imessage.allowFrom already" in counter.say(f"/allowlist add {typed}")
    assert counter.file.read_text() == before


def test_with_a_list_for_direct_chats_only_it_says_that_groups_take_it_too(counter: Counter) -> None:
    assert "They are let into groups too" in counter.say(f"/allowlist add {NEW}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("add", USAGE),
        ("add *", '"*" means anyone'),
        ("remove *", '"*" means anyone'),
        ("add Mom", "is no phone number and no e-mail address"),
        ("add chat_id:x", "is no chat id"),
        ("add accessGroup:nobody", 'there is no access group "nobody"'),
        ("add +1555111222\u0662", "U+0662"),
        ("add --frob x", "--frob is unknown"),
        ("add --channel telegram x", "only the channel imessage"),
        ("add --account gone x", "there is no account gone; there are: default"),
        ("add group --store +15551112222", "for direct chats only"),
        ("add --store chat_id:12", "holds people, and chat_id:12 names none"),
        ("remove +15552223333", "that is you"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_changed(counter: Counter, text: str, said: str) -> None:
    before = counter.file.read_text()
    heard = counter.say(f"/allowlist {text}")
    assert heard.startswith("Not changed: ")
    assert said in heard
    assert counter.file.read_text() == before
    assert counter.pairing.told == []


def test_other_words_are_answered_with_its_usage(counter: Counter) -> None:
    assert counter.say("/allowlist frob") == USAGE
    assert counter.say("/allowlist list dm me") == USAGE


# The pairing store.


@pytest.mark.parametrize("flag", ["--store", "\u2014store", "\u2013store"])
def test_the_store_alone_is_changed_when_asked_for(counter: Counter, flag: str) -> None:
    before = counter.file.read_text()
    said = with_store(counter, f"/allowlist add dm {flag} {NEW}", NEW)
    assert said == f"{NEW}: let in by pairing"
    assert counter.enroll() == Enroll("add", "default", NEW, 1, counter.ref)
    assert counter.file.read_text() == before


def test_both_are_changed_when_both_are_asked_for(counter: Counter) -> None:
    said = with_store(counter, f"/allowlist add --config --store {NEW}", NEW, changed=False).split("\n")
    assert said[:2] == [f"{NEW}: added to channels.imessage.allowFrom", f"{NEW}: let in by pairing already"]


def test_a_store_that_does_not_count_lets_nobody_in(opened: Open) -> None:
    counter = opened((TEXT % "").replace('"pairing"', '"allowlist"'))
    assert 'counts only while channels.imessage.dmPolicy is "pairing"' in counter.say(f"/allowlist add --store {NEW}")
    assert counter.pairing.told == []


def test_a_config_that_is_not_written_leaves_the_store_alone(opened: Open) -> None:
    counter = opened(TEXT % "configWrites: false,")
    assert "configWrites is false" in counter.say(f"/allowlist remove {KIM}")
    assert "configWrites is false" in counter.say(f"/allowlist add --store {NEW}")
    assert counter.pairing.told == []


def test_who_is_removed_is_out_by_default_of_list_and_store(counter: Counter) -> None:
    said = with_store(counter, f"/allowlist remove {KIM}").split("\n")
    assert said == [
        f"{KIM}: taken from channels.imessage.allowFrom",
        f"{KIM}: taken from the pairing store",
        f"{UNDO}, but not of the pairing store",
    ]
    assert channel(counter)["allowFrom"] == ["+15552223333", "accessGroup:family", "chat_id:9"]
    assert counter.enroll() == Enroll("remove", "default", KIM, 1, counter.ref)


def test_a_store_that_cannot_be_written_is_said(counter: Counter) -> None:
    said = with_store(counter, f"/allowlist remove {KIM}", changed=False, trouble="disk full")
    assert f"{KIM}: taken from channels.imessage.allowFrom\n{KIM}: the pairing store is as it was: disk full" in said


def test_a_registry_that_does_not_answer_costs_no_answer(counter: Counter) -> None:
    counter.tell(f"/allowlist remove {KIM}")
    counter.stage.advance(PATIENCE)
    assert [reply.text for reply in counter.replies] == [f"{NO_ANSWER}/allowlist list"]


@pytest.mark.parametrize(
    ("more", "who", "still"),
    [
        ("", "+15554445555", "direct chats by channels.imessage.allowFrom[2]: accessGroup:family"),
        ("", "+15554445555", "groups by channels.imessage.allowFrom[2]: accessGroup:family"),
        ('groupPolicy: "open",', KIM, 'groups: channels.imessage.groupPolicy is "open"'),
        ('groupAllowFrom: ["+15556667777"],', KIM, "groups by channels.imessage.groupAllowFrom[0]: +15556667777"),
    ],
)
def test_it_says_who_is_in_all_the_same(opened: Open, more: str, who: str, still: str) -> None:
    counter = opened(TEXT % more)
    assert f"Still let into {still}" in with_store(counter, f"/allowlist remove {who}")


def test_a_wildcard_and_an_owner_are_told_too(opened: Open) -> None:
    text = (TEXT % "").replace('"chat_id:9"', '"*"').replace('From: ["+15552223333"] }', f'From: ["{KIM}"] }}')
    said = with_store(opened(text), f"/allowlist remove {KIM}")
    assert "Still let into direct chats by channels.imessage.allowFrom[2]: *" in said
    assert "Still named as an owner by commands.ownerAllowFrom[0]" in said


def test_from_the_config_alone_they_may_be_in_by_pairing(counter: Counter) -> None:
    said = with_store(counter, f"/allowlist remove --config {KIM}", KIM, changed=False)
    assert f"Still let into direct chats by pairing: /allowlist remove dm --store {KIM}" in said
    assert counter.enroll().what == "list"


# Groups, and several accounts.


def test_a_list_for_groups_begins_with_who_was_let_in_without_it(counter: Counter) -> None:
    said = counter.say(f"/allowlist add group {NEW}").split("\n")
    assert said == [
        f"{NEW}: added to channels.imessage.groupAllowFrom",
        f"{NEW}: channels.imessage.groupAllowFrom is a list of its own now, with the people of {LIST}",
        UNDO,
    ]
    assert channel(counter)["groupAllowFrom"] == [*channel(counter)["allowFrom"], NEW]


def test_from_groups_alone_somebody_is_removed_the_same_way(counter: Counter) -> None:
    with_store(counter, f"/allowlist remove group {KIM}")
    assert channel(counter)["groupAllowFrom"] == ["+15552223333", "accessGroup:family", "chat_id:9"]
    assert len(channel(counter)["allowFrom"]) == 4


def test_both_lists_are_changed_at_once(opened: Open) -> None:
    counter = opened(TEXT % 'groupAllowFrom: ["+15556667777", "chat_id:7"],')
    with_store(counter, f"/allowlist remove all {KIM}")
    assert channel(counter)["allowFrom"] == ["+15552223333", "accessGroup:family", "chat_id:9"]
    assert channel(counter)["groupAllowFrom"] == ["chat_id:7"]


def test_an_entry_by_a_variable_is_found(opened: Open) -> None:
    counter = opened((TEXT % "").replace('"(555) 666-7777"', '"${KIM}"'), env={"KIM": KIM})
    with_store(counter, f"/allowlist remove {KIM}")
    assert channel(counter)["allowFrom"] == ["+15552223333", "accessGroup:family", "chat_id:9"]


def test_an_account_with_a_list_of_its_own_is_changed_there(opened: Open) -> None:
    counter = opened(SEVERAL)
    counter.say(f"/allowlist add --account WORK {NEW}")
    assert channel(counter)["accounts"]["work"]["allowFrom"] == [KIM, NEW]
    assert channel(counter)["allowFrom"] == ["+15552223333"]


def test_a_list_that_others_share_is_named_with_them(opened: Open) -> None:
    counter = opened(SEVERAL)
    said = counter.say(f"/allowlist add {NEW}")
    assert channel(counter)["allowFrom"] == ["+15552223333", NEW]
    assert "channels.imessage.allowFrom is also the list of home." in said


def test_a_new_list_never_becomes_that_of_another_account(opened: Open) -> None:
    counter = opened(SEVERAL)
    counter.say(f"/allowlist add group --account home {NEW}")
    assert channel(counter)["accounts"]["home"]["groupAllowFrom"] == ["+15552223333", NEW]
    assert "groupAllowFrom" not in channel(counter)


def test_what_stands_elsewhere_than_in_a_list_is_left_alone(opened: Open) -> None:
    counter = opened(TEXT % "")
    counter.file.write_text(counter.file.read_text().replace('["+15552223333", "(555)', '{ x: ["+15552223333", "(555)'))
    counter.file.write_text(counter.file.read_text().replace('"chat_id:9"]', '"chat_id:9"] }'))
    assert "channels.imessage.allowFrom is no list here" in counter.say(f"/allowlist add {NEW}")
