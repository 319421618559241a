"""Assistant internals in messages: what is taken for one, and what is not."""

from __future__ import annotations

import time

import pytest

from actors.access.reflection import reflected


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("done #+#+#+ next", "internal-separator"),
        ("assistant to=functions.exec", "assistant-role-marker"),
        ("Assistant  to = tool", "assistant-role-marker"),
        ("<think>he wants a date</think>", "thinking-tag"),
        ("</thinking>", "thinking-tag"),
        ("< thought >", "thinking-tag"),
        ('<ns:think x="1">', "thinking-tag"),
        ("<relevant-memories>", "relevant-memories-tag"),
        ("<relevant_memories a>", "relevant-memories-tag"),
        ("<final>yes</final>", "final-tag"),
        ("ACP error (ACP_SESSION_INIT_FAILED): no", "acp-error"),
        ("Missing API key for openai on the gateway.", "gateway-missing-api-key"),
    ],
)
def test_what_an_assistant_leaks_is_seen(text: str, label: str) -> None:
    assert reflected(text) == label
    assert reflected(f"before\n{text}\nafter") == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "1 < 2 and think about 3 > 2",
        "<think",
        "<thinker>",
        "<finally>",
        "see #+ and #+",
        "assistant to the manager",
        "a=b, c = d, https://example.com/?q=1",
        "what does `<think>` mean?",
        "look:\n```\n<think>x</think>\n```",
        "```\n<think> and no end",
        "which API key is on the gateway?",
    ],
)
def test_what_people_write_is_not(text: str) -> None:
    assert reflected(text) == ""


def test_no_message_takes_long() -> None:
    """Long enough to hurt, were any of it looked at more than once."""
    pieces = ["<", "< ", "</ ", "<think ", "`", "```", "a:", "<a:", "assistant ", "assistant to ", "#+", "="]
    began = time.perf_counter()
    for piece in (*pieces, "missing api key for ", "ACP error (A"):
        reflected((piece * 300_000)[:300_000] + " on the gateway")
    reflected("<" + " " * 300_000 + "x")
    assert time.perf_counter() - began < 3
