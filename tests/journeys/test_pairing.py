"""Pairing on real processes: a stranger asks, the owner decides on the command line, the running gateway obeys."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.pairing.guard import DENIED, MOST_CHALLENGES, TOO_MANY
from tests.journeys.house import House
from tests.support.waiting import wait_for

STRANGER = "+15550002222"
CODE = re.compile(r"Pairing code: ([A-Z2-9]{8})$", re.MULTILINE)


@pytest.fixture
def chat(house: House) -> int:
    """A running gateway under ``dmPolicy: pairing``, and the chat with somebody it does not know."""
    house.configure({"dmPolicy": "pairing"})
    chat = house.db.direct_chat(STRANGER)
    house.start()
    return chat


def pairing(house: House, *words: str) -> Any:
    """What ``gateway pairing WORDS --json`` prints."""
    done = house.command("pairing", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def says(house: House, chat: int, text: str) -> None:
    house.db.incoming(chat, STRANGER, text)


def challenge(house: House, chat: int, number: int = 1) -> str:
    """The code in the ``number``-th bubble, which is a challenge."""
    wait_for(f"bubble {number}", lambda: len(house.sent(chat)) >= number)
    found = CODE.search(house.sent(chat)[number - 1])
    assert found, house.sent(chat)
    return found[1]


def dropped(house: House, reason: str) -> int:
    """How many rows were dropped for ``reason``."""
    [(count,)] = house.journal("SELECT count(*) FROM inbound WHERE outcome = 'dropped' AND reason = ?", reason)
    return int(count)


def test_one_code_then_an_approval_in_lower_case_and_the_very_next_message_is_answered(house: House, chat: int) -> None:
    """The gateway runs all the while; what was said before the approval is not answered."""
    says(house, chat, "hello?")
    code = challenge(house, chat)
    says(house, chat, "anyone?")
    wait_for("the repeat to be dropped", lambda: dropped(house, "pairing pending"))
    assert len(house.sent(chat)) == 1
    [waiting] = pairing(house, "list")["requests"]
    assert (waiting["code"], waiting["id"]) == (code, STRANGER)
    assert pairing(house, "approve", "imsg", code.lower())["id"] == STRANGER
    says(house, chat, "and now?")
    wait_for("the answer", lambda: len(house.sent(chat)) > 1)
    assert house.sent(chat)[1:] == ["echo: and now?"]
    after = pairing(house, "list")
    assert after["requests"] == []
    assert [(one["id"], one["account"]) for one in after["approved"]] == [(STRANGER, "default")]
    assert house.stop() == 0


def test_the_notice_arrives_once_though_the_gateway_restarts_after_the_approval(house: House, chat: int) -> None:
    """Queued when the command returns, so a restart neither loses nor repeats it."""
    says(house, chat, "hello?")
    code = challenge(house, chat)
    approved = pairing(house, "approve", code, "--notify")
    assert approved["notified"] is True
    assert house.stop() == 0
    house.start()
    wait_for("the notice", lambda: len(house.sent(chat)) >= 2)
    says(house, chat, "and now?")
    wait_for("the answer", lambda: "echo: and now?" in house.sent(chat))
    _, notice, *rest = house.sent(chat)
    assert CODE.search(notice) is None
    assert rest == ["echo: and now?"]
    assert house.stop() == 0


def test_without_a_gateway_the_approval_counts_and_the_notice_is_only_remarked_upon(house: House, chat: int) -> None:
    says(house, chat, "hello?")
    code = challenge(house, chat)
    assert house.stop() == 0
    done = house.command("pairing", "approve", code, "--notify")
    assert done.returncode == 0
    assert "approved imessage" in done.stdout
    assert "could not be told" in done.stderr
    house.start()
    says(house, chat, "and now?")
    wait_for("the answer", lambda: house.sent(chat)[1:] == ["echo: and now?"])


def test_who_is_revoked_is_a_stranger_with_the_next_message(house: House, chat: int) -> None:
    """They may ask again, with a new code."""
    says(house, chat, "hello?")
    first = challenge(house, chat)
    pairing(house, "approve", first)
    says(house, chat, "in")
    wait_for("the answer", lambda: house.sent(chat)[1:] == ["echo: in"])
    assert pairing(house, "revoke", "(555) 000-2222")["revoked"] == [{"id": STRANGER, "account": "default"}]
    says(house, chat, "still in?")
    second = challenge(house, chat, 3)
    assert second != first
    assert len(house.sent(chat)) == 3
    assert house.command("pairing", "approve", first).returncode == 1


def test_nobody_is_offered_more_than_three_codes_a_day(house: House, chat: int) -> None:
    """However often they are let in and shut out again."""
    for number in range(MOST_CHALLENGES):
        says(house, chat, f"hello {number}?")
        pairing(house, "approve", challenge(house, chat, number + 1))
        pairing(house, "revoke", STRANGER)
    says(house, chat, "hello again?")
    wait_for("the drop", lambda: dropped(house, TOO_MANY))
    assert len(house.sent(chat)) == MOST_CHALLENGES
    assert pairing(house, "list")["requests"] == []


def test_who_is_denied_hears_nothing_more(house: House, chat: int) -> None:
    """The old code is dead and there is no new one, after a restart neither."""
    says(house, chat, "hello?")
    code = challenge(house, chat)
    assert pairing(house, "deny", code.lower())["denied"][0]["id"] == STRANGER
    says(house, chat, "why?")
    wait_for("the first drop", lambda: dropped(house, DENIED) == 1)
    assert house.command("pairing", "approve", code).returncode == 1
    assert house.stop() == 0
    house.start()
    says(house, chat, "please!")
    wait_for("the second drop", lambda: dropped(house, DENIED) == 2)
    assert len(house.sent(chat)) == 1
    assert pairing(house, "list")["requests"] == []


def test_a_code_is_gone_after_its_hour(house: House, chat: int) -> None:
    """It is not listed and lets nobody in; who writes again may ask anew."""
    says(house, chat, "hello?")
    code = challenge(house, chat)
    age(house, timedelta(hours=1, seconds=1))
    assert pairing(house, "list")["requests"] == []
    late = house.command("pairing", "approve", code)
    assert (late.returncode, late.stdout) == (1, "")
    assert code in late.stderr
    says(house, chat, "sorry, was away")
    assert challenge(house, chat, 2) != code
    assert len(pairing(house, "list")["requests"]) == 1


def age(house: House, by: timedelta) -> None:
    """Make the requests that wait older."""
    path = house.state / "credentials" / "imessage-pairing.json"
    content = json.loads(path.read_text())
    for one in content["requests"]:
        one["createdAt"] = (datetime.now(UTC) - by).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    path.write_text(json.dumps(content))
