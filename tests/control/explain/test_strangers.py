"""What explain says of strangers: a challenge where a code would go out, else what stands against it."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from actors.access import reasons
from actors.envelopes.control import Record
from actors.envelopes.facts import Appended, Settled
from actors.envelopes.inbound import Challenge, Challenged, Dropped, Held, Outcome
from actors.envelopes.outbound import Reply
from actors.pairing.challenge import OLDEST
from actors.pairing.codes import LIFETIME, MOST_PENDING
from actors.pairing.guard import DAY, MOST_CHALLENGES
from actors.pairing.guard_file import PairingGuard
from actors.pairing.registry import PairingRegistry
from actors.pairing.store import PairingStore
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk
from tests.support.actors import Probe
from tests.support.probes import killable
from tests.support.rows import ACCOUNT, ANN, BEN, START, address, inbound

KEY = "channels.imessage.dmPolicy"
EVE = "+15556667777"


class Strangers(Desk):
    """A desk where people pair, with the files of the pairing registry beside it."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self.configure(dmPolicy="pairing", allowFrom=[])
        for folder in (places.credentials, places.gateway):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store = PairingStore(places.credentials)
        self.guard = PairingGuard(places.pairing_guard)

    def asks(self, handle: str, at: float, row: str = "X") -> None:
        """Somebody was told a code."""
        code, _ = self.store.challenge(ACCOUNT, handle, at, {})
        self.guard.challenged(ACCOUNT, handle, at, code, row)


@pytest.fixture
def desk(places: Places) -> Strangers:
    """Strangers, and nobody has asked yet."""
    return Strangers(places)


def outcome(told: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return told["decision"], told["reason"], told["replyTarget"]


def test_the_rule_stands_behind_that_of_pairing(desk: Strangers, cli: Gateway) -> None:
    told = cli("explain", "--from", BEN, "--json").json
    assert outcome(told) == ("challenge", "pairing required", f"imessage:{BEN}")
    assert told["rules"][-2:] == [
        {"rule": "pairing", "result": "pass"},
        {"rule": "pairing request", "result": f"challenge: {BEN}"},
    ]


def test_a_request_that_waits(desk: Strangers, cli: Gateway) -> None:
    desk.asks(BEN, time.time())
    told = cli("explain", "--from", BEN, "--json").json
    assert outcome(told) == ("drop", "pairing pending", None)
    assert told["rules"][-1] == {"rule": "pairing request", "result": "drop: pairing pending"}
    assert (told["configKey"], told["flip"]) == (
        KEY,
        f'approve the pairing request of "{BEN}", or add it to channels.imessage.allowFrom',
    )
    assert outcome(cli("explain", "--from", ANN, "--json").json)[0] == "challenge"


def test_a_denial(desk: Strangers, cli: Gateway) -> None:
    desk.guard.denied(ACCOUNT, BEN, time.time())
    assert outcome(cli("explain", "--from", BEN, "--json").json) == ("drop", "pairing denied", None)


def test_the_fourth_stranger(desk: Strangers, cli: Gateway) -> None:
    for number in range(MOST_PENDING):
        desk.asks(f"+1555000{number:04d}", time.time())
    assert outcome(cli("explain", "--from", BEN, "--json").json) == ("drop", "too many pairing requests", None)


def test_the_fourth_code_of_a_day(desk: Strangers, cli: Gateway) -> None:
    now = time.time()
    for number in range(MOST_CHALLENGES):
        desk.guard.challenged(ACCOUNT, BEN, now - 7200 * (number + 1), f"CODE{number}", "X")
    assert outcome(cli("explain", "--from", BEN, "--json").json) == ("drop", "too many challenges today", None)
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + DAY))
    assert outcome(cli("explain", "--from", BEN, "--at", tomorrow, "--json").json)[0] == "challenge"


@pytest.mark.parametrize("name", ["imessage-pairing.json", "pairing-guard.json"])
def test_files_about_strangers_that_cannot_be_read(desk: Strangers, cli: Gateway, name: str) -> None:
    folder = desk.places.gateway if "guard" in name else desk.places.credentials
    (folder / name).write_text("{")
    told = cli("explain", "--from", BEN, "--json").json
    assert outcome(told) == ("hold", "pairing store unreadable", None)
    assert name in told["notes"][-1]
    desk.configure()
    assert cli("explain", "--from", BEN, "--json").json["reason"] == "dmPolicy blocked"


