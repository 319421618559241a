"""The config is damaged under a running gateway, in every way an editor, a person or a disk can.

Whatever stands there, the rules from before are in force, ``status`` names the file and the line, and what is mended
is taken. Nothing starts from a damaged file but ``run --last-good``.
"""

import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.editor import Editor, bound_by_modes
from tests.faults.town import ANN, Town, wait_for

SAVES = 50
"""How often each of two editors saves."""

case = Cases()


def _place(text: str, words: str) -> str:
    """The place in ``text`` where ``words`` begin, as problems say it."""
    before = text[: text.index(words)]
    return f"{before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))})"


@case("0.9")
def damaged_by_those_who_edit_it(build: Build, version: str) -> None:
    """Saved by half, with mistakes, by two at once."""
    editor = Editor(build)
    _piece_by_piece(editor)
    _with_mistakes(editor)
    _by_two_at_once(editor)
    assert editor.town.stop() == 0


def _piece_by_piece(editor: Editor) -> None:
    """Each piece stands longer than a file has to be still; the last one makes it whole."""
    text = editor.good(editor.number + 1)
    ends = [0, *(text.index(words) for words in ("channels:", "Path:", '5550001111"', "historyLimit", "commands"))]
    with editor.file.open("w") as file:
        for start, end in pairwise([0, *ends]):
            file.write(text[start:end])
            file.flush()
            editor.refused("<root>: not valid JSON5", str(text[:end].count("\n") + 1))
        file.write(text[ends[-1] :])
    editor.number += 1
    editor.taken(text)


def _with_mistakes(editor: Editor) -> None:
    """Of syntax, of a name, of a type, of sense: each is named where it stands, one after the other."""
    mistakes = [
        ("historyLimit: 10", "historyLimit = 10", "<root>: not valid JSON5", "historyLimit"),
        ("historyLimit:", "historyLimits:", 'historyLimits: unknown key; did you mean "historyLimit"', "historyLimits"),
        ("historyLimit: 10", 'historyLimit: "10"', "must be a whole number", '"10"'),
        ('allowFrom: ["*"]', 'allowFrom: "*"', r"allowFrom: must be a list", '"*"'),
        ("  messages", "  agents: {},\n  messages", "agents.* twice", "agents: {}"),
        ('allowFrom: ["*"]', "allowFrom: []", 'needs "\\*" in allowFrom', "[],"),
        ("  gateway", "  ]  gateway", "not valid JSON5", "]  gateway"),
    ]
    for old, new, said, words in mistakes:
        text = editor.bad((old, new))
        editor.save(text)
        place = _place(text, words)
        # Where the syntax breaks depends on the parser, but for the line.
        editor.refused(said, place.partition(",")[0] if "JSON5" in said else place)
    for verb, code in (("status", 0), ("config validate", 1)):
        told = editor.town.command(*verb.split())
        assert told.returncode == code
        assert "not valid JSON5" in told.stdout
        assert "(line 17, " in " ".join(told.stdout.split())
    editor.mend()


