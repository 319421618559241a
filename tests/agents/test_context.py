"""The shape of a turn: its published schema, what is untrusted in it, its texts and times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from actors.agents.briefing import context as shape
from actors.agents.briefing.context import UNTRUSTED
from actors.agents.briefing.context_parts import Identity, iso, well_formed
from actors.envelopes.session import Heard, Recalled
from tests.agents.turns import GROUP, briefing, message, past, tapback, turn

CANARY = "kanarie"


def test_the_published_schema_is_the_one_of_the_code() -> None:
    """When the shape changes: ``PUBLISHED.write_text(published())``."""
    assert shape.PUBLISHED.read_text(encoding="utf-8") == shape.published()


def test_the_schema_names_its_version_and_describes_every_field() -> None:
    schema = shape.json_schema()
    assert schema["properties"]["schema"]["const"] == "imessage-gateway.turn.v1"
    for part in (schema, *schema["$defs"].values()):
        assert part["description"]
        for name, field in part["properties"].items():
            # What a reference leads to says it itself.
            assert field.get("description") or field["$ref"], name


def test_todays_keys_stand_first_and_in_the_order_programs_know() -> None:
    told = json.loads(briefing().context(turn()).as_json())
    assert list(told)[:15] == [
        "schema",
        "session",
        "turn",
        "agent",
        "account",
        "text",
        "sender",
        "senderName",
        "guid",
        "sentAt",
        "mentioned",
        "replyToGuid",
        "chat",
        "attachments",
        "messages",
    ]


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """The texts in a JSON value with their paths."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[*]")
    elif isinstance(value, str):
        yield path, value


def test_whatever_others_wrote_stands_in_a_field_that_says_so() -> None:
    attachment = {"original_path": f"/{CANARY}", "mime_type": f"image/{CANARY}", "transfer_name": CANARY}
    words = Heard(1, "G", CANARY, CANARY, CANARY, 0.0, files=(CANARY,))
    memory = Recalled(
        GROUP,
        1,
        turns=(past(1, CANARY, words),),
        heard=(words,),
        tapbacks=(tapback(CANARY, CANARY, about=CANARY, name=CANARY),),
    )
    hostile = message(
        1,
        CANARY,
        sender=CANARY,
        sender_name=CANARY,
        chat_name=CANARY,
        chat_identifier=CANARY,
        participants=[CANARY],
        attachments=[attachment],
        reply_to_guid="R",
        reply_to_text=CANARY,
        reply_to_sender=CANARY,
    )
    told = json.loads(briefing().context(turn(hostile, session=GROUP, memory=memory)).as_json())
    found = {path for path, text in leaves(told) if CANARY in text}
    assert found == set(UNTRUSTED)
    assert told["untrusted"] == list(UNTRUSTED)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_any_text_can_be_written_as_json(text: str) -> None:
    told = json.loads(briefing().context(turn(message(1, text, sender_name=text))).as_json())
    assert isinstance(told["text"], str)
    assert "\n" not in briefing().context(turn(message(1, text))).as_json()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\u200d" * 100_000, "\u200d" * 100_000),
    ],
)
def test_lone_surrogates_are_replaced_and_pairs_joined(text: str, expected: str) -> None:
    assert well_formed(text) == expected
    assert Identity(name=text).name == expected


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (None, None),
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000.25, "2027-01-15T08:00:00.250Z"),
        (-1.0, "1969-12-31T23:59:59.000Z"),
        (1e30, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_times_are_iso_8601_in_utc(at: float | None, text: str | None) -> None:
    assert iso(at) == text


def test_a_turn_is_immutable() -> None:
    told = briefing().context(turn())
    with pytest.raises(ValidationError, match="frozen"):
        told.__setattr__("text", "other")
    assert isinstance(told.messages, tuple)
