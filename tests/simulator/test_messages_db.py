"""The database: bodies, dates, and the message objects imsg makes of rows."""

import plistlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.simulator import attributed_body, dates
from actors.simulator.chats import ChatCache
from actors.simulator.messages import Detail, MessageReader
from actors.simulator.messages_db import MessagesDb, NewMessage
from actors.simulator.reactions import read_tapback
from actors.simulator.rows import Filter, RowReader
from tests.simulator.harness import ANNA, BEN, CARA

ME = "+15550009999"
ALL = Detail(attachments=True, reactions=True, reaction_events=True)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[MessagesDb]:
    opened = MessagesDb.open(tmp_path / "chat.db", ME)
    yield opened
    opened.close()


def shown(db: MessagesDb, detail: Detail = ALL) -> list[dict[str, Any]]:
    reader = MessageReader(db.connection, ChatCache())
    rows = reader.rows.after(-1, None, 100, tapbacks=detail.reaction_events)
    return list(reader.show(rows, detail))


# The decoder of imsg ends a body at the bytes 86 84 and drops control characters in front.
@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=300))
def test_a_body_survives_its_archive(text: str) -> None:
    if b"\x86\x84" not in text.encode() and b"\x01\x2b" not in text.encode():
        assert attributed_body.decode(attributed_body.encode(text)) == text


@pytest.mark.parametrize("size", [1, 43, 127, 128, 255, 256, 8191, 32768, 70000])
def test_every_length_form_is_read_back(size: int) -> None:
    assert attributed_body.decode(attributed_body.encode("x" * size)) == "x" * size


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("\n\nhi", "hi"),
        ("x" * 8192, " " + "x" * 8192),
        ("before \u2184 after", "before \ufffd"),
    ],
    ids=["leading newlines are lost", "a stray character in front", "86 84 ends the body"],
)
def test_the_faults_of_imsgs_decoder_are_kept(text: str, read: str) -> None:
    assert attributed_body.decode(attributed_body.encode(text)) == read


@pytest.mark.parametrize("text", ["\n\nhi", "x" * 8192, "y" * 70000, "before \u2184 after", "x"])
def test_from_0_15_1_on_bodies_are_read_exactly(text: str) -> None:
    assert attributed_body.decode_exactly(attributed_body.encode(text)) == text


def test_blobs_that_are_no_archives_are_read_as_before() -> None:
    for blob in (b"plain", b"\x01\x2b", b"\x01\x2b\x09ab\x86\x84", b"\xff\xfeh\0"):
        assert attributed_body.decode_exactly(blob) == attributed_body.decode(blob)


def test_other_blobs_are_read_as_best_they_can() -> None:
    assert attributed_body.decode(b"\xff\xfe" + "hé".encode("utf-16-le")) == "hé"
    assert attributed_body.decode(b"plain \xff") == "plain \ufffd"
    assert attributed_body.decode(b"\x01\x2b\x02ab\x86\x84..\x01\x2b\x03abc\x86\x84") == "abc"


@pytest.mark.parametrize(
    ("apple", "text"),
    [
        (None, "2001-01-01T00:00:00.000Z"),
        (0, "2001-01-01T00:00:00.000Z"),
        (800_627_696_789_000_000, "2026-05-16T12:34:56.789Z"),
        (-1_000_000, "2000-12-31T23:59:59.999Z"),
        (2**63 - 1, "2293-04-11T23:47:16.854Z"),
    ],
)
def test_dates_are_written_in_utc_with_three_digits(apple: int | None, text: str) -> None:
    assert dates.iso(apple) == text


def test_dates_are_read_with_their_zone_and_converted_both_ways() -> None:
    assert dates.parse_iso("2026-05-16T14:34:56.789+02:00") == 800_627_696_789_000_000
    assert dates.apple_ns(dates.unix_ns(5)) == 5
    for bad in ("2026-05-16", "2026-05-16T12:34:56", "2026-13-16T12:34:56Z", ""):
        with pytest.raises(ValueError, match="month" if "-13-" in bad else f"^{bad}$"):
            dates.parse_iso(bad)


def test_an_incoming_message_carries_exactly_these_keys(db: MessagesDb) -> None:
    chat = db.group_chat("Team", [BEN, ANNA])
    stored = db.insert(NewMessage(chat, "hello", ANNA, date=1_500_000_000, guid="G-1"))
    assert shown(db) == [
        {
            "id": stored.id, "chat_id": chat, "guid": "G-1", "sender": ANNA, "is_from_me": False, "text": "hello",
            "created_at": "2001-01-01T00:00:01.500Z", "attachments": [], "reactions": [],
            "destination_caller_id": ME, "chat_identifier": shown(db)[0]["chat_identifier"],
            "chat_guid": f"iMessage;+;{shown(db)[0]['chat_identifier']}", "chat_name": "Team",
            "participants": [ANNA, BEN], "is_group": True,
        }
    ]  # fmt: skip


def test_an_own_row_shows_the_own_address_as_sender(db: MessagesDb) -> None:
    db.own(db.direct_chat(ANNA), "mine", attributed=True)
    (message,) = shown(db)
    assert (message["is_from_me"], message["sender"], message["destination_caller_id"]) == (True, ME, ME)
    assert message["text"] == "mine"


def test_a_row_without_a_join_has_chat_id_0_and_empty_chat_fields(db: MessagesDb) -> None:
    db.insert(NewMessage(None, "lost", ANNA))
    (message,) = shown(db)
    assert [message[key] for key in ("chat_id", "chat_identifier", "chat_guid", "chat_name")] == [
        0,
        "",
        "",
        "",
    ]
    assert (message["participants"], message["is_group"]) == ([], False)


