"""Control commands from a phone, over real processes: answered once, done at most once, and only for whom they are."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.journeys.house import House
from tests.support.waiting import wait_for

OWNER, FRIEND, STRANGER = "+15550001111", "+15550002222", "+15550003333"
CHANNEL = {"dmPolicy": "allowlist", "allowFrom": [OWNER, FRIEND], "groups": {"*": {"requireMention": False}}}
COMMANDS = {"config": True, "debug": True, "ownerAllowFrom": [OWNER]}


class Phone:
    """Somebody's direct chat with the gateway."""

    def __init__(self, house: House, handle: str) -> None:
        self.house = house
        self.handle = handle
        self.chat = house.db.direct_chat(handle)

    def ask(self, text: str) -> str:
        """The answer to ``text``, which is one bubble."""
        before = len(self.house.sent(self.chat))
        self.house.db.incoming(self.chat, self.handle, text)
        [said] = wait_for(f"an answer to {text}", lambda: self.house.sent(self.chat)[before:])
        return str(said)


@pytest.fixture
def phone(house: House) -> Phone:
    """The owner's, of a running gateway with commands."""
    house.configure(CHANNEL)
    path = house.state / "openclaw.json"
    config = json.loads(path.read_text())
    path.write_text("// mine, all of it\n" + json.dumps(config | {"commands": COMMANDS}, indent=2))
    owner = Phone(house, OWNER)
    house.start()
    return owner


def config_text(house: House) -> str:
    """The config file."""
    return (house.state / "openclaw.json").read_text()


def digest(house: House) -> Any:
    """That of the config in use."""
    return (house.status() or {})["config"]["digest"]


