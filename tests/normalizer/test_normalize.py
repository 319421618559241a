"""A wire row in, a message or a malformed row out: one wrong type sets the whole row aside, nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Attachment, Inbound
from actors.normalizer.normalize import Malformed, WireRow, moment, normalize
from tests.support.examples import examples
from tests.support.rows import ACCOUNT, ANN, START, guid, inbound, raw, wire


def read(body: bytes) -> Inbound | Malformed:
    """The row in ``body``."""
    return normalize(ACCOUNT, 1, body, START)


def of(**keys: Any) -> Inbound | Malformed:
    """A good row with these keys."""
    return read(raw(**keys))


def test_a_row_becomes_a_message_in_our_terms() -> None:
    row = inbound(
        42,
        chat=9,
        text="hi",
        chat_guid="iMessage;+;chat9",
        chat_identifier="chat9",
        chat_name="Family",
        sender="+15550001111",
        sender_name="Ben",
        destination_caller_id="+15559990000",
        is_group=True,
        participants=["+15550001111", "+15550002222"],
        reply_to_guid="R",
        created_at="2027-01-15T08:00:00.123Z",
        attachments=[
            {
                "original_path": "/a.jpg",
                "mime_type": "image/jpeg",
                "transfer_name": "a.jpg",
                "total_bytes": 5,
                "missing": False,
            }
        ],
    )
    assert (row.account, row.source, row.rowid, row.guid) == (ACCOUNT, 1, 42, guid(42))
    assert row.chat == Chat(9, "iMessage;+;chat9", "chat9", "Family", True, ("+15550001111", "+15550002222"))
    assert (row.sender, row.sender_name, row.own_handle) == ("+15550001111", "Ben", "+15559990000")
    assert (row.text, row.is_from_me, row.is_reaction, row.reply_to_guid) == ("hi", False, False, "R")
    assert row.sent_at == 1_800_000_000.123
    assert row.received_at == START
    assert row.attachments == (Attachment("/a.jpg", "image/jpeg", "a.jpg", 5, False),)
    assert json.loads(row.raw)["chat_name"] == "Family"


# Types (inbound 1.4): every field, with a value of every wrong type

TEXTS = [
    "guid",
    "chat_guid",
    "chat_identifier",
    "chat_name",
    "sender",
    "sender_name",
    "destination_caller_id",
    "text",
    "reply_to_guid",
    "thread_originator_guid",
    "reply_to_text",
    "reply_to_sender",
    "created_at",
    "associated_message_guid",
    "reaction_type",
    "reaction_emoji",
    "reacted_to_guid",
    "balloon_bundle_id",
]
FLAGS = ["is_from_me", "is_group", "is_reaction", "is_tapback", "is_reaction_add"]
FILE_TEXTS = ["original_path", "mime_type", "transfer_name", "filename", "uti", "converted_path"]


def each(names: list[str], *values: Any) -> list[tuple[str, Any]]:
    """Every name with every value."""
    return [(name, value) for name in names for value in values]


WRONG: list[tuple[str, Any]] = [
    *each(TEXTS, 5, 1.5, True, [], {}),
    *each(FLAGS, 0, 1, "true", [], {}),
    *each(["id"], "1", 1.0, 1.5, True, [], {}, None, ..., 0, -1, 2**63, 2**64, 10**400, ""),
    *each(["chat_id"], "7", 7.0, 7.5, True, [], {}, 2**63, -(2**63), 10**400),
    *each(["reply_to_id"], True, [], {}),
    *each(["associated_message_type"], "2000", True, [], {}),
    *each(["attachments"], "x", 5, {}, [5], ["x"], [None], [[]]),
    *each(["participants"], "x", 5, {}, [5], [None], [["x"]]),
    *each(["poll"], "x", 5, [], True),
    *each(["guid"], "", None, ...),
    *(("attachments", [{name: value}]) for name, value in each(FILE_TEXTS, 5, True, [], {})),
    *(("attachments", [{name: value}]) for name, value in each(["total_bytes"], "5", True, [], {})),
    *(("attachments", [{name: value}]) for name, value in each(["missing", "is_sticker"], 1, "x", [])),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: repr(value)[:30])
def test_one_wrong_value_sets_the_row_aside_with_its_bytes(name: str, value: Any) -> None:
    body = raw(**{name: value})
    row = read(body)
    assert isinstance(row, Malformed)
    assert row.error
    kept = row.row
    assert (kept.guid, kept.rowid, kept.chat.id, kept.sender, kept.text) == ("", 0, 0, "", "")
    assert (kept.account, kept.source, kept.raw, kept.received_at) == (ACCOUNT, 1, body, START)


def test_the_table_of_wrong_types_covers_every_field() -> None:
    assert {name for name, _ in WRONG} == set(WireRow.__struct_fields__)


@pytest.mark.parametrize("name", [name for name in WireRow.__struct_fields__ if name not in ("id", "guid")])
def test_null_means_absent(name: str) -> None:
    null, absent = of(**{name: None}), of(**{name: ...})
    assert isinstance(null, Inbound)
    assert isinstance(absent, Inbound)
    assert replace(null, raw=b"") == replace(absent, raw=b"")


def test_unknown_keys_are_fine() -> None:
    assert isinstance(of(url_preview={"title": "x"}, is_read=True, something=[1, {"a": None}]), Inbound)


@pytest.mark.parametrize("number", [1, 2**31, 2**53 + 1, 2**63 - 1])
def test_row_ids_up_to_the_largest_are_exact(number: int) -> None:
    row = of(id=number)
    assert isinstance(row, Inbound)
    assert row.rowid == number


@pytest.mark.parametrize("chat_id", [0, -1, None, ...])
def test_a_broken_chat_anchor_is_no_chat(chat_id: Any) -> None:
    """Types are right; whether such a row may speak is for the gate, and it never becomes another chat."""
    row = of(chat_id=chat_id)
    assert isinstance(row, Inbound)
    assert row.chat.id <= 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"5",
        b'"x"',
        b"{",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b'{"id": 1}',
        b'{"id": 1, "guid": "x"',
        b'{"id": 1, "guid": "x"} {"id": 2, "guid": "y"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id": ' + b"9" * 10_000 + b', "guid": "x"}',
        b'{"id": 1, "guid": "x", "poll": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_row_is_malformed_and_kept(body: bytes) -> None:
    row = read(body)
    assert isinstance(row, Malformed)
    assert row.row.raw == body


# Text


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("plain", "plain"),
        ("\ufffc", ""),
        ("\ufffcsee this", "see this"),
        ("a\ufffcb\ufffc", "ab"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("é\r\n\ufffc", "é\n"),
        ("\r\n\r\n", "\n\n"),
        ("typed \\n stays", "typed \\n stays"),
        ("  spaces stay  ", "  spaces stay  "),
        ("e\u0301 nfd stays", "e\u0301 nfd stays"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\u2028line\u2029", "\u2028line\u2029"),
        ("nul \x00 bell \x07", "nul \x00 bell \x07"),
    ],
)
def test_text_is_cleaned_of_placeholders_and_line_ends_and_nothing_else(given_text: str, text: str) -> None:
    assert inbound(text=given_text).text == text


def test_half_a_surrogate_pair_is_replaced_and_the_row_lives() -> None:
    body = json.dumps(wire(text="a\ud83d b\udc00")).encode()
    row = read(body)
    assert isinstance(row, Inbound)
    assert row.text.encode() and row.text[0] == "a" and " b" in row.text
    assert row.raw == body
    assert row.guid == guid(1)


def test_a_whole_pair_is_one_character() -> None:
    row = read(json.dumps(wire(text="\U0001f600")).encode())
    assert isinstance(row, Inbound)
    assert row.text == "\U0001f600"


def test_broken_utf8_is_replaced_and_the_row_lives() -> None:
    body = raw(text="caf?").replace(b"caf?", b"caf\xe9\xff")
    row = read(body)
    assert isinstance(row, Inbound)
    assert row.text == "caf\ufffd\ufffd"
    assert row.raw == body


def test_a_megabyte_of_text_is_fine() -> None:
    assert inbound(text="x\u20ac" * 500_000).text == "x\u20ac" * 500_000


# The chat


@pytest.mark.parametrize(
    ("keys", "group"),
    [
        ({"is_group": True}, True),
        ({"is_group": False, "chat_guid": "iMessage;+;chat1"}, True),
        ({"is_group": False, "chat_identifier": "iMessage;+;chat1"}, True),
        ({"is_group": False}, False),
        ({"is_group": None, "chat_guid": "iMessage;+;chat1"}, True),
        ({"is_group": None, "chat_guid": f"iMessage;-;{ANN}"}, False),
        ({"is_group": None, "chat_guid": "", "participants": [ANN]}, False),
        ({"is_group": None, "chat_guid": "", "participants": [ANN, "+15550002222"]}, True),
    ],
)
def test_imsgs_word_makes_a_group_and_so_does_apples_mark_and_without_either_the_people(
    keys: dict[str, Any], group: bool
) -> None:
    assert inbound(**keys).chat.is_group is group


@pytest.mark.parametrize("name", ["is_reaction", "is_tapback"])
def test_both_spellings_of_a_reaction_count(name: str) -> None:
    row = of(**{name: True})
    assert isinstance(row, Inbound)
    assert row.is_reaction is True


# Era and age


def test_a_row_keeps_its_era_and_without_a_fence_it_is_never_stale() -> None:
    row = normalize(ACCOUNT, 1, raw(created_at="2020-01-01T00:00:00Z"), START, 4)
    assert isinstance(row, Inbound)
    assert (row.era, row.stale) == (4, "")
    bad = normalize(ACCOUNT, 1, b"junk", START, 4)
    assert isinstance(bad, Malformed)
    assert bad.row.era == 4


def test_the_fence_is_asked_about_the_rows_date() -> None:
    asked: list[tuple[Any, ...]] = []

    def fence(*about: Any) -> str:
        asked.append(about)
        return "too old"

    row = normalize("work", 3, raw(is_from_me=True), START, 0, fence)
    assert isinstance(row, Inbound)
    assert row.stale == "too old"
    normalize("work", 3, raw(created_at=...), START, 0, fence)
    normalize("work", 3, raw(id=0), START, 0, fence)
    assert asked == [("work", 3, 1_800_000_000.0, START, True), ("work", 3, None, START, False)]


# Times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-15T08:00:00.000Z", 1_800_000_000.0),
        ("2027-01-15T08:00:00Z", 1_800_000_000.0),
        ("2027-01-15T09:00:00+01:00", 1_800_000_000.0),
        ("2027-01-15T08:00:00.123456Z", 1_800_000_000.123456),
        ("2001-01-01T00:00:00.000Z", 978_307_200.0),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("2027-13-45T99:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("1800000000", None),
        ("\ufffd", None),
    ],
)
def test_moments(text: str | None, seconds: float | None) -> None:
    assert moment(text) == seconds


@given(st.text(max_size=40))
def test_no_text_breaks_a_moment(text: str) -> None:
    found = moment(text)
    assert found is None or isinstance(found, float)


# Attachments


@pytest.mark.parametrize(
    ("given_file", "file"),
    [
        ({}, Attachment("", "", "", -1, True)),
        ({"original_path": "/a", "missing": True}, Attachment("/a", "", "", -1, True)),
        ({"original_path": "/a", "total_bytes": 3.9}, Attachment("/a", "", "", 3, False)),
        ({"original_path": "/a", "total_bytes": None, "missing": None}, Attachment("/a", "", "", -1, False)),
        ({"original_path": ""}, Attachment("", "", "", -1, True)),
        ({"original_path": "/a", "extra": [1]}, Attachment("/a", "", "", -1, False)),
    ],
)
def test_attachments(given_file: dict[str, Any], file: Attachment) -> None:
    assert inbound(attachments=[given_file]).attachments == (file,)


# Anything at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(keys=st.dictionaries(st.sampled_from([*WireRow.__struct_fields__, "other"]), JSON, max_size=6))
@settings(max_examples=examples(200), deadline=None)
def test_no_json_breaks_it(keys: dict[str, Any]) -> None:
    body = json.dumps({**wire(), **keys}).encode("utf-8")
    row = read(body)
    if isinstance(row, Malformed):
        assert row.error
        row = row.row
    else:
        assert row.rowid > 0
        assert row.guid
    assert row.raw == body
    for text in (row.guid, row.text, row.sender, row.chat.guid, row.chat.name):
        text.encode("utf-8")
    int(row.chat.id).to_bytes(8, "big", signed=True)


@given(body=st.binary(max_size=200), cut=st.integers(0, 300), junk=st.binary(max_size=4))
@settings(max_examples=examples(150), deadline=None)
def test_no_bytes_break_it(body: bytes, cut: int, junk: bytes) -> None:
    good = raw()
    for given_body in (body, good[:cut], good[:cut] + junk + good[cut:]):
        row = read(given_body)
        assert isinstance(row, Inbound | Malformed)


@given(keys=st.dictionaries(st.sampled_from(sorted(set(TEXTS) - {"guid", "created_at"})), st.text(), max_size=5))
@settings(deadline=None)
def test_a_good_row_is_the_same_when_it_is_read_back(keys: dict[str, Any]) -> None:
    """The journal stores the bytes and reads them again."""
    row = inbound(**keys)
    assert normalize(row.account, row.source, row.raw, row.received_at) == row
