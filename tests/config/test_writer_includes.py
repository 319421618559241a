"""Changing a config of several files: in which of them, and when that cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Places, load
from config.backups import ring
from config.writer import WriteRefusedError
from tests.config.writing import Desk, litter

MAIN = """\
{
  channels: { imessage: { $include: "./imessage.json5" } }, // mine
  agents: { list: [{ id: "main", identity: { $include: ["./name.json5", "./face.json5"] } }] },
  messages: { $include: "./messages.json5", responsePrefix: "[bot]" },
}
"""
FILES = {
    "imessage.json5": '{\n  // the channel\n  cliPath: "imsg",\n  groups: { $include: "./sub/groups.json5" },\n}\n',
    "name.json5": '{ name: "Claw" }\n',
    "face.json5": '{ emoji: "🦞" }\n',
    "messages.json5": '{ responsePrefix: "hidden", groupChat: { mentionPatterns: ["claw"] } }\n',
    "sub/groups.json5": '{ "42": { requireMention: true } }\n',
}


@pytest.fixture
def desk(places: Places) -> Desk:
    (places.state / "sub").mkdir()
    desk = Desk(places, text=MAIN)
    for name, text in FILES.items():
        desk.add(name, text)
    assert load(places, {}).problems == ()
    return desk


def texts(desk: Desk) -> dict[str, str]:
    names = ("openclaw.json", *FILES)
    return {name: (desk.places.state / name).read_text() for name in names}


@pytest.mark.parametrize(
    ("path", "value", "name", "old", "new"),
    [
        ("channels.imessage.cliPath", "imsg2", "imessage.json5", '"imsg"', '"imsg2"'),
        ("channels.imessage.groups['42'].requireMention", False, "sub/groups.json5", "true", "false"),
        ("messages.responsePrefix", "[x]", "openclaw.json", "[bot]", "[x]"),
        ("messages.groupChat.mentionPatterns[0]", "x", "messages.json5", "claw", "x"),
        ("agents.list[0].identity.emoji", "🐙", "face.json5", "🦞", "🐙"),
        ("channels.imessage.dmPolicy", "disabled", "imessage.json5", None, 'dmPolicy: "disabled"'),
        ("channels.imessage.groups['7']", {}, "sub/groups.json5", None, '"7": {}'),
        ("messages.queue.cap", 5, "openclaw.json", None, "queue: { cap: 5 }"),
        ("agents.list[1]", {"id": "two"}, "openclaw.json", None, 'id: "two"'),
    ],
)
def test_a_value_is_changed_in_the_file_it_stands_in(
    desk: Desk, path: str, value: object, name: str, old: str | None, new: str
) -> None:
    before = texts(desk)
    outcome = desk.set(path, value)
    after = texts(desk)
    assert [each for each in after if after[each] != before[each]] == [name]
    assert new in after[name]
    assert old is None or after[name] == before[name].replace(old, new)
    assert outcome.file == desk.places.state / name
    assert outcome.backup == ring(desk.places.state / name)[0]
    assert outcome.digest == load(desk.places, {}).digest
    assert litter(desk.places.state) == litter(desk.places.state / "sub") == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("agents.list[0].identity.name", None),
        ("agents.list[0].identity", r"face\.json5 and .*name\.json5: change it there by hand"),
        ("messages", r"messages\.json5 and .*openclaw\.json: change it there by hand"),
        ("messages.responsePrefix", "another file has a part in it"),
        ("channels.imessage", r"the whole of .*imessage\.json5"),
    ],
)
def test_what_several_files_make_is_not_removed_from_one(desk: Desk, path: str, reason: str | None) -> None:
    before = texts(desk)
    if reason is None:
        desk.unset(path)
        return
    with pytest.raises(WriteRefusedError, match=reason) as caught:
        desk.unset(path)
    assert caught.value.code == "ambiguous"
    assert texts(desk) == before


def test_a_new_key_where_two_included_files_make_the_object_is_ambiguous(desk: Desk) -> None:
    with pytest.raises(WriteRefusedError, match=r"could go into .*face\.json5 and .*name\.json5"):
        desk.set("agents.list[0].identity.theme", "sea")


def test_one_change_is_one_file(desk: Desk) -> None:
    with pytest.raises(WriteRefusedError, match="one at a time"):
        desk.set("channels.imessage", {"cliPath": "imsg2", "groups": {"42": {"requireMention": False}}})
    desk.set("channels.imessage", {"cliPath": "imsg", "groups": {"42": {"requireMention": False}}})
    assert "false" in texts(desk)["sub/groups.json5"]


def test_a_list_of_two_files_is_changed_entry_by_entry(places: Places) -> None:
    desk = Desk(places, text='{ channels: { imessage: { $include: ["./a.json5", "./b.json5"] } } }')
    desk.add("a.json5", '{ allowFrom: ["+15555550123"] }')
    desk.add("b.json5", '{ allowFrom: ["+15555550124"] }')
    desk.set("channels.imessage.allowFrom[0]", "+15555550125")
    assert desk.file.with_name("a.json5").read_text() == '{ allowFrom: ["+15555550125"] }'
    with pytest.raises(WriteRefusedError, match="could go into"):
        desk.set("channels.imessage.allowFrom[2]", "+15555550126")


def test_a_problem_in_an_included_file_names_that_file(desk: Desk) -> None:
    with pytest.raises(WriteRefusedError) as caught:
        desk.set("channels.imessage.dmPolicy", "nobody")
    (problem,) = caught.value.problems
    assert problem.file == str(desk.places.state / "imessage.json5")
    assert ".tmp" not in str(problem)


def test_an_include_outside_the_folder_of_the_name_stays_refused(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "openclaw.json"
    target.parent.mkdir()
    (target.parent / "beside.json5").write_text("{}")
    desk.file.unlink()
    desk.file.symlink_to(target)
    target.write_text('{ channels: { imessage: { cliPath: "imsg" } } }')
    desk.set("channels.imessage.historyLimit", 7)
    ring(desk.file)[0].write_text('{ channels: { imessage: { $include: "./beside.json5" } } }')
    with pytest.raises(WriteRefusedError) as caught:
        desk.writer.rollback()
    assert "is outside the config folder" in str(caught.value.problems[0])
    assert "historyLimit" in target.read_text()


def test_a_file_below_one_that_holds_a_list_is_changed_there(places: Places) -> None:
    desk = Desk(places, text='{ agents: { list: { $include: "all.json5" } } }')
    desk.add("all.json5", '[{ id: "a", identity: { $include: "who.json5" } }] // all')
    who = desk.add("who.json5", '{ name: "W" } // who')
    assert desk.set("agents.list[0].identity.name", "Me").file == who
    assert who.read_text() == '{ name: "Me" } // who'


class TestOwnFile:
    """The gateway's own file, laid over the main one."""

    @pytest.fixture
    def desk(self, places: Places) -> Desk:
        desk = Desk(places)
        places.overlay.write_text('{ channels: { imessage: { historyLimit: 5 } }, logging: { level: "debug" } }\n')
        return desk

    def test_what_stands_there_is_changed_there(self, desk: Desk) -> None:
        outcome = desk.set("channels.imessage.historyLimit", 6)
        assert outcome.file == desk.places.overlay
        assert "historyLimit: 6" in desk.places.overlay.read_text()
        desk.unset("logging.level")
        assert "debug" not in desk.places.overlay.read_text()

    def test_what_stands_in_the_main_file_is_changed_there(self, desk: Desk) -> None:
        assert desk.set("channels.imessage.dmPolicy", "disabled").file == desk.file
        assert desk.set("channels.imessage.groupPolicy", "disabled").file == desk.file

    def test_a_key_openclaw_does_not_know_goes_into_it(self, desk: Desk) -> None:
        assert desk.set("channels.imessage.rateLimit.perChatPerMinute", 9).file == desk.places.overlay
        assert desk.set("retention.bodiesDays", 9).file == desk.places.overlay
        assert load(desk.places, {}).problems == ()

    def test_what_stands_in_both_is_not_removed_from_one(self, desk: Desk) -> None:
        desk.file.write_text(desk.file.read_text().replace("dmPolicy", "historyLimit: 50, dmPolicy"))
        with pytest.raises(WriteRefusedError, match="another file has a part in it"):
            desk.unset("channels.imessage.historyLimit")
        assert desk.set("channels.imessage.historyLimit", 6).file == desk.places.overlay
