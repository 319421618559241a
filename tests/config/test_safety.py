"""Texts that reach a command line or bound what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.ids import normalize_id
from config.safety import executable_fault, host_fault, normalize_root, root_fault


@pytest.mark.parametrize(
    "text",
    [
        "imsg",
        " imsg ",
        "imsg-0.6_x+1",
        "/usr/local/bin/imsg",
        "~/imsg-ssh",
        "./my imsg",
        "../a",
        "/with blank/imsg",
    ],
)
def test_good_executables(text: str) -> None:
    assert executable_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-imsg",
        "imsg rpc",
        "a;b",
        "a&b",
        "a|b",
        "`a`",
        "$(a)",
        "a>b",
        "a<b",
        "'a'",
        '"/a"',
        "/a\nb",
        "/a\0b",
        "ïmsg",
    ],
)
def test_bad_executables(text: str) -> None:
    assert executable_fault(text)


@pytest.mark.parametrize(
    "text",
    ["mac", "mac.local", "user_name@host_name", "bot@192.168.1.5", "[::1]", "bot@[fe80::1]", " me@mac "],
)
def test_good_hosts(text: str) -> None:
    assert host_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a\tb",
        "a\nb",
        "-oProxyCommand=x",
        "me@-x",
        "-l@mac",
        "a/b",
        "a\\b",
        "a@b@c",
        "@x",
        "x@",
        *("host:22", "::1", "[fe80::1%en0]", "möc", "a;b", "$(a)", "~a", "[]", "[x]"),
    ],
)
def test_bad_hosts(text: str) -> None:
    assert host_fault(text)


@given(st.text(max_size=20))
def test_an_accepted_host_is_never_an_option_or_a_path(text: str) -> None:
    if host_fault(text) is None:
        value = text.strip()
        assert not value.startswith("-")
        assert "@-" not in value
        assert not set(value) & set("/\\ \t\n;$`'\"|&<>")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("/Users/*/Library/Messages/Attachments", "/Users/*/Library/Messages/Attachments"),
        ("/a/", "/a"),
        ("//a//b", "/a/b"),
        ("  /a/b  ", "/a/b"),
        ("/a/../b", "/b"),
        ("/*", "/*"),
    ],
)
def test_good_roots(text: str, normal: str) -> None:
    assert root_fault(text) is None
    assert normalize_root(text) == normal


@pytest.mark.parametrize("text", ["", " ", "/", "//", "/a/..", "a/b", "./x", "~/x", "/a/**/b", "/a/x*", "/a\0b"])
def test_bad_roots(text: str) -> None:
    assert root_fault(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bot", "bot"),
        (" A b ", "a-b"),
        ("--x--", "x"),
        ("_x", "x"),
        ("", "main"),
        ("§§", "main"),
        ("x" * 80, "x" * 64),
    ],
)
def test_ids(text: str, expected: str) -> None:
    assert normalize_id(text, "main") == expected


@given(st.text())
def test_an_id_is_a_fixed_point(text: str) -> None:
    once = normalize_id(text, "main")
    assert normalize_id(once, "main") == once
    assert 1 <= len(once) <= 64
