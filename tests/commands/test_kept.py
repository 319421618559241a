"""What a command leaves in the journal: never the value that was typed."""

from __future__ import annotations

import json

import pytest

from actors.commands.kept import kept, without_value
from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import Malformed, normalize
from tests.support.rows import inbound


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("/config set a.b=SECRET", "/config set a.b ..."),
        ("  /CONFIG: set a.b = SECRET and more", "  /CONFIG: set a.b ..."),
        ("/config set a.b SECRET", "/config set a.b ..."),
        ("/config get a.b=SECRET", "/config get a.b ..."),
        ('/debug set a["x=y"]=SECRET', '/debug set a["x ...'),
        ("/config put a=SECRET", "/config ..."),
        ("/config SECRET", "/config ..."),
        ("/config set a=\nSECRET", "/config set a ..."),
        ("@pat /config set a=SECRET", "@pat /config set a ..."),
    ],
)
def test_the_value_is_cut_off(text: str, stays: str) -> None:
    assert without_value(text) == stays
    assert b"SECRET" not in kept(_row(text))


@pytest.mark.parametrize(
    "text",
    [
        "/config show a.b",
        "/config unset a.b",
        "hi",
        "a=b",
        "/allowlist add +1555",
        "a / b = c",
        "/new what is a=b",  # a message that must not be lost
        "/reset: look at this\n/config set a=b",
        "@pat /new what is a=b",
        "start over with a/b = c",
    ],
)
def test_all_else_stays_as_it_came(text: str) -> None:
    row = _row(text)
    assert kept(row) is row.raw


def test_what_is_kept_is_the_same_row_otherwise() -> None:
    row = _row("/config set a=SECRET")
    stays = normalize("default", 1, kept(row), 1.0)
    assert not isinstance(stays, Malformed)
    assert (stays.guid, stays.chat, stays.sender) == (row.guid, row.chat, row.sender)
    assert {**json.loads(row.raw), "text": 0} == {**json.loads(kept(row)), "text": 0}


def _row(text: str) -> Inbound:
    return inbound(text=text)
