"""Session keys: their shapes, and that no two conversations share one by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.conversation.keys import direct_key, group_key, is_group, main_key


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("main", "agent:main:main"),
        ("per-peer", "agent:main:direct:kim@x.com"),
        ("per-channel-peer", "agent:main:imessage:direct:kim@x.com"),
        ("per-account-channel-peer", "agent:main:imessage:work:direct:kim@x.com"),
        ("something new", "agent:main:main"),
    ],
)
def test_the_scope_shapes_the_key(scope: str, expected: str) -> None:
    assert direct_key("main", scope, "work", "Kim@X.com") == expected


def test_a_blank_peer_means_the_main_session() -> None:
    assert direct_key("main", "per-peer", "default", " ") == main_key("main")


def test_a_group_has_its_own_key() -> None:
    assert group_key("main", 42) == "agent:main:imessage:group:42"
    assert is_group(group_key("main", 42))


@given(st.text(), st.sampled_from(["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]))
def test_no_peer_can_name_a_group(peer: str, scope: str) -> None:
    key = direct_key("a", scope, "group", peer)
    assert not key.startswith("agent:a:imessage:group:4")
    assert not is_group(key)
    assert not any(letter in key for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_peers_that_only_look_alike_have_their_own_sessions() -> None:
    assert direct_key("a", "per-peer", "default", "\u212aim") != direct_key("a", "per-peer", "default", "kim")
