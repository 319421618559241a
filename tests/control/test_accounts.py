"""The accounts of a config as the reports see them."""

from __future__ import annotations

import pytest

from actors.control.accounts import DISABLED, account_views
from actors.control.view import AccountView
from actors.rpc.health import LinkHealth
from config import Places, load
from tests.control.conftest import Gateway


def views(places: Places, channel: str) -> dict[str, AccountView]:
    """The views of a channel block, by id; each enabled account has source 7."""
    places.state.mkdir(parents=True, exist_ok=True)
    places.config.write_text(f"{{channels:{{imessage:{{{channel}}}}}}}")
    loaded = load(places, {})
    assert loaded.problems == ()
    running = [one.id for one in loaded.accounts if one.enabled]
    made = account_views(loaded, dict.fromkeys(running, 7), {name: LinkHealth(None) for name in running})
    assert [view.id for view in made] == [one.id for one in loaded.accounts]
    return {view.id: view for view in made}


def test_an_account_that_runs_has_its_own_health_and_source(places: Places) -> None:
    found = views(places, 'cliPath: "/opt/imsg", name: "Home"')["default"]
    assert (found.name, found.enabled, found.source, found.cli) == ("Home", True, 7, "/opt/imsg")
    assert (found.health.state, found.unavailable) == ("ok", False)


@pytest.mark.parametrize(
    "channel",
    [
        "enabled: false, accounts: {off: {}}",
        'accounts: {off: {enabled: false}, b: {dbPath: "/b"}}',
        'accounts: {Off: {enabled: false, cliPath: "${UNSET}"}, b: {dbPath: "/b"}}',
    ],
)
def test_an_account_that_was_switched_off_is_shown_and_not_missed(places: Places, channel: str) -> None:
    found = views(places, channel)["off"]
    assert (found.enabled, found.source, found.unavailable) == (False, 0, False)
    assert found.health.state == "down"
    assert found.health.reason == DISABLED or "UNSET" in found.health.reason
    assert found.health.remedy == ""


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ('accounts: {off: {cliPath: "${UNSET}"}, b: {dbPath: "/b"}}', "needs the environment variable UNSET"),
        (
            'accounts: {b: {dbPath: "/b"}, off: {dbPath: "/b", allowFrom: ["${UNSET}"]}}',
            "needs the environment variable UNSET",
        ),
    ],
)
def test_an_account_that_cannot_run_is_missed_and_says_what_helps(places: Places, channel: str, reason: str) -> None:
    found = views(places, channel)["off"]
    assert (found.enabled, found.unavailable, found.health.state) == (False, True, "down")
    assert reason in found.health.reason
    assert str(places.config) in found.health.remedy


@pytest.mark.parametrize(
    ("channel", "name"),
    [('cliPath: "imsg", accounts: {bot: {}}', "default"), ("accounts: {bot: {}, work: {}}", "work")],
)
def test_an_account_whose_database_another_one_reads_is_not_missed_and_says_what_helps(
    places: Places, channel: str, name: str
) -> None:
    found = views(places, channel)
    assert found["bot"].enabled
    assert (found[name].enabled, found[name].unavailable) == (False, False)
    health = found[name].health
    assert health.reason.startswith("account bot reads the same cliPath and dbPath (")
    assert health.remedy.startswith("give each account the dbPath of its own database")
    assert "give each" not in health.reason


def test_two_accounts_on_one_database_are_told_alike_and_what_the_config_enables_is_enabled(
    cli: Gateway, places: Places
) -> None:
    views(places, 'cliPath: "/nowhere/imsg", accounts: {bot: {}, work: {}}')
    listed = {one["id"]: one for one in cli("channels", "list", "--json").json["accounts"]}
    assert [one["enabled"] for one in listed.values()] == [True, True, True]
    assert listed["bot"]["unavailable"] is None
    assert "account bot reads" in listed["work"]["unavailable"]
    shown = cli("channels", "list")
    assert "account work does not run: account bot reads" in shown.out
    assert max(map(len, shown.out.splitlines()[:3])) < 100
    told = {one["id"]: one for one in cli("channels", "status", "--probe", "--json").json["accounts"]}
    assert [told[name]["state"] for name in ("default", "work")] == ["disabled", "disabled"]
    for name in ("default", "work"):
        assert told[name]["problem"]["remedy"].startswith("give each account the dbPath of its own")
