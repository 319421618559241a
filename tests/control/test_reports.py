"""What reports say of a gateway, as JSON and as text."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from actors.control import tables
from actors.control.reading import Reading
from actors.control.reports import NoSuchActorError, Now, actor, actors, status, stopped
from actors.control.view import AccountView
from actors.journal.ledger import Ledger
from actors.reload.state import ConfigState
from actors.rpc.capabilities import from_initialize
from actors.rpc.health import LinkHealth
from actors.runtime.logs import stamp
from actors.runtime.pulse import Pulses
from tests.control.builders import account, gateway, pulse

NOTHING = Reading(held=0)
NOW = Now(1_700_000_100.0, 500.0)


class Secret(NamedTuple):
    text: str


def test_a_healthy_gateway_has_exactly_the_promised_keys() -> None:
    config = ConfigState("/x/openclaw.json", "abc", 1_700_000_000.0)
    report = status(
        gateway(account(cli="/opt/imsg"), config=config),
        Reading(held=2, oldest=1_700_000_000.5, cursors={1: 77}, held_by={"stale backlog": 2}),
    )
    assert report == {
        "version": "0.1.0",
        "pid": report["pid"],
        "startedAt": "2023-11-14T22:13:20.000Z",
        "state": "ok",
        "accounts": [
            {
                "id": "default",
                "name": None,
                "enabled": True,
                "state": "ok",
                "imsg": {"path": "/opt/imsg", "version": None, "generation": None},
                "cursor": 77,
                "lastInboundAt": None,
                "lastSentAt": None,
                "lastError": None,
            }
        ],
        "counts": {},
        "outbox": {},
        "held": 2,
        "heldByReason": {"stale backlog": 2},
        "quarantined": 0,
        "oldestUnansweredAt": "2023-11-14T22:13:20.500Z",
        "config": {
            "path": "/x/openclaw.json",
            "digest": "abc",
            "takenAt": "2023-11-14T22:13:20.000Z",
            "refusedAt": None,
            "problems": [],
            "pending": None,
            "lastGood": False,
            "overrides": [],
        },
    }


def test_the_worst_account_speaks_for_the_gateway() -> None:
    report = status(gateway(account(), account("b", "degraded"), account("c", "down")), NOTHING)
    assert (report["state"], report["reason"], report["remedy"]) == ("down", "account c: down reason", "do")


def test_a_config_that_is_not_in_use_degrades_it_unless_something_is_worse() -> None:
    config = ConfigState("openclaw.json", problems=("- agents: what", "- session: what"))
    report = status(gateway(account(), config=config), NOTHING)
    assert report["state"] == "degraded"
    assert report["reason"].endswith("the config from before stays: - agents: what (and 1 more)")
    assert "gateway config validate" in report["remedy"]
    worse = status(gateway(account("b", "down"), config=config), NOTHING)
    assert worse["reason"] == "down reason"
    out = io.StringIO()
    tables.status(tables.console(out), worse, NOW.wall)
    assert "not in use as it is: agents: what" in out.getvalue()


def test_what_lies_over_the_config_is_shown() -> None:
    out = io.StringIO()
    config = ConfigState("openclaw.json", overrides=("session.dmScope",))
    tables.status(tables.console(out), status(gateway(account(), config=config), NOTHING), NOW.wall)
    assert "laid over it by /debug: session.dmScope" in out.getvalue()


def test_the_reason_of_a_single_account_needs_no_name() -> None:
    assert status(gateway(account("b", "degraded")), NOTHING)["reason"] == "degraded reason"


def test_a_disabled_account_is_shown_and_does_not_count() -> None:
    report = status(gateway(account(), account("b", "down", enabled=False)), NOTHING)
    assert report["state"] == "ok"
    assert report["accounts"][1]["state"] == "disabled"
    assert (report["accounts"][1]["reason"], report["accounts"][1]["remedy"]) == ("down reason", "do")


def test_an_account_that_should_run_and_cannot_counts() -> None:
    report = status(gateway(account(), account("b", "down", enabled=False, unavailable=True)), NOTHING)
    assert (report["state"], report["reason"], report["remedy"]) == ("down", "account b: down reason", "do")
    assert report["accounts"][1]["state"] == "down"
    assert report["accounts"][1]["enabled"] is False


def test_trouble_with_the_journal_is_worse_than_any_account() -> None:
    ledger = Ledger()
    ledger.trouble = "the disk is full"
    report = status(gateway(ledger=ledger), NOTHING)
    assert (report["state"], report["reason"]) == ("down", "the disk is full")
    assert "remedy" not in report


def test_without_enabled_accounts_the_gateway_is_idle_and_well() -> None:
    report = status(gateway(account(enabled=False)), NOTHING)
    assert (report["state"], "remedy" in report) == ("ok", False)
    assert "idle, nothing is read or answered: channels.imessage is absent or disabled in /" in report["reason"]


def test_a_gateway_that_is_idle_against_its_will_says_why() -> None:
    report = status(gateway(account("b", "down", enabled=False, unavailable=True)), NOTHING)
    assert (report["state"], report["remedy"]) == ("down", "do")
    assert report["reason"] == "idle, nothing is read or answered: account b does not run: down reason"


def test_memory_and_disk_are_put_together_for_an_account() -> None:
    ledger = Ledger()
    ledger.cursors[1] = 90
    ledger.last_inbound["default"] = 1_700_000_001.0
    ledger.last_sent["default"] = 0.0
    reading = Reading(0, None, {1: 77}, {"default": 1_700_000_000.0}, {"default": 1_700_000_009.0})
    found = status(gateway(ledger=ledger), reading)["accounts"][0]
    assert found["cursor"] == 90
    assert found["lastInboundAt"] == "2023-11-14T22:13:21.000Z"
    assert found["lastSentAt"] == "2023-11-14T22:13:29.000Z"


def test_counts_of_nothing_are_left_out() -> None:
    ledger = Ledger()
    ledger.counts.update({"replied": 3, "dropped": 0})
    ledger.outbox.update({"sent": 3, "queued": 0})
    report = status(gateway(ledger=ledger), NOTHING)
    assert (report["counts"], report["outbox"]) == ({"replied": 3}, {"sent": 3})


def test_a_stopped_gateway_has_the_same_shape() -> None:
    running = status(gateway(), NOTHING)
    report = stopped("0.1.0", Reading(held=1, counts={"replied": 2}, outbox={"queued": 1}))
    assert report.keys() - running.keys() == {"reason", "remedy"}
    assert (report["state"], report["pid"], report["counts"], report["outbox"]) == (
        "down",
        None,
        {"replied": 2},
        {"queued": 1},
    )


def test_an_actor_is_told_by_the_type_of_its_message_never_by_its_content() -> None:
    pulses = Pulses()
    pulses.add(pulse("journal", current=Secret("my password"), since=498.0, handled=7, faults=1))
    pulses.add(pulse("chunker"))
    report = actors(gateway(pulses=pulses, restarts={"journal": 2}), NOW)
    assert report["actors"][0] == {
        "name": "journal",
        "state": "running",
        "mailbox": 0,
        "current": "Secret",
        "currentSince": "2023-11-14T22:14:58.000Z",
        "handled": 7,
        "faults": 1,
        "restarts": 2,
        "generation": 1,
        "parent": "supervisor",
    }
    assert (report["actors"][1]["current"], report["actors"][1]["currentSince"]) == (None, None)
    assert "password" not in json.dumps(report)


def test_one_actor_is_found_by_name_and_a_missing_one_names_the_others() -> None:
    pulses = Pulses()
    pulses.add(pulse("journal"))
    view = gateway(pulses=pulses)
    assert actor(view, "journal", NOW)["name"] == "journal"
    with pytest.raises(NoSuchActorError, match=r"no actor 'jurnal'. There are: journal"):
        actor(view, "jurnal", NOW)


EVIL = "[red]x[/red]\x1b]0;title\x07\n\u202eevil :smile: {0}"


def test_text_for_people_shows_what_others_wrote_as_data() -> None:
    out = io.StringIO()
    view = gateway(account("a"), AccountView("b", EVIL, True, 2, "imsg", LinkHealth()))
    report = status(view, NOTHING)
    report["accounts"][1]["lastError"] = EVIL
    report["reason"] = EVIL
    tables.status(tables.console(out), report, NOW.wall)
    text = out.getvalue()
    assert "[red]x[/red]" in text
    assert ":smile: {0}" in text
    assert not set(text) & set("\x1b\x07\u202e")
    assert "gateway 0.1.0, pid" in text


def test_each_account_that_is_not_well_says_why_below_the_table() -> None:
    out = io.StringIO()
    off = account("off", "down", enabled=False, unavailable=True)
    report = status(gateway(account("a"), account("b", "degraded"), off), NOTHING)
    report["accounts"][0]["lastError"] = "a hiccup"
    tables.status(tables.console(out), report, NOW.wall)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    said = lines[lines.index("account a") : lines.index("messages: none yet")]
    assert said == [
        "account a",
        "  last error: a hiccup",
        "account b",
        "  reason: degraded reason",
        "  remedy: do",
        "account off",
        "  reason: down reason",
        "  remedy: do",
        "warning: 1 of 3 accounts degraded (b): gateway channels status --probe",
    ]
    assert out.getvalue().count("reason:") == 2


def test_held_messages_are_told_by_reason_with_the_next_command() -> None:
    out = io.StringIO()
    reading = Reading(held=12, held_by={"stale backlog": 10, "no chat anchor": 2})
    tables.status(tables.console(out), status(gateway(), reading), NOW.wall)
    assert "held:     12 (stale backlog 10, no chat anchor 2): gateway held list" in out.getvalue()


def test_chunks_that_wait_for_the_operator_are_told_with_the_next_command() -> None:
    ledger, out = Ledger(), io.StringIO()
    ledger.outbox.update({"failed": 1, "sent": 3, "uncertain": 2})
    tables.status(tables.console(out), status(gateway(ledger=ledger), NOTHING), NOW.wall)
    commands = "gateway outbox list --state uncertain; gateway dead list"
    assert f"outbox:   failed 1, sent 3, uncertain 2: {commands}\n" in out.getvalue()


def test_a_journal_that_cannot_be_read_makes_a_running_gateway_down() -> None:
    report = status(gateway(), Reading(error="the journal /a. b/j is damaged (x). Move it away."))
    assert (report["state"], report["reason"]) == ("down", "the journal /a. b/j is damaged (x)")
    assert report["remedy"] == "Move it away."
    assert status(gateway(), Reading(error="cannot use /a. b/j: x"))["reason"] == "cannot use /a. b/j: x"


def test_an_account_whose_database_another_one_reads_is_a_warning() -> None:
    out = io.StringIO()
    report = status(gateway(account(), account("work", "down", enabled=False)), NOTHING)
    assert report["state"] == "ok"
    tables.status(tables.console(out), report, NOW.wall)
    assert "warning: account work is off" in out.getvalue()


def test_what_an_imsg_says_of_itself_is_in_the_report() -> None:
    health = LinkHealth(None, capabilities=from_initialize({"version": "0.15.9", "methods": []}))
    view = gateway(AccountView("a", None, True, 1, "/opt/imsg", health))
    report = status(view, NOTHING)
    assert report["accounts"][0]["imsg"] == {"path": "/opt/imsg", "version": "0.15.9", "generation": "0.14+"}
    out = io.StringIO()
    tables.status(tables.console(out), report, NOW.wall)
    assert "/opt/imsg 0.15.9" in out.getvalue()


def test_every_report_has_a_text_without_a_terminal() -> None:
    out = io.StringIO()
    pulses = Pulses()
    pulses.add(pulse("journal", current=Secret("x")))
    view = gateway(pulses=pulses)
    tables.status(tables.console(out), stopped("0.1.0", Reading()), NOW.wall)
    tables.actors(tables.console(out), actors(view, NOW), NOW.wall)
    tables.actors(tables.console(out), actor(view, "journal", NOW), NOW.wall)
    assert "held:     unknown" in out.getvalue()
    assert out.getvalue().count("journal") == 2


def test_times_for_people_are_local_and_what_is_no_time_is_shown_as_it_is() -> None:
    assert tables.local(None) == "-"
    assert tables.local("soon\n") == "soon\\n"
    assert len(tables.local("2023-11-14T22:14:58.000Z")) == len("2023-11-14 22:14:58")


def test_short_times_leave_out_what_is_the_same_as_today() -> None:
    now = datetime(2023, 11, 14, 22, 0, tzinfo=UTC).astimezone().replace(hour=12).timestamp()
    assert tables.short(stamp(now - 60.0), now) == "11:59:00"
    assert tables.short(stamp(now - 20 * 86_400), now) == "10-25 " + tables.short(stamp(now - 20 * 86_400), now)[-5:]
    assert tables.short(stamp(now - 400 * 86_400), now).startswith("2022-10-1")
    assert tables.short(None, now) == "-"
    assert tables.short("soon\n", now) == "soon\\n"
