"""``/config`` in a direct chat of an owner: read, change, take back."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands.config import UNDO, UNDO_SECONDS, USAGE
from actors.envelopes.control import Reconfigure
from config.edit import Set
from tests.commands.conftest import Open
from tests.commands.counter import SECRET, TEXT, Counter

LIMIT = "channels.imessage.historyLimit"


def test_without_a_path_the_whole_file_is_shown_as_it_is_written(counter: Counter) -> None:
    said = counter.say("/config")
    assert said.startswith('openclaw.json, as it is written:\n{\n  "channels": {')
    assert said == counter.say("/config show") == counter.say("/config GET")
    assert SECRET not in said
    assert '"apiKey": "__OPENCLAW_REDACTED__"' in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("channels.imessage.dmPolicy", 'channels.imessage.dmPolicy: "pairing"'),
        ('channels["imessage"].allowFrom[0]', 'channels.imessage.allowFrom.0: "+15552223333"'),
        ("commands.config", "commands.config: true"),
        (LIMIT, f"{LIMIT}: null (not set)"),
        ("agents.list[0].runtime.apiKey", 'agents.list.0.runtime.apiKey: "__OPENCLAW_REDACTED__"'),
    ],
)
def test_a_value_is_shown_by_its_path(counter: Counter, asked: str, said: str) -> None:
    assert counter.say(f"/config show {asked}") == said
    assert counter.say(f"/config get {asked}", "authorised") == said
    assert counter.audited == []


def test_a_reference_is_shown_as_it_is_written(opened: Open) -> None:
    counter = opened(TEXT.replace('"pairing"', '"${POLICY}"'), env={"POLICY": "pairing"})
    assert counter.say("/config show channels.imessage.dmPolicy") == 'channels.imessage.dmPolicy: "${POLICY}"'


def test_a_long_answer_is_cut_to_one_bubble_and_says_how_to_see_a_part(opened: Open) -> None:
    counter = opened(TEXT.replace('cliPath: "imsg"', 'cliPath: "imsg", textChunkLimit: 200, responsePrefix: "[claw]"'))
    said = counter.say("/config")
    assert 150 < len(said) <= 200 - len("[claw] ")
    assert said.endswith("\n... cut here; for a part: /config show channels.imessage")


def test_a_change_is_answered_with_its_diff_and_the_way_back(counter: Counter) -> None:
    before = counter.file.read_text()
    said = counter.say("/config set channels.imessage.dmPolicy = allowlist")
    assert said.split("\n") == [
        "channels.imessage.dmPolicy:",
        '- "pairing"',
        '+ "allowlist"',
        "It counts from the next message on.",
        UNDO,
    ]
    assert counter.file.read_text() == before.replace('"pairing"', '"allowlist"')
    assert counter.audited == [("chat:+15552223333", "rename", None, ["channels.imessage.dmPolicy"])]


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("debounceMs=50", "Account default starts anew."),
        ("enabled=false", "Account default stops."),
        ("textChunkLimit=300", "It counts from the next message on."),
        ("historyLimit=3", "It counts from the next message on."),
        ("healthMonitor.enabled=false", "It has no effect."),
    ],
)
def test_it_says_from_when_a_change_counts(counter: Counter, text: str, effect: str) -> None:
    assert effect in counter.say(f"/config set channels.imessage.{text}").split("\n")


@pytest.mark.parametrize(
    ("mode", "effect"),
    [("off", "It counts from the gateway's next start on."), ("restart", "The gateway starts over with it.")],
)
def test_where_nothing_is_taken_in_place_it_says_so(opened: Open, mode: str, effect: str) -> None:
    counter = opened(TEXT.replace("commands: {", f'gateway: {{ reload: {{ mode: "{mode}" }} }}, commands: {{'))
    assert effect in counter.say(f"/config set {LIMIT}=3")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ('["+15551112222", "me@example.com"]', ["+15551112222", "me@example.com"]),
        ("[\u201c+15551112222\u201d]", ["+15551112222"]),
        ("['chat_id:7',]", ["chat_id:7"]),
    ],
)
def test_a_list_is_json5_as_a_phone_types_it(counter: Counter, typed: str, value: Any) -> None:
    assert UNDO in counter.say(f"/config set channels.imessage.allowFrom={typed}")
    assert counter.value["channels"]["imessage"]["allowFrom"] == value


def test_an_object_is_merged_into_the_one_that_is_there(counter: Counter) -> None:
    counter.say("/config set commands={restart: false}")
    assert counter.value["commands"].keys() == {"config", "debug", "ownerAllowFrom", "restart"}


def test_a_key_is_removed_and_what_is_left_empty_stays(opened: Open) -> None:
    counter = opened(TEXT.replace('cliPath: "imsg"', 'groups: { "42": { requireMention: false } }, cliPath: "imsg"'))
    assert UNDO in counter.say('/config unset channels.imessage.groups["42"].requireMention')
    assert counter.value["channels"]["imessage"]["groups"] == {"42": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"set {LIMIT}=abc",
            f"Not changed, for the config would not be valid:\n- {LIMIT}: must be a whole number, without quotes",
        ),
        ("set channels.imessage.historyLimits=1", 'unknown key; did you mean "historyLimit"?'),
        (f"unset {LIMIT}", f"Not changed: {LIMIT}: is not set, so there is nothing to remove"),
        ("set commands=5", "is an object, whose 3 keys would be lost"),
        ("set channels.imessage.allowFrom[5]=x", "is a list of 1"),
        ("set channels.imessage.dmPolicy.x=1", "unknown key"),
        (f"set {LIMIT}", "expected = and a value"),
        (f"set {LIMIT}=", "a value is missing"),
        ("set channels.imessage.allowFrom=[", "not valid JSON5"),
        ("set =1", "a key is missing"),
        ("unset", USAGE),
        ("undo everything", USAGE),
        ("replace a=b", USAGE),
        ("show a..b", "a key is missing"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_changed(counter: Counter, text: str, said: str) -> None:
    before = counter.file.read_text()
    assert said in counter.say(f"/config {text}")
    assert counter.file.read_text() == before


def test_what_is_there_already_changes_nothing(counter: Counter) -> None:
    assert counter.say("/config set channels.imessage.dmPolicy=pairing") == "Nothing to change: it says so already."
    assert counter.audited == []


def test_a_file_that_cannot_be_read_is_to_be_mended_first(counter: Counter) -> None:
    counter.file.write_text("{ channels: ")
    for text in ("show", f"set {LIMIT}=1", "undo"):
        said = counter.say(f"/config {text}")
        assert "cannot be read: mend it first\n- " in said or said.startswith("Nothing to undo")
    assert [line[:3] for line in counter.audited] == [("chat:+15552223333", "rejected", "unreadable")]


# Undo.


def test_the_last_change_is_taken_back_for_ten_minutes(counter: Counter) -> None:
    before = counter.file.read_text()
    counter.say("/config set channels.imessage.name=Claw")
    counter.say(f"/config set {LIMIT}=3")
    middle = counter.file.read_text().replace("      historyLimit: 3,\n", "")
    counter.stage.advance(UNDO_SECONDS)
    said = counter.say("/config undo").split("\n")
    assert said == ["Undone:", f"{LIMIT}:", "- 3", "It counts from the next message on."]
    assert counter.file.read_text() == middle != before
    assert counter.audited[-1] == ("chat:+15552223333", "rename", None, [LIMIT])
    assert counter.say("/config undo").startswith("Nothing to undo")


def test_a_change_that_did_nothing_is_taken_back_as_one(counter: Counter) -> None:
    path = "channels.imessage.healthMonitor.enabled"
    counter.say(f"/config set {path}=false")
    said = counter.say("/config undo").split("\n")
    assert "It has no effect." in said
    assert said[-1] == "channels.imessage.healthMonitor is read and not honoured by this version"


def test_later_it_is_not(counter: Counter) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.stage.advance(UNDO_SECONDS + 1)
    assert counter.say("/config undo").startswith("Not undone: that was more than ten minutes ago.")
    assert counter.audited[-1][1:3] == ("rejected", "undo")


def test_nor_when_somebody_else_changed_the_file(counter: Counter) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.file.write_text(counter.file.read_text().replace("the program", "my program"))
    changed = counter.file.read_text()
    assert counter.say("/config undo").startswith("Not undone: the config was changed since.")
    assert counter.file.read_text() == changed


def test_nor_when_the_backup_is_another_one_by_now(counter: Counter) -> None:
    """Somebody changed the file and changed it back: the newest backup is not what was there before."""
    counter.say(f"/config set {LIMIT}=3")
    writer = counter.view().writer
    for value in (9, 3):
        writer.change([Set(("channels", "imessage", "historyLimit"), value)], "cli")
    assert counter.say("/config undo").startswith("Not undone: the config was changed since.")
    assert counter.value["channels"]["imessage"]["historyLimit"] == 3


def test_a_change_that_was_refused_or_none_is_not_the_last_one(counter: Counter) -> None:
    counter.say(f"/config set {LIMIT}=3")
    counter.say(f"/config set {LIMIT}=abc")
    counter.say(f"/config set {LIMIT}=3")
    assert counter.say("/config undo").startswith("Undone:")


def test_a_change_of_an_included_file_is_taken_back(opened: Open) -> None:
    whole = '{ channels: { imessage: { $include: "part.json5" } }, commands: { config: true } }'
    counter = opened(whole, beside={"part.json5": '{ cliPath: "imsg" }\n'})
    part = counter.file.with_name("part.json5")
    assert UNDO in counter.say(f"/config set {LIMIT}=3")
    assert part.read_text() == '{ cliPath: "imsg", historyLimit: 3 }\n'
    assert counter.say("/config undo").startswith("Undone:")
    assert (part.read_text(), counter.file.read_text()) == ('{ cliPath: "imsg" }\n', whole)


def test_a_new_config_counts_for_the_next_command(counter: Counter) -> None:
    counter.say("/config set commands.config=false")
    counter.stage.tell(counter.ref, Reconfigure(counter.view()))
    assert counter.say("/config").startswith("Switched off: commands.config is false.")
