"""What of an answer goes on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.outbound.reply_text import opens_silent, prepare_reply, resolve_prefix


@pytest.mark.parametrize(
    "text",
    [
        *(
            "NO_REPLY",
            "no_reply",
            "No_Reply.",
            " NO_REPLY\n",
            "**NO_REPLY**",
            '"NO_REPLY"',
            "`NO_REPLY`",
            "(NO_REPLY)",
        ),
        *(
            "NO_REPLY NO_REPLY",
            "NO_REPLY!",
            "\u201cNO_REPLY\u201d",
            "...NO_REPLY",
            "_NO_REPLY_",
            "\x00NO_REPLY",
        ),
        *("", " ", "\n\t ", "\x00\x07", "\ud800", "\u200b", " \ufeff\u200d\n", "\u00a0"),
    ],
    ids=ascii,
)
def test_silence_sends_nothing_prefix_or_not(text: str) -> None:
    assert prepare_reply(text) is None
    assert prepare_reply(text, "[bot]") is None


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("<think>secret</think>See you.", "See you."),
        ("\n</think>\n\nSee you.", "See you."),
        ("<thinking>secret</thinking>\nNO_REPLY", None),
        ("<think>secret", None),
        ("echo: <think>you</think>", "echo: <think>you</think>"),
        ("a < b", "a < b"),
    ],
)
def test_thoughts_at_the_beginning_are_never_sent(text: str, sent: str | None) -> None:
    assert prepare_reply(text) == sent


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("NO_REPLY", True),
        ("\n**NO_REPLY**\n \nbecause of that", True),
        ("NO_REPLY because of that", False),
        ("Hello.\n\nNO_REPLY", False),
        ("", False),
        ("...\n\nNO_REPLY", False),
    ],
)
def test_whether_it_opens_with_the_silent_word(text: str, opens: bool) -> None:
    assert opens_silent(text) is opens


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("See you.\nNO_REPLY", "See you."),
        ("See you. no_reply.", "See you."),
        ("See you **NO_REPLY**", "See you"),
        ("See you\n\nNO_REPLY NO_REPLY\n", "See you"),
    ],
)
def test_a_trailing_silent_word_is_cut(text: str, sent: str) -> None:
    assert prepare_reply(text) == sent


@pytest.mark.parametrize(
    "text",
    [
        *(
            "NO_REPLY is a word",
            "NO_REPLYHello",
            "HelloNO_REPLY",
            "x_NO_REPLY",
            "mail to a@no_reply",
            "NO REPLY",
        ),
        *(
            "echo: hi",
            "a\\nb",
            "a  b   c",
            "  indented\n\n\nx  ",
            "tab\there",
            "\U0001f600 \u00e9\u200d",
            "...",
            "_",
        ),
        "```py\n    x = 1\n```",
    ],
    ids=ascii,
)
def test_anything_else_stays_as_written(text: str) -> None:
    assert prepare_reply(text) == text


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("a\x00b\x1b[0m\x7f", "ab[0m"),
        ("a\ud83db", "ab"),
        ("a\ud83d\ude00b\udc00", "a\U0001f600b"),
    ],
    ids=["line ends", "controls", "lone surrogate", "surrogate pair"],
)
def test_characters_that_cannot_be_shown_go(text: str, sent: str) -> None:
    assert prepare_reply(text) == sent


@pytest.mark.parametrize(
    ("prefix", "name", "sent"),
    [
        (None, "Ada", "hello"),
        ("", "Ada", "hello"),
        ("  ", "Ada", "hello"),
        ("[bot]", None, "[bot] hello"),
        ("bot: ", None, "bot: hello"),
        ("auto", "Ada", "[Ada] hello"),
        ("auto", None, "hello"),
        ("auto", " ", "hello"),
        ("{identity.name}:", "Ada", "Ada: hello"),
        ("{IdentityName}:", "Ada", "Ada: hello"),
        ("{identityName}:", None, "{identityName}: hello"),
        ("{model} {nope}", "Ada", "{model} {nope} hello"),
        ("{identity.name}", "\\1{model}", "\\1{model} hello"),
        ("hello", None, "hello"),
    ],
)
def test_the_prefix_comes_once(prefix: str | None, name: str | None, sent: str) -> None:
    assert prepare_reply("hello", prefix, name) == sent
    assert prepare_reply(sent, prefix, name) == sent


@given(st.text(), st.none() | st.text(max_size=8) | st.just("auto"), st.none() | st.text(max_size=8))
def test_no_answer_is_blank_or_holds_what_cannot_be_shown(text: str, prefix: str | None, name: str | None) -> None:
    sent = prepare_reply(text, prefix, name)
    if sent is None:
        return
    assert sent.strip()
    assert sent.startswith(resolve_prefix(prefix, name))
    assert not any(character < " " and character not in "\t\n" for character in sent)
    sent.encode("utf-8")
