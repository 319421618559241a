"""Edits as people see them: what a file looks like after a change, and which changes are refused."""

from __future__ import annotations

from pathlib import Path as File

import json5
import pytest

from config import edit
from config.paths import parse
from config.positions import MAX_DEPTH

PHONE_FILE = """\
// mine
{
  channels: {
    imessage: {
      dmPolicy: 'pairing', // who may write

      allowFrom: [
        "+15555550123", // Mum
        // a friend
        "+15555550124"  // Ann
      ],
      groups: { "*": { requireMention: true } }, /* all */
      // dmHistoryLimit: 20,
    },
  },
}
"""


def changed(path: str, value: object, text: str = PHONE_FILE) -> list[str]:
    """The lines that went (-) and came (+)."""
    return lines(text, edit.set_value(text, parse(path), value))


def removed(path: str, text: str = PHONE_FILE, *, prune: bool = False) -> list[str]:
    return lines(text, edit.unset(text, parse(path), prune=prune))


def lines(old: str, new: str) -> list[str]:
    before, after = old.split("\n"), new.split("\n")
    gone = ["-" + line for line in before if line not in after]
    return gone + ["+" + line for line in after if line not in before]


CASES: list[tuple[str, object, list[str]]] = [
    (
        "channels.imessage.dmPolicy",
        "it's",
        ["-      dmPolicy: 'pairing', // who may write", "+      dmPolicy: 'it\\'s', // who may write"],
    ),
    (
        "channels.imessage.allowFrom[2]",
        "me@example.com",
        [
            '-        "+15555550124"  // Ann',
            '+        "+15555550124",  // Ann',
            '+        "me@example.com"',
        ],
    ),
    (
        'channels.imessage.groups["42"]',
        {"requireMention": False},
        [
            '-      groups: { "*": { requireMention: true } }, /* all */',
            '+      groups: { "*": { requireMention: true }, "42": { requireMention: false } }, /* all */',
        ],
    ),
    ("channels.imessage.region", "DE", ['+      region: "DE",']),
    (
        'channels.imessage.dms["me@example.com"].historyLimit',
        3,
        ["+      dms: {", '+        "me@example.com": { historyLimit: 3 },', "+      },"],
    ),
    ("commands.config", True, ["+  commands: { config: true },"]),
]


@pytest.mark.parametrize(("path", "value", "wanted"), CASES)
def test_a_change_looks_as_if_written_by_hand(path: str, value: object, wanted: list[str]) -> None:
    assert changed(path, value) == wanted


def test_a_list_keeps_the_comments_of_the_entries_that_stay() -> None:
    path = parse("channels.imessage.allowFrom")
    both = ["+15555550123", "+15555550124"]
    assert lines(PHONE_FILE, edit.set_value(PHONE_FILE, path, [*both, "a@b.c"]))[1:] == [
        '+        "+15555550124",  // Ann',
        '+        "a@b.c"',
    ]
    assert lines(PHONE_FILE, edit.set_value(PHONE_FILE, path, both[1:])) == ['-        "+15555550123", // Mum']


def test_a_list_whose_entries_change_is_written_anew_so_that_no_comment_names_the_wrong_person() -> None:
    new = edit.set_value(PHONE_FILE, parse("channels.imessage.allowFrom"), ["+15555550999", "+15555550124"])
    assert "// Mum" not in new
    assert json5.loads(new)["channels"]["imessage"]["allowFrom"] == ["+15555550999", "+15555550124"]


def test_what_is_removed_takes_its_comma_and_the_comment_on_its_line() -> None:
    assert removed("channels.imessage.dmPolicy") == ["-      dmPolicy: 'pairing', // who may write"]
    assert removed("channels.imessage.allowFrom[0]") == ['-        "+15555550123", // Mum']
    assert removed("channels.imessage.allowFrom.1") == [
        '-        "+15555550123", // Mum',
        '-        "+15555550124"  // Ann',
        '+        "+15555550123" // Mum',
    ]


def test_objects_left_empty_stay_unless_pruning_is_asked_for() -> None:
    path = 'channels.imessage.groups["*"].requireMention'
    assert '"*": {}' in edit.unset(PHONE_FILE, parse(path))
    assert "groups" not in edit.unset(PHONE_FILE, parse(path), prune=True)
    commented = "{a: {\n  // why\n  b: {c: 1}\n}}"
    assert edit.unset(commented, ("a", "b", "c"), prune=True) == "{a: {\n  // why\n}}"
    assert edit.unset("{a: [{b: 1}]}", ("a", 0, "b"), prune=True) == "{a: [{}]}"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("", "{\n  a: { b: 1 },\n}\n"),
        ("// later\r\n", "// later\r\n{\r\n  a: { b: 1 },\r\n}\r\n"),
        ("\ufeff{}", '\ufeff{\n  "a": {\n    "b": 1\n  }\n}'),
        ('{"x":1}', '{"x":1,"a":{"b":1}}'),
        ('{"x": [1, 2]}', '{"x": [1, 2], "a": {"b": 1}}'),
        ("{\r\n\t'x': 1\r\n}", "{\r\n\t'x': 1,\r\n\t'a': {\r\n\t\t'b': 1\r\n\t}\r\n}"),
        ("{x: 1 // one\n}", "{x: 1, // one\n  a: { b: 1 }\n}"),
        ("{ a: { /* none */ } }", "{ a: { /* none */ b: 1 } }"),
        ("{ a: {} }", "{ a: { b: 1 } }"),
        ("{\n  a: {\n    // none\n  },\n}", "{\n  a: {\n    // none\n    b: 1,\n  },\n}"),
        ("{ a: { c: 0 /* nil */, } }", "{ a: { c: 0 /* nil */, b: 1, } }"),
    ],
)
def test_a_new_key_follows_the_habits_of_the_file(text: str, new: str) -> None:
    assert edit.set_value(text, ("a", "b"), 1) == new