@pytest.mark.parametrize("later", [60.0, LIFETIME + 60, OLDEST + 60])
def test_of_the_past_it_is_told_what_came_of_the_request_then(
    desk: Strangers, cli: Gateway, later: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of pairing is a matter of that time: no other verdict today because a request has expired since."""
    seqs = desk.live(*(Appended(inbound(n, sender=BEN), Challenge(BEN, KEY)) for n in (1, 2, 3)))
    ends: tuple[Outcome, ...] = (
        Dropped("pairing required", KEY),
        Dropped("pairing pending", KEY),
        Held("pairing store unreadable", KEY),
    )
    desk.live(*(Settled(seq, end) for seq, end in zip(seqs, ends, strict=True)), at=START + 1)
    desk.asks(BEN, START, inbound(1).guid)
    monkeypatch.setattr(time, "time", lambda: START + later)
    sent, pending, held = (cli("explain", f"#{seq}", "--json").json for seq in seqs)
    assert (outcome(sent), "now" in sent) == (("challenge", "pairing required", "chat_id:7"), False)
    assert (outcome(pending), "now" in pending) == (("drop", "pairing pending", None), False)
    assert pending["rules"][-1] == {"rule": "pairing request", "result": "drop: pairing pending"}
    assert outcome(held) == ("hold", "pairing store unreadable", None)
    desk.approve(BEN)
    assert cli("explain", f"#{seqs[1]}", "--json").json["now"]["decision"] == "admit"


def test_a_message_that_is_challenged_today_only_is_judged_by_the_files_of_today(desk: Strangers, cli: Gateway) -> None:
    disabled = Dropped("dmPolicy disabled", KEY)
    desk.live(Appended(inbound(1, sender=BEN), disabled), Appended(inbound(2, sender=EVE), disabled))
    desk.asks(BEN, time.time())
    now = [cli("explain", f"#{seq}", "--json").json["now"] for seq in (1, 2)]
    assert [(one["decision"], one["reason"]) for one in now] == [
        ("drop", "pairing pending"),
        ("challenge", "pairing required"),
    ]


def test_explain_and_the_registry_agree(desk: Strangers, cli: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked before each message of a long day of strangers, explain says what the registry then does."""
    journal, chunker = Probe("journal"), Probe("chunker")
    found: set[str] = set()
    with killable() as stage:
        monkeypatch.setattr(time, "time", stage.clock.wall)
        registry = PairingRegistry.start(
            stage.place("pairing"), desk.store, journal.ref, chunker.ref, {ACCOUNT: KEY}, desk.guard
        )
        people = [BEN, EVE, ANN, "+15550001111", "+15550002222"]
        chance = Random(1)
        for seq in range(1, 101):
            handle = chance.choice(people)
            if seq == 50:
                desk.guard.denied(ACCOUNT, BEN, stage.clock.wall())
            told = cli("explain", "--from", handle, "--json").json
            row = inbound(seq, chat=seq, sender=handle, received_at=stage.clock.wall())
            answers, ends = len(chunker.all(Reply)), len(_ends(journal))
            stage.tell(registry, Challenged(seq, handle, address(seq), row, False))
            said = told["reason"] if told["decision"] == "drop" else told["decision"]
            if len(chunker.all(Reply)) > answers:
                assert said == "challenge"
            else:
                assert [end.reason for end in _ends(journal)[ends:]] == [said]
            found.add(said)
            stage.advance(LIFETIME / 6)
    wanted = {reasons.PAIRING_PENDING, reasons.PAIRING_DENIED, reasons.TOO_MANY_CHALLENGES, reasons.TOO_MANY_REQUESTS}
    assert found >= {"challenge", *wanted}


def _ends(journal: Probe) -> list[Any]:
    return [record.fact.outcome for record in journal.all(Record) if isinstance(record.fact, Settled)]