def test_the_owner_changes_the_config_from_a_phone_and_takes_it_back(house: House, phone: Phone) -> None:
    before, written = digest(house), config_text(house)
    said = phone.ask("/config set channels.imessage.textChunkLimit=900")
    assert said.split("\n")[:2] == ["channels.imessage.textChunkLimit:", "+ 900"]
    assert "/config undo" in said
    wait_for("it to be taken", lambda: digest(house) != before)
    assert "// mine, all of it" in config_text(house)
    assert phone.ask("/config get channels.imessage.textChunkLimit").endswith(": 900")
    assert phone.ask("/config undo").startswith("Undone:")
    assert config_text(house) == written
    wait_for("it to be taken back", lambda: digest(house) == before)
    assert phone.ask("hello") == "echo: hello"
    audit = (house.state / "logs" / "config-audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["actor"] for line in audit] == [f"chat:{OWNER}"] * 2
    assert house.outcomes()["open"] == 0
    assert house.stop() == 0


def test_what_names_a_program_is_refused_even_to_the_owner(house: House, phone: Phone) -> None:
    written = config_text(house)
    for text in (
        "/config set channels.imessage.cliPath=/tmp/evil",
        '/config set channels["imessage"].cliPath="/tmp/evil"',
        '/config set agents.list[0].runtime={ type: "command", command: ["/bin/sh"] }',
        "/config unset channels.imessage.cliPath",
        "/debug set channels.imessage.cliPath=/tmp/evil",
        "/config set messages.responsePrefix=${HOME}",
    ):
        said = phone.ask(text)
        assert said.startswith("Not changed: "), text
        assert "not even an owner" in said, text
    assert config_text(house) == written
    assert house.stop() == 0


def test_others_are_refused_and_strangers_hear_nothing(house: House, phone: Phone) -> None:
    written = config_text(house)
    friend = Phone(house, FRIEND)
    assert "Only an owner" in friend.ask("/config set channels.imessage.textChunkLimit=900")
    assert "Only an owner" in friend.ask("/restart")
    assert friend.ask("/config get channels.imessage.dmPolicy").endswith('"allowlist"')
    group = house.db.group_chat("Family", [OWNER, FRIEND])
    house.db.incoming(group, OWNER, "/config set channels.imessage.textChunkLimit=900")
    wait_for("an answer in the group", lambda: house.sent(group))
    assert "Not in a group" in house.sent(group)[0]
    stranger = house.db.direct_chat(STRANGER)
    house.db.incoming(stranger, STRANGER, "/config set channels.imessage.textChunkLimit=900")
    phone.ask("hello")
    assert house.sent(stranger) == []
    assert config_text(house) == written
    assert house.stop() == 0


def test_somebody_is_put_on_the_list_and_taken_off_it(house: House, phone: Phone) -> None:
    third = Phone(house, STRANGER)
    before = digest(house)
    assert "added to channels.imessage.allowFrom" in phone.ask(f"/allowlist add {STRANGER}")
    wait_for("it to be taken", lambda: digest(house) != before)
    assert third.ask("hi") == "echo: hi"
    assert "taken from channels.imessage.allowFrom" in phone.ask("/allowlist remove +1 (555) 000-3333")
    wait_for("it to be taken back", lambda: STRANGER not in config_text(house) and digest(house) == before)
    house.db.incoming(third.chat, STRANGER, "and now?")
    phone.ask("hello")
    assert house.sent(third.chat) == ["echo: hi"]
    assert house.stop() == 0


def test_debug_lies_in_memory_and_ends_with_the_process(house: House, phone: Phone) -> None:
    written = config_text(house)
    said = phone.ask("/debug set messages.responsePrefix=test:")
    assert "In memory only" in said
    wait_for("it to count", lambda: phone.ask("hello") == "test: echo: hello")
    assert config_text(house) == written
    assert "messages.responsePrefix" in phone.ask("/debug show")
    assert house.stop() == 0
    house.start()
    assert phone.ask("hello") == "echo: hello"
    assert house.stop() == 0


def test_restart_is_answered_by_the_next_life(house: House, phone: Phone) -> None:
    started = (house.status() or {})["startedAt"]
    process = house.process
    said = phone.ask("/restart")
    assert said.startswith("Restarted: gateway ")
    report = wait_for("a report", lambda: house.status())
    assert report["startedAt"] != started
    assert process is not None
    assert process.poll() is None
    assert phone.ask("hello") == "echo: hello"
    assert house.stop() == 0


@pytest.mark.parametrize("text", ["/config set channels.imessage.textChunkLimit=900", "/config show", "/restart"])
def test_a_command_in_the_moment_of_a_kill_is_answered_once(house: House, phone: Phone, text: str) -> None:
    """Killed as soon as its row is on disk: it was carried out, or was not, and the next life says which to look at."""
    chat = phone.chat
    house.db.incoming(chat, OWNER, text)
    wait_for("its row", lambda: house.journal("SELECT 1 FROM inbound WHERE kind = 'command'"))
    house.kill()
    house.start()
    wait_for("an outcome", lambda: not house.journal("SELECT 1 FROM inbound WHERE outcome IS NULL"))
    wait_for("the bubble", lambda: house.sent(chat) or house.chunks("uncertain"))
    assert len(house.sent(chat)) <= 1
    # In another chat: an uncertain bubble holds its own for a minute.
    assert Phone(house, FRIEND).ask("hello") == "echo: hello"
    assert house.stop() == 0


def test_the_phone_and_the_command_line_write_at_once_and_nothing_gets_lost(house: House, phone: Phone) -> None:
    """Each change is made to what the other one left."""
    verbs = [("config", "set", f"session.identityLinks.p{number}", f'["+1555000{number:04d}"]') for number in range(6)]
    texts = [f'/config set session.identityLinks.q{number}=["+1555001{number:04d}"]' for number in range(6)]
    with ThreadPoolExecutor(2) as pool:
        from_here = [pool.submit(house.command, *verb) for verb in verbs]
        said = [phone.ask(text) for text in texts]
    assert [done.result().returncode for done in from_here] == [0] * 6
    assert [text for text in said if not text.startswith("session")] == []
    told = house.command("config", "get", "session.identityLinks", "--json")
    assert len(json.loads(told.stdout)) == 12
    assert "// mine, all of it" in config_text(house)
    assert house.stop() == 0


def test_nobody_takes_away_what_they_could_not_give_back(house: House, phone: Phone) -> None:
    for text in (
        "/config set commands.ownerAllowFrom=[]",
        f"/config set commands.ownerAllowFrom=['{FRIEND}']",
        "/config unset commands.ownerAllowFrom",
    ):
        assert "you would be no owner any more" in phone.ask(text), text
    assert "/config undo" in phone.ask(f"/config set commands.ownerAllowFrom[1]={FRIEND}")
    assert "not honoured by this version" in phone.ask("/config set messages.queue.drop=old")
    assert phone.ask("/config set") == "Not changed: /config show [path], set path=value, unset path, or undo"
    assert house.stop() == 0