def test_a_whole_file_can_be_set_and_must_be_an_object() -> None:
    assert edit.set_value("", (), {"a": {}}) == "{\n  a: {},\n}\n"
    assert edit.set_value("// x", (), {}) == "// x\n{}\n"
    assert edit.set_value("{ a: 1, /* b */ b: 2 } // end", (), {"b": 2}) == "{ /* b */ b: 2 } // end"
    with pytest.raises(edit.CannotEditError):
        edit.set_value("", (), 5)


@pytest.mark.parametrize("key", ["42", "me@example.com", "*", "a b", "null", "\u00fcber", "x-y", ""])
def test_keys_that_are_no_plain_names_are_quoted(key: str) -> None:
    new = edit.set_value("{\n  a: 1,\n}\n", (key,), 2)
    assert f'\n  "{key}": 2,\n' in new


@pytest.mark.parametrize(
    ("text", "path", "value", "words"),
    [
        ("{a: 'x'}", ("a", "b"), 1, "a.b: a is a single value: nothing can stand below it"),
        ("{a: [1]}", ("a", "b"), 1, 'a.b: a is a list: write an index such as [0] instead of "b"'),
        ("{a: [1]}", ("a", 3), 1, "a.3: the index 3 is past the end of the list, it has one entry: [1] appends"),
        ("{a: []}", ("a", -1), 1, "past the end of the list, it has 0 entries"),
        ("{}", ("a", 2), 1, 'there is no list for the index 2: begin with [0], or write ["2"]'),
        ("{}", ("__proto__", "x"), 1, "a name JavaScript keeps for itself"),
        ("{}", ("a",), {"b": [{"constructor": 1}]}, "a.b.0.constructor:"),
        ("{}", ("a",), float("nan"), "a: not a finite number"),
        ("{}", ("a",), 10**400, "a: not a finite number"),
        ("{}", ("a",), "\ud83d", "a: the text holds half a character"),
        ("{}", ("a",), {1: 2}, "a: a key must be text, not int"),
        ("{}", ("a",), object(), "a: a config file cannot hold object"),
        ("{}", (), [1], "<root>: the file must hold one object"),
        ("{a: 1,\n a: 2}", ("b",), 1, 'the key "a" appears twice in this object: keep one (line 2, column 2)'),
        ("{a: }", ("b",), 1, "<root>: the file is not valid, so it is not changed: not valid JSON5"),
        ("[1]", ("b",), 1, "must hold one object"),
        ("/* open", ("b",), 1, "the file is not valid"),
        ("{a: NaN}", ("b",), 1, "not a finite number"),
    ],
)
def test_refused(text: str, path: tuple[str | int, ...], value: object, words: str) -> None:
    with pytest.raises(edit.CannotEditError) as refused:
        edit.set_value(text, path, value)
    assert words in str(refused.value)


def test_depth_is_bounded() -> None:
    deep = ("a",) * MAX_DEPTH
    assert edit.set_value("{}", deep, 1)
    too_deep: list[tuple[tuple[str, ...], object]] = [(deep, {}), ((*deep, "a"), 1)]
    for path, value in too_deep:
        with pytest.raises(edit.CannotEditError, match="nested deeper"):
            edit.set_value("{}", path, value)


def test_nothing_to_remove() -> None:
    paths: list[tuple[str | int, ...]] = [("b",), ("a", 1), ("a", "0", "x")]
    for path in paths:
        with pytest.raises(edit.CannotEditError):
            edit.unset("{a: [1]}", path)
    with pytest.raises(edit.NotThereError):
        edit.unset("{a: [1]}", ("a", "1"))
    with pytest.raises(edit.CannotEditError, match="the whole file cannot be removed"):
        edit.unset("{a: [1]}", ())


def test_setting_what_is_there_changes_nothing_but_a_lost_plus_sign_is_a_change() -> None:
    text = "{ a: 0x10, b: 'x', c: [1, /* two */ 2], d: +15 }"
    same: list[tuple[str, object]] = [("a", 16), ("b", "x"), ("c", (1, 2))]
    for key, value in same:
        assert not edit.patch(text, (key,), value).changes
    assert edit.set_value(text, ("d",), 15) == text.replace("+15", "15")
    assert edit.set_value(text, ("a",), 16.0) == text.replace("0x10", "16.0")


def test_several_edits_are_made_together_or_not_at_all() -> None:
    edits: list[edit.Set | edit.Unset] = [edit.Set(("a", "b"), 1), edit.Set(("a", "c"), 2), edit.Unset(("a", "b"))]
    assert json5.loads(edit.apply("", edits)) == {"a": {"c": 2}}
    with pytest.raises(edit.CannotEditError):
        edit.apply("", [*edits, edit.Set(("a", "c", "d"), 3)])


def test_every_setting_of_the_example_can_be_changed_and_taken_out() -> None:
    text = (File(__file__).parents[2] / "config" / "example.json5").read_text()
    for path in ("channels.imessage.cliPath", "channels.imessage.accounts.bot.dbPath", "agents.list[0].id"):
        new = edit.set_value(text, parse(path), "other")
        assert len(lines(text, new)) == 2
        assert len(lines(text, edit.unset(text, parse(path)))) in (1, 2)
