"""The transcript on the terminal: people on the left, the gateway on the right, between them what it did and why.

In: bubbles, remarks, checks. Out: text for a terminal of any width, or for a file; without colour where none is
wanted. Text is shown as text: no markup is read from it and control characters come out visible.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from rich.align import Align
from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from actors.control.demo.checks import Check
from actors.control.demo.observer import Remark
from actors.control.demo.people import Bubble
from actors.runtime.logs import visible

NARROWEST, WIDEST = 40, 100
UNWATCHED = 80
"""Columns when the output is no terminal."""
WHOLE_LINES = 12
"""Lines of a message that are shown in full; of a longer one the beginning."""


class Transcript:
    """Writes to one stream."""

    def __init__(self, stream: IO[str]) -> None:
        console = Console(file=stream, markup=False, highlight=False, emoji=False)
        width = min(max(console.width, NARROWEST), WIDEST) if console.is_terminal else UNWATCHED
        self._console = Console(file=stream, markup=False, highlight=False, emoji=False, width=width)
        self._arrow = "\u2192" if self._console.encoding.lower().startswith("utf") else ">"
        self.is_watched = console.is_terminal

    def scene(self, title: str, about: str) -> None:
        """A new scene begins."""
        self._console.print()
        self._console.print(Rule(Text(title, "bold"), align="left", style="dim"))
        self._console.print(Text(about, "italic"))

    def bubble(self, bubble: Bubble) -> None:
        """A message, on the side of who sent it."""
        most = max(NARROWEST - 8, self._console.width * 2 // 3)
        lines = self._plain(bubble.text).wrap(self._console, most - 4)
        shown = lines if len(lines) <= WHOLE_LINES else [*lines[: WHOLE_LINES - 1], Text("...", "dim")]
        title = " in ".join(filter(None, (bubble.who, bubble.where)))
        panel = Panel.fit(
            Text("\n").join(shown),
            box=ROUNDED,
            title=Text(title, "bold"),
            title_align="right" if bubble.own else "left",
            border_style="cyan" if bubble.own else "green",
        )
        self._console.print(Align.right(panel) if bubble.own else panel)

    def remark(self, remark: Remark) -> None:
        """What the gateway did."""
        self._aside(self._arrow, remark.text, "yellow" if remark.serious else "dim")

    def deed(self, command: str, output: str) -> None:
        """What somebody at the terminal did, and what it printed."""
        self._aside("$", command, "bold")
        for line in output.splitlines():
            self._aside(" ", line, "")

    def table(self, checks: Sequence[Check]) -> None:
        """What was expected and what was seen."""
        self._console.print()
        made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
        for head in ("what", "expected", "seen"):
            made.add_column(head, overflow="fold")
        made.add_column("ok", no_wrap=True)
        for check in checks:
            mark = Text("yes", "green") if check.ok else Text("NO", "bold red")
            made.add_row(*(self._plain(text) for text in check[:3]), mark)
        self._console.print(made)

    @staticmethod
    def _plain(text: str) -> Text:
        return Text("\n".join(map(visible, text.splitlines())))

    def say(self, text: str, style: str = "") -> None:
        """A line of the demo itself."""
        self._console.print()
        self._console.print(Text(text, style))

    def path(self, name: str, path: Path) -> None:
        """Where something lies; never broken, so that it can be copied."""
        self._console.print(Text(f"  {name}: {visible(path)}"), soft_wrap=True)

    def _aside(self, mark: str, text: str, style: str) -> None:
        line = Table.grid(padding=(0, 1))
        line.add_column(no_wrap=True)
        line.add_column(overflow="fold")
        line.add_row(Text(mark, style), Text(visible(text), style))
        self._console.print(Padding(line, (0, 0, 0, 4), expand=False))
