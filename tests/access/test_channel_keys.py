"""Names of the channel in mappings by channel: which key holds, and which are ignored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.access.channel_keys import everyones, ignored, ours

KEYS = st.lists(st.sampled_from(["imessage", "iMessage", "imsg", " IMSG", "*", " * ", "telegram", ""]), unique=True)


@pytest.mark.parametrize("key", ["imessage", "IMESSAGE", "imsg", " iMsg\t"])
def test_the_names_of_the_channel(key: str) -> None:
    assert ours(["telegram", key, "*"]) == [key]


@pytest.mark.parametrize("key", ["", "telegram", "i message", "imes\u017fage", "\u0456message", "sms"])
def test_anything_else_names_another_one(key: str) -> None:
    assert ours([key]) == []
    assert everyones([key]) == []


def test_the_plain_name_holds_before_others() -> None:
    assert ours(["IMSG", "imessage", "iMessage"])[0] == "imessage"
    assert everyones([" *", "*"])[0] == "*"
    assert ignored(["IMSG", "imessage", "*", "telegram"]) == [("IMSG", "imessage")]


@given(KEYS)
def test_order_decides_nothing_and_every_key_has_one_fate(keys: list[str]) -> None:
    assert ours(keys) == ours(keys[::-1])
    assert everyones(keys) == everyones(keys[::-1])
    fates = [*ours(keys)[:1], *everyones(keys)[:1], *(key for key, _ in ignored(keys))]
    assert sorted(fates) == sorted(key for key in keys if key not in {"telegram", ""})