def _by_two_at_once(editor: Editor) -> None:
    """Each saves many times, now and then something that is wrong; the gateway ends with what is on disk."""
    texts = [[editor.good(start + number) for number in range(SAVES)] for start in (1000, 2000)]
    texts[0][7::10] = [editor.bad(("historyLimit:", "historyLimits:"))] * 5
    texts[1][3::10] = [text[: len(text) // 2] for text in texts[1][3::10]]
    pause = threading.Event()

    def edit(mine: list[str], name: str) -> None:
        for text in mine:
            draft = editor.file.with_name(name)
            draft.write_text(text)
            draft.replace(editor.file)
            pause.wait(0.01)

    editors = [threading.Thread(target=edit, args=(mine, f"draft {n}")) for n, mine in enumerate(texts)]
    for one in editors:
        one.start()
    for one in editors:
        one.join()
    final = editor.file.read_text()
    assert final in (texts[0][-1], texts[1][-1])
    editor.number = 1000 * (1 + (final == texts[1][-1])) + SAVES - 1
    editor.taken(final)


@case("0.9")
def refers_to_what_is_not_there(build: Build, version: str) -> None:
    """A variable that is unset, or whose file was saved by half, takes nobody's account away while it runs."""
    editor = Editor(build)
    text = editor.good(1).replace(f'"{ANN}"', '"${ANN}"', 1)
    editor.save(text)
    editor.refused("ANN.* is not set", _place(text, '"${ANN}"'))
    variables = editor.town.state / ".env"
    editor.save(f"ANN={ANN}\n", variables)
    editor.number = 1
    editor.taken(text)
    editor.save("AN", variables)
    editor.refused("ANN.* is not set", _place(text, '"${ANN}"'))
    editor.save(f"ANN={ANN}\n", variables)
    editor.taken(text)
    assert editor.town.stop() == 0


@case("0.9")
def whose_place_is_not_what_it_was(build: Build, version: str) -> None:
    """A link, nothing, a folder, a pipe, a file or a folder that is closed to us."""
    editor = Editor(build, as_root=False)
    _linked_to_elsewhere(editor)
    _no_file_at_all(editor)
    _in_a_folder_that_cannot_be_written(editor)
    assert editor.town.stop() == 0


def _linked_to_elsewhere(editor: Editor) -> None:
    """A link in its place is followed, its target watched; one to nowhere is no config."""
    targets = [editor.town.folder / "dotfiles" / "one", editor.town.folder / "dotfiles" / "two"]
    targets[0].parent.mkdir()

    def link(target: Path) -> None:
        new = editor.file.with_name("link")
        new.symlink_to(target)
        new.replace(editor.file)

    def linked(text: str) -> None:
        targets[0].write_text(text)
        link(targets[0])

    editor.mend(linked)
    editor.mend(lambda text: editor.save(text, targets[0]))
    text = editor.bad(("historyLimit:", "historyLimits:"))
    editor.save(text, targets[0])
    editor.refused("unknown key", _place(text, "historyLimits"))
    editor.mend(lambda text: editor.save(text, targets[0]))
    link(targets[1])
    editor.refused(f"there is no config file at {editor.file}")
    editor.mend(lambda text: editor.save(text, targets[1]))
    link(editor.file)
    editor.refused(f"{editor.file} cannot be read")
    editor.mend()
    assert not editor.file.is_symlink()


def _no_file_at_all(editor: Editor) -> None:
    """Removed, a folder or a pipe in its place, or closed to us: what counted before counts."""
    editor.file.unlink()
    editor.refused("there is no config file")
    editor.mend()
    editor.file.unlink()
    editor.file.mkdir()
    editor.refused(f"{editor.file} cannot be read: Is a directory")
    editor.file.rmdir()
    os.mkfifo(editor.file)
    editor.refused("not a regular file")
    editor.mend()
    editor.file.write_text(editor.bad())
    editor.file.chmod(0)
    editor.refused(f"permission denied; run: chmod u\\+r {editor.file}")
    editor.mend()


def _in_a_folder_that_cannot_be_written(editor: Editor) -> None:
    """Neither the command line nor a chat can change it; both say why, and nothing is left behind."""
    town, before = editor.town, editor.file.read_text()
    town.state.chmod(0o555)
    names = sorted(town.state.iterdir())
    why = f"{editor.file} was not changed: Permission denied"
    told = bound_by_modes(lambda: town.command("config", "set", "channels.imessage.historyLimit", "3"))
    assert told.returncode == 1
    assert why in told.stderr
    assert why in editor.says("/config set channels.imessage.historyLimit=3")
    assert (editor.file.read_text(), sorted(town.state.iterdir())) == (before, names)
    assert (town.status() or {})["state"] == "ok"
    town.state.chmod(0o700)
    assert "+ 3" in editor.says("/config set channels.imessage.historyLimit=3")
    editor.taken(before.replace("historyLimit: 10", "historyLimit: 3"))


@case("0.9")
def at_the_start(build: Build, version: str) -> None:
    """Nothing starts from a damaged file; the last one that worked is there for the asking."""
    editor = Editor(build)
    town = editor.town
    editor.mend()
    kept = town.state / "gateway" / "last-good"
    wait_for("a copy to be kept", lambda: any(f"({editor.number})" in file.read_text() for file in kept.glob("*/*")))
    assert town.stop() == 0
    text = editor.bad(("historyLimit:", "historyLimits:"))
    editor.save(text)
    _assert_refused(town, "unknown key", f"(line {_place(text, 'historyLimits')}")
    differs = town.command("config", "diff", "--last-good")
    assert differs.returncode == 0
    assert "channels.imessage.historyLimits:\n+ 10" in differs.stdout
    editor.file.write_text(text[: text.index("historyLimits")])
    _assert_refused(town, "not valid JSON5", f"(line {_place(text, 'historyLimits').partition(',')[0]}")
    editor.file.unlink()
    editor.file.mkdir()
    _assert_refused(town, "Is a directory", "")
    town.start("--last-good")
    assert "RUNNING WITH THE LAST GOOD CONFIG" in town.words()
    report = town.status() or {}
    assert (report["state"], report["config"]["lastGood"]) == ("degraded", True)
    assert f"{editor.file} cannot be read: Is a directory" in report["reason"]
    editor.unchanged()
    editor.file.rmdir()
    editor.mend()
    assert editor.state()["lastGood"] is False
    assert town.stop() == 0


def _assert_refused(town: Town, what: str, where: str) -> None:
    told = town.command("run")
    assert told.returncode == 78
    assert f"the config {town.state / 'openclaw.json'} cannot be used" in told.stderr
    assert what in told.stderr
    assert where in told.stderr
    assert "gateway run --last-good" in told.stderr


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_a_config(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
