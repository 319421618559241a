"""Agents that answer nonsense, never, or always wrongly; and people who do not wait for them."""

import json
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.journeys.house import House
from tests.support.scripts import python_script
from tests.support.waiting import wait_for

ANN, BEN = "+15550001111", "+15550002222"
MB = 1 << 20

AGENT = """\
import json, os, sys, time
turn = json.load(sys.stdin)
text, folder = turn["text"], os.environ["HOME"]
def out(data):
    sys.stdout.buffer.write(data)
odd = {
    "nothing": b"",
    "blank": b" \\n\\t \\n",
    "null": b'{"text": null}\\n',
    "half a pair": b'{"text": "\\\\ud83d"}\\n',
    "no utf-8": b"caf\\xe9 \\xff\\xfe",
    "joined": "\\u200d".encode() * 100_000,
    "long": b"x" * 5_000_000,
    "number": b"12345",
    "nul": b"a\\x00b",
}
if text in odd:
    out(odd[text])
elif text == "raise":
    raise RuntimeError("the secret plan")
elif text == "deaf":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
elif text.startswith("poison"):
    sys.exit("poisoned")
else:
    while os.path.exists(os.path.join(folder, "busy")):
        time.sleep(0.01)
    print("done " + text)
"""


class Office:
    """A house with one agent, and a session for each person."""

    def __init__(self, house: House, **defaults: Any) -> None:
        self.house = house
        runtime = {"type": "command", "command": [python_script(house.folder / "agent", AGENT)]}
        house.configure({"dmPolicy": "open", "allowFrom": ["*"]}, [{"id": "main", "runtime": runtime}])
        file = house.state / "openclaw.json"
        config = json.loads(file.read_text())
        config["agents"]["defaults"] = defaults
        config |= {"session": {"dmScope": "per-peer"}, "commands": {"ownerAllowFrom": [BEN]}}
        file.write_text(json.dumps(config))
        self.chats = {who: house.db.direct_chat(who) for who in (ANN, BEN)}
        house.start()

    def say(self, who: str, *texts: str) -> None:
        """Somebody writes."""
        with self.house.db.transaction():
            for text in texts:
                self.house.db.incoming(self.chats[who], who, text)

    def sent(self, who: str) -> list[str]:
        """What the chat of somebody shows of us."""
        return self.house.sent(self.chats[who])

    def ended(self, **counts: int) -> None:
        """Until the outcomes are these."""
        wait_for(f"the outcomes {counts}", lambda: self.house.ends() == counts, 60)

    def actors(self) -> list[dict[str, Any]]:
        """``inspect -c actors``."""
        shown = self.house.command("inspect", "-c", "actors", "--json")
        assert shown.returncode == 0, shown.stderr
        return list(json.loads(shown.stdout)["actors"])


@pytest.fixture
def office(house: House) -> Callable[..., Office]:
    """Opens an office with the keys of ``agents.defaults``."""
    return lambda **defaults: Office(house, **defaults)


@pytest.fixture
def house(tmp_path: Any) -> Any:
    """An empty house over the simulator."""
    one = House(tmp_path)
    try:
        yield one
    finally:
        one.close()


SAID = {
    "nothing": None,
    "blank": None,
    "null": None,
    "half a pair": "�",
    "no utf-8": "caf� ��",
    "joined": None,
    "number": "12345",
    "nul": "ab",
}


def test_nonsense_is_one_outcome_each_and_no_word_of_a_failure_reaches_the_chat(office: Callable[..., Office]) -> None:
    place = office()
    place.say(ANN, *SAID, "raise", "hello")
    silent = sum(text is None for text in SAID.values())
    place.ended(replied=len(SAID) - silent + 1, absorbed=silent, held=1)
    assert place.sent(ANN) == [*(text for text in SAID.values() if text is not None), "done hello"]
    [(reason,)] = place.house.journal("SELECT reason FROM inbound WHERE outcome = 'held'")
    assert reason.startswith("agent failed: exited with code 1")
    place.say(ANN, "long")
    wait_for("an outcome", lambda: sum(place.house.ends().values()) == len(SAID) + 3, 60)
    assert not any("Traceback" in text or "secret" in text for text in place.sent(ANN))


def test_an_agent_that_is_deaf_costs_its_time_and_its_owner_hears_of_it(office: Callable[..., Office]) -> None:
    place = office(timeoutSeconds=1)
    place.say(BEN, "hello")
    place.ended(replied=1)
    place.say(ANN, "deaf", "and now?")
    place.ended(replied=2, held=1)
    assert place.sent(ANN) == ["done and now?"]
    wait_for("the notice", lambda: len(place.sent(BEN)) == 2)
    notice = place.sent(BEN)[1]
    assert "timed out after 1 s" in notice
    assert place.house.stop() == 0


def test_a_hundred_messages_while_it_is_busy_are_answered_in_order_once_each(office: Callable[..., Office]) -> None:
    place = office()
    busy = place.house.folder / "busy"
    busy.touch()
    texts = [f"message {number}" for number in range(100)]
    place.say(ANN, *texts)
    wait_for("all of them", lambda: place.house.ends()["open"] == 100)
    busy.unlink()
    place.ended(replied=100)
    assert place.sent(ANN) == [f"done {text}" for text in texts]


def test_a_poisoned_session_is_set_aside_after_three_and_the_others_go_on(office: Callable[..., Office]) -> None:
    place = office()
    place.say(BEN, "hello")
    place.say(ANN, "poison 1", "poison 2", "poison 3", "hello?")
    place.ended(replied=1, held=4)
    reasons = [reason for (reason,) in place.house.journal("SELECT reason FROM inbound WHERE outcome = 'held'")]
    assert [reason.partition(":")[0] for reason in reasons] == ["agent failed"] * 3 + ["quarantined"]
    place.say(BEN, "still there?")
    place.ended(replied=2, held=4)
    assert "done still there?" in place.sent(BEN)
    assert place.sent(ANN) == []
    wait_for("word to the owner", lambda: any("held" in text for text in place.sent(BEN)))
    listed = json.loads(place.house.command("sessions", "list", "--json").stdout)["sessions"]
    assert {one["key"]: one["state"] for one in listed} == {
        f"agent:main:direct:{ANN}": "quarantined",
        f"agent:main:direct:{BEN}": "idle",
    }
    place.house.kill()
    place.house.start()
    place.say(ANN, "hello again")
    place.ended(replied=2, held=5)
    released = place.house.command("sessions", "release", ANN)
    assert "not quarantined any more" in released.stdout
    wait_for("the answers", lambda: place.sent(ANN)[-2:] == ["done hello?", "done hello again"], 60)


@pytest.mark.slow
def test_thousands_of_messages_wait_on_disk_and_not_in_mailboxes(office: Callable[..., Office]) -> None:
    place = office()
    busy = place.house.folder / "busy"
    busy.touch()
    assert place.house.process is not None
    gateway = psutil.Process(place.house.process.pid)
    before = gateway.memory_info().rss
    place.say(ANN, *(f"message {number}" for number in range(5_000)))
    wait_for("all of them in the journal", lambda: place.house.ends()["open"] == 5_000, 60)
    depths = {one["name"]: one["mailbox"] for one in place.actors()}
    assert max(depths.values()) < 300, depths
    assert gateway.memory_info().rss - before < 40 * MB
    place.say(BEN, "hello")
    stopped = place.house.stop()
    assert stopped == 0
