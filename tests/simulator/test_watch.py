"""The watch: cursors, polls, what it skips, and that other processes' writes come through it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.links import URL_BALLOON, LinkDeduper
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.rows import Row, RowReader
from actors.simulator.watch import PollSchedule
from tests.simulator.harness import ANNA, BEN, DIRECT, SMS, TEAM, Rpc, imsg

FAR_MS = 3_600_000


@pytest.fixture
def rpc(path: Path) -> Iterator[Rpc]:
    with Rpc(path) as running:
        yield running


def subscribe(rpc: Rpc, **params: Any) -> int:
    """Subscribe without a debounce unless told otherwise; replayed rows may come before the answer."""
    rpc.request("watch.subscribe", "sub", **{"debounce_ms": 0, **params})
    return int(rpc.answer("sub")["result"]["subscription"])


def test_a_message_written_by_another_process_arrives(rpc: Rpc, path: Path) -> None:
    subscribe(rpc)
    imsg("receive", "--db", str(path), "--chat-id", str(TEAM), "--from", BEN, "--text", "hello / there")
    message = rpc.message()
    assert (message["text"], message["sender"], message["chat_id"]) == ("hello / there", BEN, TEAM)


def test_an_own_message_comes_back(rpc: Rpc) -> None:
    subscribe(rpc)
    rpc.request("send", 7, chat_id=DIRECT, text="echo me")
    lines = [rpc.line(), rpc.line()]
    result = next(line["result"] for line in lines if "id" in line)
    message = next(line["params"]["message"] for line in lines if "method" in line)
    assert (message["guid"], message["id"], message["is_from_me"]) == (result["guid"], result["id"], True)


@pytest.mark.parametrize(
    ("cursor", "first"), [(-1, "text 1"), (2, "text 3"), (0, "new"), (None, "new"), ("3", "later")]
)
def test_since_rowid_is_exclusive_and_zero_means_now(rpc: Rpc, db: MessagesDb, cursor: object, first: str) -> None:
    rpc.request("watch.subscribe", "sub", since_rowid=cursor, debounce_ms=0)
    if cursor in (0, None):
        rpc.answer("sub")
    db.incoming(DIRECT, ANNA, "new")
    assert rpc.message()["text"] == first


def test_a_poll_brings_a_hundred_rows_and_the_rest_waits_for_the_next(rpc: Rpc, db: MessagesDb) -> None:
    with db.transaction():
        for number in range(150):
            db.incoming(DIRECT, ANNA, f"n{number}")
    rpc.request("watch.subscribe", "sub", since_rowid=4, debounce_ms=FAR_MS)
    assert [rpc.message()["text"] for _ in range(100)] == [f"n{number}" for number in range(100)]
    rpc.request("watch.unsubscribe", "end", subscription=1)
    assert rpc.until(lambda line: line.get("id") != "sub")["id"] == "end"


def test_a_burst_is_delivered_whole_and_in_order_without_a_debounce(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    with db.transaction():
        for number in range(10_000):
            db.incoming(DIRECT, ANNA, str(number))
    assert [rpc.message()["text"] for _ in range(10_000)] == [str(number) for number in range(10_000)]


def test_chat_and_participant_filters(rpc: Rpc, db: MessagesDb) -> None:
    team = subscribe(rpc, chat_id=TEAM)
    ben = subscribe(rpc, participants=[BEN.lower()])
    for chat_id, sender, text in ((DIRECT, ANNA, "none"), (TEAM, ANNA, "team"), (DIRECT, BEN, "ben")):
        db.incoming(chat_id, sender, text)
    got = {line["params"]["subscription"]: line["params"]["message"]["text"] for line in (rpc.line(), rpc.line())}
    assert got == {team: "team", ben: "ben"}


def test_nothing_of_a_subscription_follows_its_end(rpc: Rpc, db: MessagesDb) -> None:
    first = subscribe(rpc)
    second = subscribe(rpc)
    assert rpc.call("watch.unsubscribe", subscription=first)["result"] == {"ok": True}
    for text in ("a", "b"):
        db.incoming(DIRECT, ANNA, text)
    assert [rpc.line()["params"]["subscription"] for _ in range(2)] == [second, second]


def test_tapbacks_come_only_when_asked_for(rpc: Rpc, db: MessagesDb) -> None:
    with_them = subscribe(rpc, include_reactions=True)
    without = subscribe(rpc)
    guid = db.incoming(DIRECT, ANNA, "target").guid
    db.insert(NewMessage(DIRECT, "Loved", BEN, associated_guid=f"p:0/{guid}", associated_type=2000))
    db.incoming(DIRECT, ANNA, "after")
    seen: dict[int, list[str]] = {with_them: [], without: []}
    while not all("after" in texts for texts in seen.values()):
        params = rpc.line()["params"]
        seen[params["subscription"]].append(params["message"]["text"])
    assert seen == {with_them: ["target", "Loved", "after"], without: ["target", "after"]}


def test_attachments_are_empty_unless_asked_for(rpc: Rpc, db: MessagesDb) -> None:
    shown = subscribe(rpc, attachments=True)
    subscribe(rpc)
    with db.transaction():
        db.attach(db.incoming(DIRECT, ANNA, "\ufffc").id, "~/a.png", transfer_name="a.png")
    for line in (rpc.line(), rpc.line()):
        expected = 1 if line["params"]["subscription"] == shown else 0
        assert len(line["params"]["message"]["attachments"]) == expected


def test_a_row_without_a_join_comes_with_chat_id_0(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    db.insert(NewMessage(None, "lost", ANNA))
    assert rpc.message()["chat_id"] == 0


def test_group_names_are_read_once_per_process(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    db.incoming(TEAM, BEN, "before")
    before = rpc.message()["chat_name"]
    db.connection.execute("UPDATE chat SET display_name = 'Renamed' WHERE ROWID = ?", (TEAM,))
    db.incoming(TEAM, BEN, "after")
    assert rpc.message()["chat_name"] == before


def test_a_stream_that_cannot_read_ends_with_one_error(rpc: Rpc, db: MessagesDb) -> None:
    number = subscribe(rpc, attachments=True)
    db.connection.execute("ALTER TABLE message_attachment_join RENAME TO gone")
    db.incoming(DIRECT, ANNA, "x")
    ended = rpc.line()
    assert (ended["method"], ended["params"]["subscription"]) == ("error", number)
    assert ended["params"]["error"]["message"].startswith("The operation couldn\u2019t be completed.")
    error = rpc.call("messages.history", chat_id=DIRECT, attachments=True)["error"]
    assert (error["code"], error["data"]) == (-32603, ended["params"]["error"]["message"])


def test_a_link_seen_in_this_process_is_not_replayed(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    link = NewMessage(SMS, "https://example.org", ANNA, balloon_bundle_id=URL_BALLOON)
    for row in (link, link):
        db.insert(row)
    last = db.incoming(SMS, ANNA, "done").id
    assert [rpc.message()["text"], rpc.message()["text"]] == ["https://example.org", "done"]
    rpc.call("watch.unsubscribe", subscription=1)
    rpc.request("watch.subscribe", "again", since_rowid=last - 3, debounce_ms=0)
    assert rpc.message()["text"] == "done"


def test_links_repeat_within_90_seconds_of_message_time(db: MessagesDb) -> None:
    def row(at_s: int, text: str = "https://x", balloon: str | None = URL_BALLOON) -> Row:
        db.insert(NewMessage(DIRECT, text, ANNA, date=at_s * 10**9, balloon_bundle_id=balloon))
        reader = RowReader(db.connection)
        return reader.after(reader.newest_rowid() - 1, None, 1, tapbacks=False)[0]

    links = LinkDeduper()
    assert not links.is_repeat(row(1000))
    assert links.is_repeat(row(1090))
    assert not links.is_repeat(row(1090, "https://y"))
    assert not links.is_repeat(row(1090, balloon=None))
    assert not links.is_repeat(row(1181))
    assert not links.is_repeat(row(9999))


def test_events_open_one_window_and_the_fallback_is_regular() -> None:
    schedule = PollSchedule(now=0, debounce_ms=500, fallback_ms=5000)
    assert not schedule.event_is_due(1000)
    schedule.noticed(1000)
    schedule.noticed(1400)
    assert not schedule.event_is_due(1499)
    assert schedule.event_is_due(1500)
    assert not schedule.event_is_due(1600)
    assert not schedule.fallback_is_due(4999)
    assert schedule.fallback_is_due(5000)
    assert not schedule.fallback_is_due(9999)


def test_the_first_versions_have_no_regular_poll() -> None:
    schedule = PollSchedule(now=0, debounce_ms=250, fallback_ms=None)
    assert not schedule.fallback_is_due(10**9)
    schedule.noticed(10**9)
    assert schedule.event_is_due(10**9 + 250)


def test_0_5_waits_250_ms_whatever_is_asked(path: Path, db: MessagesDb) -> None:
    with Rpc(path, "--imsg-version", "0.5") as old:
        subscribe(old, debounce_ms=FAR_MS)
        db.incoming(DIRECT, ANNA, "new")
        assert old.message()["text"] == "new"


def test_poll_size_and_fallback_can_be_set(path: Path, db: MessagesDb) -> None:
    with db.transaction():
        for number in range(10):
            db.incoming(DIRECT, ANNA, f"n{number}")
    with Rpc(path, "--imsg-version", "0.6", "--poll-rows", "3", "--fallback-ms", "20") as quick:
        quick.request("watch.subscribe", "sub", since_rowid=4, debounce_ms=FAR_MS)
        assert [quick.message()["text"] for _ in range(10)] == [f"n{number}" for number in range(10)]
    with Rpc(path, "--imsg-version", "0.6", "--poll-rows", "3") as slow:
        slow.request("watch.subscribe", "sub", since_rowid=4, debounce_ms=FAR_MS)
        assert [slow.message()["text"] for _ in range(3)] == ["n0", "n1", "n2"]
        slow.request("watch.unsubscribe", "end", subscription=1)
        assert slow.until(lambda line: line.get("id") != "sub")["id"] == "end"


@pytest.mark.parametrize(
    ("version", "parameter"), [("0.5", "attachments"), ("0.6", "include_reactions"), ("0.9", "include_reactions")]
)
def test_reactions_stand_behind_another_parameter_in_0_5(
    path: Path, db: MessagesDb, version: str, parameter: str
) -> None:
    guid = db.incoming(DIRECT, ANNA, "target").guid
    db.insert(NewMessage(DIRECT, "Loved", BEN, associated_guid=f"p:0/{guid}", associated_type=2000))
    for name in ("attachments", "include_reactions"):
        with Rpc(path, "--imsg-version", version) as rpc:
            rpc.request("watch.subscribe", since_rowid=4, **{name: True})
            assert bool(rpc.message()["reactions"]) is (name == parameter)


@pytest.mark.parametrize(("version", "times"), [("0.5", 2), ("0.6", 1)])
def test_repeated_links_are_dropped_from_0_6_on(path: Path, db: MessagesDb, version: str, times: int) -> None:
    for _ in range(2):
        db.insert(NewMessage(SMS, "https://example.org", ANNA, balloon_bundle_id=URL_BALLOON))
    db.incoming(SMS, ANNA, "end")
    with Rpc(path, "--imsg-version", version) as rpc:
        rpc.request("watch.subscribe", since_rowid=4)
        texts = [rpc.message()["text"] for _ in range(times + 1)]
    assert texts == ["https://example.org"] * times + ["end"]


@pytest.mark.parametrize(("version", "keys"), [("0.6", set()), ("0.9", {"reply_to_text", "reply_to_sender"})])
def test_replies_quote_their_parent_from_0_9_on(path: Path, db: MessagesDb, version: str, keys: set[str]) -> None:
    parent = db.incoming(DIRECT, ANNA, "parent")
    db.insert(NewMessage(DIRECT, "child", BEN, thread_originator_guid=parent.guid))
    with Rpc(path, "--imsg-version", version) as rpc:
        rpc.request("watch.subscribe", since_rowid=parent.id)
        assert rpc.message().keys() & {"reply_to_text", "reply_to_sender"} == keys
