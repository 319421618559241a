"""A command desk on a real config file, between probes: what people say to it, and what they hear."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import json5
from msgspec.structs import replace

from actors.access.list_check import unusable_lists
from actors.commands.desk import OVERRIDES, CommandDesk
from actors.commands.view import DeskView
from actors.conversation.keys import group_key, main_key
from actors.envelopes.base import Envelope
from actors.envelopes.control import Enroll, Listen, Overrule, Overruled, Record, Recorded
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Commanded, Dropped, Inbound, Recheck, Replied
from actors.envelopes.outbound import Reply
from actors.envelopes.session import Standing
from config import Places, audit, load
from config.writer import Writer
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, address, inbound

SECRET = "sk-canary-0123456789abcdef"
TEXT = """\
// who may write to me
{
  channels: {
    imessage: {
      cliPath: "imsg", // the program
      dmPolicy: "pairing",
      allowFrom: ["+15552223333"], // Ann
    },
  },
  agents: { list: [{ id: "main", runtime: { type: "model", model: "xai:y", apiKey: "sk-canary-0123456789abcdef" } }] },
  commands: { config: true, debug: true, ownerAllowFrom: ["+15552223333"] },
}
"""


def model_fault(agent: str, name: str) -> str:
    """Only x is a provider here."""
    return "" if name[:2] in {"x/", "x:"} else f"{name} is of no provider {agent} knows"


class Counter:
    """A desk at a config of ``text``. Whoever speaks is Ann, an owner in a direct chat, unless it says otherwise."""

    def __init__(
        self,
        stage: KillableStage,
        home: Path,
        text: str = TEXT,
        env: Mapping[str, str] | None = None,
        beside: Mapping[str, str] | None = None,
    ) -> None:
        self.stage = stage
        self.env = dict(env or {})
        self.places = Places.from_env({"HOME": str(home)})
        self.file = self.places.config
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text)
        for name, more in (beside or {}).items():
            self.file.with_name(name).write_text(more)
        self.restarts: list[str] = []
        self.standings: dict[str, Standing] = {}
        self._numbers = itertools.count(1)
        self.open()

    def open(self, *, listens: bool = True, overrides: object = None, generation: int = 1) -> None:
        """The process starts (again); the desk hears of the keeper when that ``listens``, and of its ``overrides``."""
        self.chunker, self.journal, self.pairing = Probe("chunker"), Probe("journal"), Probe("pairing")
        self.keeper, self.sessions = Probe("keeper"), Probe("sessions")
        self.ref = CommandDesk.start(
            self.stage.place("commands")._replace(generation=generation),
            self.view(),
            self.chunker.ref,
            self.journal.ref,
            self.pairing.ref,
            lambda: self.restarts.append("now"),
            self.sessions.ref,
            self.standings,
            lambda account: f"{account} is up",
        )
        self.stage.settle()
        if listens:
            self.stage.tell(self.ref, Listen(self.keeper.ref))
            self.stage.tell(self.ref, Overruled(OVERRIDES, overrides or {}))

    def recheck(self, refused: Callable[[Inbound], Dropped | None] = lambda _: None) -> None:
        """The access controller says who is shut out."""
        self.stage.tell(self.ref, Recheck(self.stage.clock.wall(), refused))

    def view(self) -> DeskView:
        """The config as the file has it."""
        loaded = load(self.places, self.env)
        assert loaded.config is not None, loaded.problems
        writer = Writer(self.places, self.env, (unusable_lists,), self.stage.clock.wall, patience=0.1)
        return DeskView(loaded.config, loaded.accounts, writer, self.places, "imessage-gateway 0.1.0", model_fault)

    def tell(
        self,
        text: str,
        authority: str = "owner",
        *,
        is_group: bool = False,
        replayed: bool = False,
        sender: str = ANN,
        account: str = ACCOUNT,
        seq: int | None = None,
        begun: bool = False,
        released: bool = False,
        **row: Any,
    ) -> int:
        """Somebody gives a command; the number of its row."""
        seq = next(self._numbers) if seq is None else seq
        session = group_key("main", 7) if is_group else main_key("main")
        came = inbound(seq, 7, text, sender=sender, account=account, is_group=is_group, **row)
        to = address(7, 1, account)
        self.stage.tell(self.ref, Commanded(seq, session, "main", to, came, authority, replayed, begun, released))
        return seq

    def say(self, text: str, authority: str = "owner", **how: Any) -> str:
        """What is answered to a command: exactly once, and its row ends with it."""
        before = len(self.replies)
        seq = self.tell(text, authority, **how)
        said = self.replies[before:]
        assert [reply.seq for reply in said] == [seq], self.replies
        assert said[0].settles == ((seq, Replied()),)
        assert "\n\n" not in said[0].text
        return said[0].text

    @property
    def replies(self) -> list[Reply]:
        """All that was said."""
        return self.chunker.all(Reply)

    @property
    def settled(self) -> list[tuple[int, object]]:
        """What ended without an answer."""
        facts = [record.fact for record in self.journal.all(Record)]
        return [(fact.seq, fact.outcome) for fact in facts if isinstance(fact, Settled)]

    def answer(self, text: str, *answers: Envelope, **how: Any) -> str:
        """What is said to a command once others have answered for their part, whatever tag these have."""
        before = len(self.replies)
        seq = self.tell(text, **how)
        assert self.replies[before:] == []
        for answer in answers:
            self.stage.tell(
                self.ref, replace(answer, **({"before": seq} if hasattr(answer, "before") else {"tag": seq}))
            )
        (reply,) = self.replies[before:]
        assert (reply.seq, reply.settles) == (seq, ((seq, Replied()),))
        return reply.text

    def confirm(self) -> None:
        """The journal has stored what it was told last."""
        told = self.journal.all(Record)[-1]
        self.stage.tell(self.ref, Recorded(0, told.fact))

    def enroll(self) -> Enroll:
        """What the pairing registry was asked last."""
        return self.pairing.all(Enroll)[-1]

    def overrule(self) -> Overrule:
        """What the keeper was asked last."""
        return self.keeper.all(Overrule)[-1]

    @property
    def ordered(self) -> list[Any]:
        """What the keeper was asked, besides what lies over the config when it came."""
        question = Overrule((), False, OVERRIDES, self.ref)
        return [message for message in self.keeper.told if message != question]

    @property
    def value(self) -> Any:
        """The file."""
        return json5.loads(self.file.read_text())

    @property
    def audited(self) -> list[tuple[str, str, str | None, list[str]]]:
        """Actor, result, code and paths of each line of the record."""
        log = audit.path(self.places)
        lines = log.read_text().splitlines() if log.exists() else []
        found = map(json.loads, lines)
        return [(one["actor"], one["result"], one["errorCode"], one["changedPaths"]) for one in found]

    def everything(self) -> str:
        """All that was said, logged and put on record, and the names of all files."""
        log = audit.path(self.places)
        record = log.read_text() if log.exists() else ""
        names = [name for _, _, files in os.walk(self.places.state) for name in files]
        return "\n".join([*(reply.text for reply in self.replies), str(self.stage.logged), record, *names])
