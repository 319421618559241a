"""The main job on real processes: rows in, answers out, exactly once, in order."""

import json
from collections import defaultdict

from tests.journeys.house import House
from tests.support.waiting import wait_for

BURST = 4000


def test_hi_in_chat_seven_is_answered_once_in_chat_seven(house: House) -> None:
    """Exactly one send to the chat it came from; its own row coming back is not answered."""
    house.configure()
    chats = [house.db.direct_chat(f"+1555000000{number}") for number in range(8)]
    house.start()
    assert chats[6] == 7
    house.db.incoming(7, "+15550000006", "hi")
    wait_for("the answer", lambda: house.sent())
    wait_for("the echo row in the journal", lambda: house.outcomes() == {"replied": 1, "dropped": 1})
    assert house.sent(7) == ["echo: hi"]
    assert house.sent() == ["echo: hi"]
    assert house.stop() == 0


def test_a_burst_is_answered_exactly_once_and_in_order(house: House) -> None:
    """Thousands of messages over 50 chats at once."""
    house.configure()
    handles = [f"+1555100{number:04d}" for number in range(50)]
    chats = [house.db.direct_chat(handle) for handle in handles]
    house.start()
    with house.db.transaction():
        for number in range(BURST):
            house.db.incoming(chats[number % 50], handles[number % 50], f"m {number}")
    wait_for("all answers", lambda: (house.status() or {}).get("counts", {}).get("replied") == BURST, 90)
    wait_for("the last bubble", lambda: len(house.sent()) == BURST)
    for index, chat in enumerate(chats):
        assert house.sent(chat) == [f"echo: m {number}" for number in range(index, BURST, 50)]
    assert house.stop() == 0


def test_what_came_while_the_gateway_was_down_is_answered(house: House) -> None:
    """The cursor is durable: nothing is lost over a stop, and a first run answers nothing old."""
    house.configure()
    chat = house.db.direct_chat("+15550001111")
    house.db.incoming(chat, "+15550001111", "before the first run")
    house.start()
    wait_for("a baseline", lambda: house.journal("SELECT cursor FROM source WHERE cursor IS NOT NULL"))
    assert house.stop() == 0
    house.db.incoming(chat, "+15550001111", "while down")
    house.start()
    wait_for("the answer", lambda: house.sent())
    assert house.sent() == ["echo: while down"]
    house.stop()


def test_pairing_from_code_to_answer(house: House) -> None:
    """A stranger gets one code, is ignored until approved on the command line, and is answered at once after that."""
    house.configure({"dmPolicy": "pairing"})
    chat = house.db.direct_chat("+15550002222")
    house.start()
    house.db.incoming(chat, "+15550002222", "hello?")
    [challenge] = wait_for("the pairing answer", lambda: house.sent(chat))
    house.db.incoming(chat, "+15550002222", "anyone?")
    wait_for("the repeat to be dropped", lambda: house.outcomes()["dropped"] >= 3)
    listed = json.loads(house.command("pairing", "list", "--json").stdout)
    code = listed["requests"][0]["code"]
    assert code in challenge
    assert "+15550002222" in challenge
    approved = house.command("pairing", "approve", "imessage", code.lower())
    assert approved.returncode == 0, approved.stderr
    house.db.incoming(chat, "+15550002222", "and now?")
    wait_for("the answer", lambda: house.sent(chat)[1:])
    assert house.sent(chat)[1:] == ["echo: and now?"]
    assert house.stop() == 0


def test_groups_need_a_mention_and_have_sessions_of_their_own(house: House) -> None:
    """Mention gating, a group session per chat, and a group-ish thread made a group by its key."""
    channel = {
        "dmPolicy": "allowlist",
        "allowFrom": ["+15550003333"],
        "groups": {"*": {}, "3": {"requireMention": False}},
    }
    agents = [{"id": "main", "runtime": {"type": "echo"}, "groupChat": {"mentionPatterns": ["@?pat\\b"]}}]
    house.configure(channel, agents)
    direct = house.db.direct_chat("+15550003333")
    group = house.db.group_chat("Family", ["+15550003333", "+15550004444"])
    groupish = house.db.create_chat("group-ish", ["+15550003333", "+15550004444"], name="Trip")
    assert (direct, group, groupish) == (1, 2, 3)
    house.start()
    house.db.incoming(group, "+15550003333", "dinner at eight")
    house.db.incoming(group, "+15550003333", "pat, what is for dinner?")
    house.db.incoming(group, "+15550004444", "pat, me too?")
    house.db.incoming(groupish, "+15550003333", "flights are booked")
    house.db.incoming(direct, "+15550003333", "hi")
    wait_for("three answers", lambda: len(house.sent()) == 3)
    wait_for("all rows in the journal", lambda: house.outcomes() == {"replied": 3, "dropped": 5})
    assert house.sent(group) == ["echo: pat, what is for dinner?"]
    sessions = dict(house.journal("SELECT chat_id, session FROM inbound WHERE kind = 'admit'"))
    assert sessions == {
        1: "agent:main:main",
        2: "agent:main:imessage:group:2",
        3: "agent:main:imessage:group:3",
    }
    reasons = {row[0] for row in house.journal("SELECT reason FROM inbound WHERE outcome = 'dropped'")}
    assert reasons == {"no mention", "not in groupAllowFrom", "from me"}
    assert house.stop() == 0


def test_two_gateways_on_one_state_folder(house: House) -> None:
    """The second one exits 75 and names the first; the lock is free as soon as the first is killed."""
    house.configure()
    house.db.direct_chat("+15550001111")
    first = house.start()
    second = house.command("run")
    assert second.returncode == 75
    assert str(first.pid) in second.stderr
    house.kill()
    house.start()
    assert house.stop() == 0


def test_order_holds_within_every_chat_when_they_interleave(house: House) -> None:
    """Group chats and direct chats in one stream: each chat sees its own answers in its own order."""
    house.configure({"dmPolicy": "open", "allowFrom": ["*"], "groupPolicy": "open"})
    handle = "+15550005555"
    chats = [house.db.direct_chat(handle), *(house.db.group_chat(f"g{n}", [handle, "+15550006666"]) for n in range(4))]
    house.start()
    expected: dict[int, list[str]] = defaultdict(list)
    with house.db.transaction():
        for number in range(500):
            chat = chats[number * 7 % 5]
            house.db.incoming(chat, handle, f"n {number}")
            expected[chat].append(f"echo: n {number}")
    wait_for("500 answers", lambda: len(house.sent()) == 500)
    assert {chat: house.sent(chat) for chat in chats} == expected
    house.stop()
