"""Somebody is shut out while an agent works on their message: they get no answer, everybody else does.

In each round people write while the agent's gate is shut, then the right to speak is taken from some of them in one of
the ways there are, then the gate opens.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.faults.cases import Build, Cases
from tests.faults.people import verb
from tests.faults.town import ANN, BEN, wait_for

CAROL, DAN = "+15550004444", "+15550005555"
AGENT = """\
#!/bin/sh
read turn
echo begun >> "{folder}/begun"
while [ -e "{folder}/shut" ]; do sleep 0.03; done
echo done
"""
case = Cases()


class Scene:
    """A town whose agent works on two messages at a time, and no further while its gate is shut.

    Ann, Ben and Dan are on the list, Carol was let in by a code; Ben and Dan share a group.
    """

    def __init__(self, build: Build) -> None:
        self.town = build()
        agent = self.town.folder / "agent"
        agent.write_text(AGENT.format(folder=self.town.folder))
        agent.chmod(0o755)
        self.rules: dict[str, Any] = {
            "cliPath": str(self.town.cli),
            "dbPath": str(self.town.db_path),
            "debounceMs": 0,
            "probeTimeoutMs": 10_000,
            "dmPolicy": "pairing",
            "allowFrom": [ANN, BEN, DAN],
            "groups": {"*": {"requireMention": False}},
        }
        self.agents = {
            "defaults": {"maxConcurrent": 2},
            "list": [{"id": "main", "runtime": {"type": "command", "command": [str(agent)]}}],
        }
        self.chats = {handle: self.town.chat(handle) for handle in (ANN, BEN, CAROL, DAN)}
        self.group = self.town.db.group_chat("Family", [BEN, DAN])
        paired = self.town.state / "credentials" / "imessage-default-allowFrom.json"
        paired.parent.mkdir(mode=0o700)
        paired.write_text(json.dumps({"version": 1, "allowFrom": [CAROL]}))
        self.save()

    def save(self, **changed: Any) -> str:
        """Save the rules with what is ``changed`` in them; the digest of the file."""
        config = {
            "channels": {"imessage": self.rules | changed},
            "agents": self.agents,
            "session": {"dmScope": "per-account-channel-peer"},
            "commands": {"config": True, "ownerAllowFrom": [BEN]},
            "gateway": {"reload": {"debounceMs": 50}},
        }
        draft = self.town.state / "draft"
        draft.write_text(json.dumps(config, indent=2))
        draft.replace(self.town.state / "openclaw.json")
        return hashlib.sha256(json.dumps(config, indent=2).encode()).hexdigest()

    def edit(self, **changed: Any) -> None:
        """``save``, and wait until it counts."""
        digest = self.save(**changed)
        wait_for("the config to be taken", lambda: (self.town.status() or {})["config"]["digest"] == digest)

    def shut(self) -> None:
        """The agent answers nobody from now on."""
        (self.town.folder / "begun").write_text("")
        (self.town.folder / "shut").touch()

    def write(self, *people: str | tuple[str, int], besides: int = 0) -> list[str]:
        """They write, one after the other, directly or in a chat; their GUIDs.

        The agent works on two messages then; the others wait, ``besides`` so many that were written before.
        """
        written = [self.says(*((one,) if isinstance(one, str) else one)) for one in people]
        wait_for("all to be let in", lambda: self.town.outcomes()["open"] == len(people) + besides)
        wait_for("the agent to begin", lambda: (self.town.folder / "begun").read_text().count("begun") == 2)
        return written

    def says(self, handle: str, chat: int | None = None, text: str = "hello") -> str:
        """Somebody writes, directly or in a chat; the GUID."""
        return self.town.db.incoming(chat or self.chats[handle], handle, text).guid

    def open(self) -> None:
        """The agent answers everybody; wait until it has. What was sent is what the journal says was."""
        (self.town.folder / "shut").unlink()
        wait_for("everything to have ended", self.town.all_answered)
        told = self.town.journal("SELECT text FROM outbox WHERE state = 'sent'")
        assert sorted(self.town.sent()) == sorted(text for (text,) in told)

    def wait_revoked(self, count: int) -> None:
        """Wait until so many messages in all were revoked: with those who wait the one who is answered is told."""
        query = "SELECT count(*) FROM inbound WHERE reason = 'revoked'"
        wait_for(f"{count} messages to be revoked", lambda: self.town.journal(query) == [(count,)])

    def became(self, guid: str) -> tuple[Any, ...]:
        """Outcome, reason and deciding key of a message, and how many chunks there are for it."""
        key = uuid.UUID(guid).bytes
        count = "SELECT count(*) FROM outbox WHERE outbox.key / 4096 = inbound.seq"
        query = f"SELECT outcome, reason, config_key, ({count}) FROM inbound WHERE guid = ?"
        return self.town.journal(query, key)[0]

    def assert_ended(self, revoked: list[str], key: str, answered: list[str]) -> None:
        """The journal says that these came to nothing because of ``key``, and those were answered."""
        for guid in revoked:
            assert self.became(guid) == ("dropped", "revoked", f"channels.imessage.{key}", 0)
        for guid in answered:
            assert self.became(guid) == ("replied", None, None, 1)


@case("0.9")
def shut_out_by_somebody(build: Build, version: str) -> None:
    """By an editor, by the operator who takes back what a code had given, by an owner in a chat, and while it is down.

    Of those shut out one is being answered; another waits for the agent, or behind the first.
    """
    scene = Scene(build)
    scene.town.start()
    for rounds in (_edited, _revoked, _removed, _killed):
        scene.shut()
        rounds(scene)
        scene.edit()
    assert scene.town.stop() == 0


def _edited(scene: Scene) -> None:
    messages = scene.write(ANN, BEN, DAN, ANN, BEN)
    scene.edit(allowFrom=[BEN])
    scene.wait_revoked(1)
    scene.open()
    scene.assert_ended([messages[0], messages[2], messages[3]], "dmPolicy", [messages[1], messages[4]])
    told = verb(scene.town, "explain", messages[0])["history"]
    assert [fact["fact"] for fact in told] == ["received", "judged", "settled"]
    assert told[-1].items() >= {"reason": "revoked", "configKey": "channels.imessage.dmPolicy"}.items()


def _revoked(scene: Scene) -> None:
    messages = scene.write(CAROL, BEN, CAROL)
    done = scene.town.command("pairing", "revoke", CAROL)
    assert done.returncode == 0, done.stderr
    scene.wait_revoked(4)
    scene.open()
    scene.assert_ended([messages[0], messages[2]], "dmPolicy", [messages[1]])


def _removed(scene: Scene) -> None:
    messages = scene.write(ANN, DAN, ANN)
    scene.says(BEN, text=f"/allowlist remove {ANN}")
    scene.wait_revoked(6)
    scene.open()
    assert "taken from channels.imessage.allowFrom" in scene.town.sent(scene.chats[BEN])[-1]
    scene.assert_ended([messages[0], messages[2]], "dmPolicy", [messages[1]])


def _killed(scene: Scene) -> None:
    messages = scene.write(ANN, BEN, ANN)
    scene.town.kill()
    scene.save(allowFrom=[BEN])
    scene.town.start()
    scene.open()
    scene.assert_ended([messages[0], messages[2]], "dmPolicy", [messages[1]])


@case("0.9")
def shut_out_by_a_rule(build: Build, version: str) -> None:
    """Direct messages are off, groups are, this group is not meant any more, or not those who write there."""
    scene = Scene(build)
    scene.town.start()
    in_group = (DAN, scene.group)
    for key, value, lost, kept in (
        ("dmPolicy", "disabled", ANN, in_group),
        ("dmPolicy", "allowlist", CAROL, BEN),
        ("groupPolicy", "disabled", in_group, BEN),
        ("groups", {"99999": {}}, in_group, BEN),
        ("groupAllowFrom", [BEN], in_group, BEN),
    ):
        scene.shut()
        gone, stays = scene.write(lost, kept)
        scene.edit(**{key: value})
        scene.open()
        scene.assert_ended([gone], "allowFrom" if value == "allowlist" else key, [stays])
        scene.edit()
    assert scene.town.stop() == 0


@case("0.9")
def whose_account_went(build: Build, version: str) -> None:
    """Removed or switched off: nothing is sent, and what was asked there is held for the operator."""
    scene = Scene(build)
    work = {"dbPath": str(scene.town.folder / "work.db")}
    there = MessagesDb.open(scene.town.folder / "work.db")
    chat = there.direct_chat(ANN)
    scene.save(accounts={"work": work})
    scene.town.start()
    for gone in ({}, {"work": work | {"enabled": False}}):
        wait_for("work to be well", lambda: scene.town.account("work").get("state") == "ok")
        scene.shut()
        asked = [there.incoming(chat, ANN, text).guid for text in ("one", "two")]
        wait_for("them to be let in", lambda: scene.town.outcomes()["open"] == 2)
        [stays] = scene.write(BEN, besides=2)
        scene.edit(accounts=gone)
        scene.open()
        for guid in asked:
            assert scene.became(guid) == ("held", "account not configured", "channels.imessage.accounts", 0)
        assert scene.became(stays) == ("replied", None, None, 1)
        scene.edit(accounts={"work": work})
    assert len(scene.town.held()) == 4
    count = there.connection.execute("SELECT count(*) FROM message WHERE is_from_me = 1").fetchone()[0]
    there.close()
    assert count == 0
    assert scene.town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_in_mid_turn(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
