"""The demo's transcript as text: sides, widths, and that nobody's words reach the terminal as anything but words."""

import io

from rich.cells import cell_len

from actors.control.demo.agent import answer
from actors.control.demo.checks import Check
from actors.control.demo.observer import Remark, verdict_remark
from actors.control.demo.people import Bubble
from actors.control.demo.story import LIGHTHOUSE
from actors.control.demo.transcript import UNWATCHED, Transcript


def shown(*things: Bubble | Remark | Check) -> list[str]:
    stream = io.StringIO()
    transcript = Transcript(stream)
    for thing in things:
        match thing:
            case Bubble():
                transcript.bubble(thing)
            case Remark():
                transcript.remark(thing)
            case Check():
                transcript.table([thing])
    return stream.getvalue().splitlines()


def bubble(text: str, *, own: bool = False) -> Bubble:
    return Bubble(1, 0.0, 1, "", "Mia", own, text)


def test_people_stand_on_the_left_and_the_gateway_on_the_right() -> None:
    left, right = shown(bubble("hello")), shown(bubble("hello", own=True))
    assert all(not line.startswith(" ") for line in left)
    assert all(line.startswith(" ") and cell_len(line) == UNWATCHED for line in right)


def test_nothing_is_wider_than_the_terminal() -> None:
    wide = Check("what", "agent:main:imessage:group:2 " * 4, "x" * 200, ok=False)
    lines = shown(bubble(LIGHTHOUSE), bubble("x" * 500, own=True), Remark(0.0, "y" * 300), wide)
    assert max(map(cell_len, lines)) <= UNWATCHED
    assert any("NO" in line for line in lines)


def test_markup_and_control_characters_are_only_text() -> None:
    text = "\n".join(shown(bubble("[bold]x[/bold] \x1b[31mred :smile:"), Remark(0.0, "[red]y[/red]\x07")))
    assert "[bold]x[/bold] \\x1b[31mred :smile:" in text
    assert "[red]y[/red]\\x07" in text
    assert "\x1b" not in text


def test_a_verdict_is_told_with_what_it_rests_on() -> None:
    group = "agent:main:imessage:group:2"
    assert verdict_remark(0.0, "admit", group, 1, None, None).text == f"mentioned: admitted to session {group}"
    assert "no mention needed" in verdict_remark(0.0, "admit", group, 0, None, None).text
    dropped = verdict_remark(0.0, "refused", None, None, "no mention", "channels.imessage.groups.*.requireMention")
    assert dropped.text == "not answered: no mention (channels.imessage.groups.*.requireMention)"
    assert "code" in verdict_remark(0.0, "challenge", "+1555", None, None, None).text


def test_the_agent_echoes_remembers_and_tells_stories() -> None:
    assert answer("hi", []) == "echo: hi"
    assert answer("What have I told you so far?", ["a", "b"]) == "You told me: a / b"
    assert "a" not in answer("What have I told you so far?", []).split()
    assert answer("Tell me a long story!", []) == LIGHTHOUSE.strip()
    assert answer("hi", [], "noted") == "noted: hi"
