"""``pairing approve --notify``: the person is told through the gateway; what cannot be done only gets a remark."""

from __future__ import annotations

from typing import Any

import pytest

from actors.control.client import ControlError, request
from actors.control.levers import Levers
from actors.envelopes.inbound import Notify
from actors.envelopes.outbound import chunk_key
from actors.pairing.challenge import NOTICE_POSITION
from config import Places
from tests.control.builders import JournalOnDisk, Told, account, gateway
from tests.control.conftest import Gateway, Serve
from tests.control.pairing_support import ALICE, allowed, ask, configure
from tests.support.actors import Probe, stage

SEQ = 7


@pytest.fixture
def asked(journal: JournalOnDisk) -> JournalOnDisk:
    """A journal with Alice's message, which was answered with a code."""
    journal.row(SEQ, "dropped", kind="challenge")
    journal.run("UPDATE inbound SET session = ? WHERE seq = ?", (ALICE, SEQ))
    return journal


def queue_notice(journal: JournalOnDisk, seq: int = SEQ) -> None:
    """The registry and the outbox did their work."""
    key = journal.chunk(seq, "queued", "Access is set up")
    journal.run("UPDATE outbox SET key = ? WHERE key = ?", (chunk_key(seq, NOTICE_POSITION), key))


def poke() -> None:
    """Nobody looks."""


def approve(cli: Gateway, places: Places) -> tuple[bool, str]:
    """Whether Alice was told, and the remarks; she is let in whatever comes of it."""
    said = cli("pairing", "approve", ask(places), "--notify", "--json")
    assert said.code == 0
    assert allowed(places) == {ALICE}
    return said.json["notified"], said.err


def test_told_when_the_message_is_in_the_outbox(
    cli: Gateway, places: Places, asked: JournalOnDisk, serve: Serve
) -> None:
    told = Told()
    told.on_notify = lambda _account, _handle: queue_notice(asked)
    serve(gateway(poke={"pairing-changed": poke}, told=told))
    assert approve(cli, places) == (True, "")
    assert told.notified == [("default", ALICE)]


def test_nobody_is_told_twice(cli: Gateway, places: Places, asked: JournalOnDisk, serve: Serve) -> None:
    queue_notice(asked)
    told = Told()
    serve(gateway(poke={"pairing-changed": poke}, told=told))
    notified, err = approve(cli, places)
    assert notified
    assert "told before" in err
    assert told.notified == []


def test_without_a_gateway_it_is_a_remark(cli: Gateway, places: Places, asked: JournalOnDisk) -> None:
    notified, err = approve(cli, places)
    assert not notified
    assert "could not be told" in err
    assert "gateway run" in err


def test_whoever_was_never_offered_a_code_cannot_be_told(
    cli: Gateway, places: Places, journal: JournalOnDisk, serve: Serve
) -> None:
    """Say, one whose request another gateway wrote."""
    journal.row(SEQ, "dropped", kind="challenge")
    told = Told()
    serve(gateway(poke={"pairing-changed": poke}, told=told))
    notified, err = approve(cli, places)
    assert not notified
    assert "could not be told" in err
    assert told.notified == []


def test_a_registry_that_does_not_live_is_a_remark(
    cli: Gateway, places: Places, asked: JournalOnDisk, serve: Serve
) -> None:
    told = Told()
    told.alive = False
    serve(gateway(poke={"pairing-changed": poke}, told=told))
    notified, err = approve(cli, places)
    assert not notified
    assert "try once more" in err


def test_without_a_journal_it_is_a_remark(cli: Gateway, places: Places, serve: Serve) -> None:
    serve(gateway(poke={"pairing-changed": poke}))
    notified, err = approve(cli, places)
    assert not notified
    assert str(places.journal) in err


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        ({"dmPolicy": "allowlist", "allowFrom": ["+15550009999"]}, "channels.imessage.dmPolicy is allowlist"),
        ({"dmPolicy": "disabled"}, "channels.imessage.dmPolicy is disabled"),
        ({"enabled": False}, "no account default runs"),
        ({"accounts": {"work": {}}}, "no account default runs"),
    ],
)
def test_whoever_is_not_answered_all_the_same_is_not_told_that_they_are(
    cli: Gateway, places: Places, asked: JournalOnDisk, serve: Serve, channel: dict[str, Any], why: str
) -> None:
    """Although the gateway runs, and could."""
    configure(places, channel)
    told = Told()
    told.on_notify = lambda _account, _handle: queue_notice(asked)
    serve(gateway(poke={"pairing-changed": poke}, told=told))
    notified, err = approve(cli, places)
    assert not notified
    assert f"they were not told that they are let in, as nobody answers them: {why}" in err
    assert told.notified == []


def test_the_request_names_an_account_that_runs(places: Places, serve: Serve) -> None:
    told = Told()
    serve(gateway(account(), account("off", enabled=False), told=told))
    assert request(places, {"do": "notify", "account": "default", "id": ALICE}) == {"told": True}
    for name in ("off", "other"):
        with pytest.raises(ControlError, match=f"no account '{name}' runs"):
            request(places, {"do": "notify", "account": name, "id": ALICE})
    for wrong in ({"do": "notify"}, {"do": "notify", "account": 1, "id": ALICE}):
        with pytest.raises(ControlError, match="unknown request"):
            request(places, wrong)
    assert told.notified == [("default", ALICE)]


def test_the_lever_tells_the_registry() -> None:
    with stage() as place:
        registry = Probe("pairing")
        levers = Levers({"pairing": registry.ref}, place.context("control"))
        assert levers.notify("work", ALICE)
        assert registry.all(Notify) == [Notify("work", ALICE)]
        registry.stop()
        assert not levers.notify("work", ALICE)