def test_a_row_in_two_chats_comes_once_per_chat(db: MessagesDb) -> None:
    stored = db.incoming(db.direct_chat(ANNA), ANNA, "both")
    db.join(db.direct_chat(BEN), stored.id, 0)
    assert [(message["guid"], message["chat_id"]) for message in shown(db)] == [
        (stored.guid, 1),
        (stored.guid, 2),
    ]


@pytest.mark.parametrize(("kind", "is_group"), [("direct", False), ("group", True), ("group-ish", False)])
def test_is_group_follows_the_marker_in_the_guid(db: MessagesDb, kind: Any, is_group: bool) -> None:
    db.incoming(db.create_chat(kind, [ANNA, BEN][: 1 if kind == "direct" else 2]), ANNA, "x")
    assert shown(db)[0]["is_group"] is is_group


def test_attachments_are_listed_only_when_wanted(db: MessagesDb, tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(b"png")
    stored = db.incoming(db.direct_chat(ANNA), ANNA, "\ufffc")
    db.attach(stored.id, str(file), transfer_name="cat.png", uti="public.png", mime_type="image/png", total_bytes=3)
    db.attach(stored.id, "~/nowhere.png")
    assert shown(db, Detail())[0]["attachments"] == []
    here, gone = shown(db)[0]["attachments"]
    assert here == {
        "filename": str(file), "transfer_name": "cat.png", "uti": "public.png", "mime_type": "image/png",
        "total_bytes": 3, "is_sticker": False, "original_path": str(file), "missing": False,
    }  # fmt: skip
    assert (gone["missing"], gone["original_path"]) == (True, str(Path.home() / "nowhere.png"))


def test_a_voice_message_reads_as_its_transcription(db: MessagesDb) -> None:
    chat = db.direct_chat(ANNA)
    for info in (plistlib.dumps({"audio-transcription": "spoken"}, fmt=plistlib.FMT_BINARY), b"broken"):
        stored = db.insert(NewMessage(chat, "\ufffc", ANNA, is_audio=True))
        db.attach(stored.id, "~/a.caf", user_info=info)
    assert [message["text"] for message in shown(db)] == ["spoken", "\ufffc"]


def test_replies_name_their_parent(db: MessagesDb) -> None:
    chat = db.direct_chat(ANNA)
    db.insert(NewMessage(chat, "parent", BEN, guid="P"))
    db.insert(NewMessage(chat, "child", ANNA, thread_originator_guid="P"))
    db.insert(NewMessage(chat, "orphan", ANNA, associated_guid="p:0/GONE"))
    _, child, orphan = shown(db)
    assert (child["thread_originator_guid"], child["reply_to_text"], child["reply_to_sender"]) == (
        "P",
        "parent",
        BEN,
    )
    assert orphan["reply_to_guid"] == "GONE"
    assert "reply_to_text" not in orphan


def test_tapbacks_are_hidden_or_events_and_settle_on_the_message(db: MessagesDb) -> None:
    chat = db.direct_chat(ANNA)
    db.insert(NewMessage(chat, "target", ANNA, guid="T"))

    def tap(code: int, text: str, sender: str = ANNA, target: str = "p:0/T") -> None:
        db.insert(NewMessage(chat, text, sender, associated_guid=target, associated_type=code))

    tap(2000, "Loved")
    tap(2001, "Liked", BEN)
    tap(3000, "Removed")
    tap(2006, "Reacted \U0001f980 to \u201ctarget\u201d", CARA)
    tap(2006, "nothing to see", CARA)
    tap(2001, "Liked", ANNA, "bp:T")
    tap(2007, "sticker")
    assert [message["text"] for message in shown(db, Detail())] == ["target"]
    target, love, like, removed, crab, unknown, balloon, sticker = shown(db)
    assert [(found["type"], found["sender"]) for found in target["reactions"]] == [
        ("like", BEN),
        ("custom", CARA),
    ]
    assert (love["is_reaction"], love["reaction_type"], love["reacted_to_guid"]) == (True, "love", "T")
    assert (love["is_reaction_add"], removed["is_reaction_add"]) == (True, False)
    assert (crab["reaction_type"], crab["reaction_emoji"], like["reaction_emoji"]) == (
        "custom", "\U0001f980", "\U0001f44d",
    )  # fmt: skip
    assert unknown["is_reaction"] is True
    assert "reaction_type" not in unknown
    assert balloon["reacted_to_guid"] == "bp:T"
    assert "is_reaction" not in sticker
    assert sticker["reply_to_guid"] == "T"


def test_a_custom_tapback_falls_back_to_the_first_emoji() -> None:
    found = read_tapback(3006, "Removed a \U0001f469\u200d\U0001f4bb\ufe0f from it \U0001f980", "T")
    assert (found.emoji, found.is_add) == ("\U0001f469\u200d\U0001f4bb\ufe0f", False)


def test_history_leaves_tapbacks_out_and_breaks_ties_by_rowid(db: MessagesDb) -> None:
    chat = db.direct_chat(ANNA)
    for text in ("first", "second"):
        db.insert(NewMessage(chat, text, ANNA, date=7))
    db.insert(NewMessage(chat, "Loved", BEN, date=8, associated_guid="x", associated_type=2000))
    rows = RowReader(db.connection).history(chat, 10, Filter())
    assert [row.text for row in rows] == ["second", "first"]


def test_a_failed_transaction_leaves_nothing(db: MessagesDb) -> None:
    with pytest.raises(RuntimeError, match="stop"), db.transaction():
        db.incoming(db.direct_chat(ANNA), ANNA, "x")
        raise RuntimeError("stop")
    assert shown(db) == []
