"""Targets: what a text names, and the wire fields it becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.outbound.targets import (
    Service,
    Target,
    TargetError,
    chat_type_of,
    format_target,
    parse_target,
    wire_params,
)

HEX = "2ECB00112233445566778899aabbccdd"


def bare(value: str) -> Target:
    return Target("handle", value)


def by(service: Service, value: str) -> Target:
    return Target("handle", value, service, explicit_service=True)


def row(number: int) -> Target:
    return Target("chat_id", number, chat_type="group")


def guid(value: str) -> Target:
    return Target("chat_guid", value, chat_type="group")


ACCEPTED = [
    ("row 1", "+15551234567", bare("+15551234567")),
    ("row 2", "15551234567", bare("15551234567")),
    ("row 4", " +1 555 ", bare("+1 555")),
    ("row 5", "User@Example.COM", bare("User@Example.COM")),
    ("row 6", "imessage:+1555", by("imessage", "+1555")),
    ("row 7", "IMESSAGE:+1555", by("imessage", "+1555")),
    ("row 9", "auto:+1555", by("auto", "+1555")),
    ("row 10", "auto:bob", by("auto", "bob")),
    ("row 12", "imessage:Bob Smith", by("imessage", "Bob Smith")),
    ("row 13: a short code", "12345", bare("12345")),
    ("row 15: the scheme does not go on the wire", "tel:+15551234567", bare("+15551234567")),
    ("row 16", "chat_id:42", row(42)),
    ("row 17", "CHAT_ID: 42 ", row(42)),
    ("row 18", "chatid:42", row(42)),
    ("row 19", "chat:42", row(42)),
    ("row 32", "chat_guid:iMessage;+;chat123", guid("iMessage;+;chat123")),
    ("row 35", "chat_guid:chat_id:5", guid("chat_id:5")),
    ("row 37", "chatident: Foo ", Target("chat_identifier", "Foo", chat_type="group")),
    ("row 39: direct", "chat_identifier:+15551234567", Target("chat_identifier", "+15551234567")),
    ("row 41", "imessage: chat_id:7", row(7)),
    ("row 43", "auto:guid:X", guid("X")),
    ("row 44: nested prefixes", "imessage:sms:+1555", by("sms", "+1555")),
    ("row 51", HEX, Target("chat_identifier", HEX.lower(), chat_type="group")),
    ("row 51 behind a service", f"sms:{HEX}", Target("chat_identifier", HEX.lower(), chat_type="group")),
    ("leading zeros", "chat_id:007", row(7)),
    ("the largest row id", "chat_id:9007199254740991", row(2**53 - 1)),
    ("a national number", "(555) 123-4567", bare("(555) 123-4567")),
    ("a service in front of a mail", "sms: a@b.c", by("sms", "a@b.c")),
    ("a raw group GUID", "iMessage;+;chat123", guid("iMessage;+;chat123")),
    ("a raw direct GUID", "SMS;-;+1555", Target("chat_guid", "SMS;-;+1555")),
    ("a raw GUID behind a service", "imessage:any;+;chat1", guid("any;+;chat1")),
    ("a direct GUID", "guid:any;-;a@b.c", Target("chat_guid", "any;-;a@b.c")),
    ("an identifier that is a mail", "chatidentifier:a@b.c", Target("chat_identifier", "a@b.c")),
]

REFUSED = [
    ("row 11", "Bob Smith", 'Unknown target "Bob Smith" for iMessage. Hint: <phone|email|'),
    ("row 20", "chat_id:0", "Invalid chat_id: 0"),
    ("row 21", "chat_id:-5", "Invalid chat_id: -5"),
    ("row 24", "chat_id:1.9", "Invalid chat_id: 1.9"),
    ("row 25", "chat_id:1e3", "Invalid chat_id: 1e3"),
    ("row 26", "chat_id:0x10", "Invalid chat_id: 0x10"),
    ("row 27", "chat_id:12abc", "Invalid chat_id: 12abc"),
    ("row 28", "chat_id:2ecb0000", "Invalid chat_id: 2ecb0000"),
    ("row 30", "chat_id:9007199254740993", "Invalid chat_id: 9007199254740993"),
    ("row 31", "chat_id:abc", "Invalid chat_id: abc"),
    ("row 31 empty", "chat_id:", "Invalid chat_id: "),
    ("row 34", "chatguid:", "chat_guid is required"),
    ("row 38", "chatidentifier:", "chat_identifier is required"),
    ("row 46", "imessage:", "imessage: target is required"),
    ("row 47", "SMS:   ", "sms: target is required"),
    ("row 47 nested", "auto:sms:", "sms: target is required"),
    ("row 48", "", "iMessage target is required"),
    ("row 48 spaces", "   ", "iMessage target is required"),
    ("row 50", "chat123456", 'Unknown target "chat123456"'),
    ("row 53 spaced", "chat_id :5", 'Unknown target "chat_id :5"'),
    ("row 53 plural", "chats:5", 'Unknown target "chats:5"'),
    ("row 53 alias", "imsg:+1", 'Unknown target "imsg:+1"'),
    ("row 54", "whatsapp:+1555", 'Unknown target "whatsapp:+1555"'),
    ("an unknown prefix behind a service", "imessage:group:5", 'Unknown target "group:5"'),
    ("a signed row id", "chat_id:+5", "Invalid chat_id: +5"),
    ("digits of another script", "chat_id:\u0664\u0662", "Invalid chat_id: "),
    ("a number too short to be a phone", "42", 'Unknown target "42"'),
    ("also behind a service", "sms:42", 'Unknown target "42"'),
    ("only punctuation", "+()-", 'Unknown target "+()-"'),
    ("two plus signs", "+1+5550100", 'Unknown target "+1+5550100"'),
    ("too many digits", "1" * 19, "Unknown target"),
    ("a redacted value", "imessage:***", 'Unknown target "***"'),
    (
        "a control character",
        "auto:bob\x00",
        "iMessage target holds characters that cannot be shown: 'auto:bob\\x00'",
    ),
    (
        "a lone surrogate",
        "auto:\ud800",
        "iMessage target holds characters that cannot be shown: 'auto:\\ud800'",
    ),
    ("a list of mails", "a@b.c,d@e.f", "Unknown target"),
]


@pytest.mark.parametrize(("text", "target"), [c[1:] for c in ACCEPTED], ids=[c[0] for c in ACCEPTED])
def test_the_table_of_targets(text: str, target: Target) -> None:
    assert parse_target(text) == target
    assert parse_target(format_target(target)) == target
    assert chat_type_of(text) == target.chat_type


@pytest.mark.parametrize(("text", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_names_no_target_is_refused(text: str, message: str) -> None:
    with pytest.raises(TargetError) as refused:
        parse_target(text)
    assert str(refused.value).startswith(message)
    assert chat_type_of(text) == "unknown"


@given(
    st.text(max_size=40)
    | st.builds(str.__add__, st.sampled_from(["sms:", "chat:", "auto:guid:", "tel:", "a;-;"]), st.text(max_size=20))
)
def test_any_text_is_a_target_that_survives_formatting_or_a_short_error(text: str) -> None:
    try:
        target = parse_target(text)
    except TargetError as refused:
        str(refused).encode("utf-8")
        assert len(str(refused)) < 250
    else:
        assert parse_target(format_target(target)) == target
        assert target.kind != "chat_id" or (isinstance(target.value, int) and target.value >= 1)


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("+1 555", {"to": "+1 555"}),
        ("chat_id:42", {"chat_id": 42}),
        ("chat_guid:iMessage;+;x", {"chat_guid": "iMessage;+;x"}),
        ("chat_identifier:x", {"chat_identifier": "x"}),
    ],
)
def test_a_send_has_exactly_one_destination(text: str, selector: dict[str, str | int]) -> None:
    assert wire_params(parse_target(text), "hi") == {
        **selector,
        "text": "hi",
        "service": "auto",
        "region": "US",
    }


@pytest.mark.parametrize(
    ("text", "account", "call", "service"),
    [
        ("+1555", None, None, "auto"),
        ("+1555", "sms", None, "sms"),
        ("auto:+1555", "sms", None, "auto"),
        ("sms:+1555", "imessage", None, "sms"),
        ("sms:+1555", "imessage", "auto", "auto"),
        ("sms:chat_id:7", "imessage", None, "imessage"),
        ("chat_id:7", None, "sms", "sms"),
    ],
)
def test_service_of_call_then_prefix_then_account(
    text: str, account: Service | None, call: Service | None, service: Service
) -> None:
    assert wire_params(parse_target(text), "hi", account, call_service=call)["service"] == service


def test_file_region_and_transport_are_passed_on() -> None:
    params = wire_params(parse_target("chat:1"), "", "sms", "DE", file="/tmp/a.png", transport="applescript")
    assert params == {
        "chat_id": 1,
        "text": "",
        "service": "sms",
        "region": "DE",
        "file": "/tmp/a.png",
        "transport": "applescript",
    }


def test_nothing_to_send_is_an_error() -> None:
    with pytest.raises(ValueError, match="requires text or media"):
        wire_params(parse_target("+1555"), " \n")
