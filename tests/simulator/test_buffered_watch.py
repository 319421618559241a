"""The watch from 0.14 on (imsg protocol 12.7): answers first, bounded, patient with half-written rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.links import URL_BALLOON
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.streams import JoinPatience
from tests.simulator.harness import ANNA, BEN, DIRECT, TEAM, Rpc

NEW = ("--imsg-version", "0.15")


@pytest.fixture
def rpc(path: Path) -> Iterator[Rpc]:
    with Rpc(path, *NEW) as running:
        yield running


def subscribe(rpc: Rpc, **params: Any) -> dict[str, Any]:
    """The result, which is always the next line: no notification comes before it."""
    answer = rpc.call("watch.subscribe", **{"debounce_ms": 0, **params})["result"]
    assert isinstance(answer, dict)
    return answer


def many(db: MessagesDb, count: int) -> None:
    with db.transaction():
        for number in range(count):
            db.incoming(DIRECT, ANNA, f"n{number} {'x' * 1000}")


def test_the_answer_comes_before_a_replay_which_drains_at_once(rpc: Rpc, db: MessagesDb) -> None:
    many(db, 1000)
    result = subscribe(rpc, since_rowid=-1, debounce_ms=3_600_000, buffer_limit=4096)
    assert result == {"subscription": 1, "buffer_limit": 4096}
    ids = [rpc.message()["id"] for _ in range(1004)]
    assert ids == list(range(1, 1005))


def test_before_0_15_1_a_replay_takes_a_poll_for_each_hundred(path: Path, db: MessagesDb) -> None:
    many(db, 120)
    with Rpc(path, "--imsg-version", "0.15.0", "--fallback-ms", "3600000") as rpc:
        subscribe(rpc, since_rowid=4, debounce_ms=3_600_000)
        assert [rpc.message()["id"] for _ in range(100)] == list(range(5, 105))
        assert rpc.call("watch.unsubscribe", subscription=1)["result"] == {"ok": True}


@pytest.mark.parametrize(("cursor", "first"), [(-1, "text 1"), (2, "text 3"), (0, "new"), (None, "new")])
def test_since_rowid_is_exclusive_and_zero_means_now(rpc: Rpc, db: MessagesDb, cursor: int | None, first: str) -> None:
    subscribe(rpc, **({} if cursor is None else {"since_rowid": cursor}))
    db.incoming(DIRECT, ANNA, "new")
    assert rpc.message()["text"] == first


def test_too_many_unread_messages_end_the_stream_after_the_accepted_ones(path: Path, db: MessagesDb) -> None:
    with Rpc(path, *NEW, reads=False) as rpc:
        rpc.request("watch.subscribe", debounce_ms=0, buffer_limit=5)
        rpc.wait_for_output()
        many(db, 400)
        rpc.start_reading()
        assert rpc.line()["result"]["buffer_limit"] == 5
        ids = []
        while (line := rpc.line())["method"] == "message":
            ids.append(line["params"]["message"]["id"])
        assert line["method"] == "watch.overflow"
        assert ids == list(range(5, 5 + len(ids)))
        assert len(ids) < 400
        assert line["params"] == {
            "subscription": 1, "resume_after_rowid": ids[-1], "reason": "buffer_limit_exceeded", "terminal": True,
        }  # fmt: skip
        again = subscribe(rpc, since_rowid=ids[-1], buffer_limit=4096)
        assert again["subscription"] == 2
        assert rpc.message()["id"] == ids[-1] + 1


def test_nothing_follows_the_answer_to_unsubscribe(path: Path, db: MessagesDb) -> None:
    many(db, 300)
    with Rpc(path, *NEW, reads=False) as rpc:
        rpc.request("watch.subscribe", since_rowid=4, buffer_limit=4096)
        rpc.wait_for_output()
        rpc.request("watch.unsubscribe", "end", subscription=1)
        rpc.start_reading()
        rpc.answer("end")
        assert rpc.call("watch.unsubscribe", subscription=1)["result"] == {"ok": True}


def test_a_half_written_row_is_waited_for_and_holds_up_the_next(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc, debounce_ms=20)
    half = db.insert(NewMessage(None, "half", ANNA))
    db.incoming(DIRECT, ANNA, "behind")
    rpc.call("chats.list")
    db.join(TEAM, half.id, 0)
    first, second = rpc.message(), rpc.message()
    assert [(first["text"], first["chat_id"]), second["text"]] == [("half", TEAM), "behind"]


def test_a_row_that_stays_without_a_chat_is_dropped(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc, debounce_ms=5)
    db.insert(NewMessage(None, "lost", ANNA))
    db.incoming(DIRECT, ANNA, "behind")
    assert rpc.message()["text"] == "behind"


def test_a_row_is_looked_at_twenty_times_more_one_debounce_apart() -> None:
    patience = JoinPatience(100)
    assert not patience.is_over(7, 0)
    for look in range(1, 20):
        assert not patience.is_due(look * 100 - 1)
        assert not patience.is_over(7, look * 100 - 1)
        assert patience.is_due(look * 100)
        assert not patience.is_over(7, look * 100)
    assert patience.is_over(7, 2000)
    assert not patience.is_due(9999)


def test_tapbacks_come_only_when_asked_for_and_never_hold_the_cursor(rpc: Rpc, db: MessagesDb) -> None:
    with_them = subscribe(rpc, include_reactions=True)["subscription"]
    without = subscribe(rpc)["subscription"]
    guid = db.incoming(DIRECT, ANNA, "target").guid
    db.insert(NewMessage(DIRECT, "Loved", BEN, associated_guid=f"p:0/{guid}", associated_type=2000))
    db.incoming(DIRECT, ANNA, "after")
    seen: dict[int, list[str]] = {with_them: [], without: []}
    while not all("after" in texts for texts in seen.values()):
        params = rpc.line()["params"]
        seen[params["subscription"]].append(params["message"]["text"])
    assert seen == {with_them: ["target", "Loved", "after"], without: ["target", "after"]}


@pytest.mark.parametrize(("version", "chats"), [("0.15", [DIRECT]), ("0.9", [DIRECT, TEAM])])
def test_a_row_in_two_chats_comes_once_from_0_15_1_on(
    path: Path, db: MessagesDb, version: str, chats: list[int]
) -> None:
    with Rpc(path, "--imsg-version", version) as rpc:
        rpc.request("watch.subscribe", "sub", debounce_ms=0)
        rpc.answer("sub")
        with db.transaction():
            row = db.incoming(TEAM, ANNA, "both")
            db.join(DIRECT, row.id, 0)
        db.incoming(DIRECT, ANNA, "end")
        seen = []
        while (message := rpc.message())["text"] == "both":
            seen.append(message["chat_id"])
        assert sorted(seen) == chats


def test_a_chat_filter_shows_a_shared_row_under_its_own_number(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc, chat_id=TEAM)
    db.incoming(DIRECT, ANNA, "elsewhere")
    with db.transaction():
        row = db.incoming(DIRECT, ANNA, "both")
        db.join(TEAM, row.id, 0)
    message = rpc.message()
    assert (message["text"], message["chat_id"]) == ("both", TEAM)


def test_group_names_are_read_afresh(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    db.incoming(TEAM, BEN, "before")
    rpc.message()
    db.connection.execute("UPDATE chat SET display_name = 'Renamed' WHERE ROWID = ?", (TEAM,))
    db.incoming(TEAM, BEN, "after")
    assert rpc.message()["chat_name"] == "Renamed"


def test_a_link_and_its_preview_are_one_message_for_every_watch(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc)
    with db.transaction():
        text = db.insert(NewMessage(DIRECT, "see https://x.org", ANNA))
        preview = db.insert(NewMessage(DIRECT, "https://x.org", ANNA, balloon_bundle_id=URL_BALLOON))
    db.incoming(DIRECT, ANNA, "end")
    message = rpc.message()
    assert (message["id"], message["url_preview"]["id"]) == (text.id, preview.id)
    assert rpc.message()["text"] == "end"
    subscribe(rpc, since_rowid=text.id - 1)
    assert rpc.message()["url_preview"]["guid"] == preview.guid


def test_a_stream_that_cannot_read_ends_with_one_error(rpc: Rpc, db: MessagesDb) -> None:
    subscribe(rpc, attachments=True)
    db.connection.execute("ALTER TABLE message_attachment_join RENAME TO gone")
    db.incoming(DIRECT, ANNA, "x")
    ended = rpc.line()
    assert (ended["method"], ended["params"]["subscription"]) == ("error", 1)
    assert ended["params"]["error"]["message"].startswith("The operation couldn\u2019t be completed.")


def test_messages_after_pages_from_the_beginning(rpc: Rpc, db: MessagesDb) -> None:
    many(db, 250)
    loved = NewMessage(DIRECT, "Loved", BEN, associated_guid="p:0/x", associated_type=2000)
    with db.transaction():
        for _ in range(120):
            db.insert(loved)
    pages, cursor, more = [], 0, True
    while more:
        page = rpc.call("messages.after", since_rowid=cursor)["result"]
        pages.append(len(page["messages"]))
        cursor, more = page["next_rowid"], page["has_more"]
    assert (pages, cursor) == ([100, 100, 54, 0], 374)
    events = rpc.call("messages.after", since_rowid=300, include_reactions=True, limit=500)["result"]
    assert len(events["messages"]) == 74
    assert events["messages"][0]["is_reaction"] is True
    assert rpc.call("messages.after", since_rowid=0, chat_id=TEAM)["result"]["messages"][0]["text"] == "text 2"


def test_search_looks_into_texts_in_any_case(rpc: Rpc, db: MessagesDb) -> None:
    db.own(DIRECT, "Later on", attributed=True)
    found = rpc.call("messages.search", query="LATER")["result"]["messages"]
    assert [message["text"] for message in found] == ["Later on", "later"]
    exact = rpc.call("messages.search", query="LATER", match="exact", limit=1)["result"]["messages"]
    assert [message["text"] for message in exact] == ["later"]
