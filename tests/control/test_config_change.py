"""``config set``, ``unset`` and ``rollback``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from config import Places
from tests.control.conftest import Gateway

LIVE = "takes effect with the next message"
TEXT = '{\n  // mine\n  channels: { imessage: { cliPath: "imsg", dmPolicy: "pairing" } },\n}\n'


@pytest.fixture
def file(places: Places) -> Path:
    """A valid config file."""
    places.state.mkdir(parents=True)
    places.config.write_text(TEXT)
    return places.config


def test_a_value_is_set_and_what_that_did_is_told(cli: Gateway, file: Path) -> None:
    said = cli("config", "set", "channels.imessage.dmPolicy", "disabled")
    assert said.code == 0
    assert said.out.splitlines() == [
        "channels.imessage.dmPolicy:",
        '- "pairing"',
        '+ "disabled"',
        f"written to {file}; it takes effect with the next message",
        "undo: gateway config rollback",
    ]
    assert file.read_text() == TEXT.replace("pairing", "disabled")


@pytest.mark.parametrize(
    ("mode", "key", "told"),
    [
        ("hybrid", "region", "takes effect when the accounts concerned have started anew"),
        ("hot", "name", "takes effect with the next message"),
        ("off", "name", "takes effect when the gateway is restarted"),
        ("restart", "name", "takes effect when the gateway is restarted, which happens by itself"),
    ],
)
def test_when_a_change_counts_is_told(cli: Gateway, file: Path, mode: str, key: str, told: str) -> None:
    file.write_text(TEXT.replace("{\n", f'{{\n  gateway: {{ reload: {{ mode: "{mode}" }} }},\n', 1))
    said = cli("config", "set", f"channels.imessage.{key}", "DE")
    assert f"written to {file}; it {told}" in said.out.splitlines()


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("7", "historyLimit: 7"),
        ("0x10", "historyLimit: 16"),
        ("-1", None),
        ("seven", None),
        ('"7"', None),
    ],
)
def test_a_value_is_json5(cli: Gateway, file: Path, typed: str, written: str | None) -> None:
    said = cli("config", "set", "channels.imessage.historyLimit", typed)
    assert said.code == (1 if written is None else 0)
    assert (written or TEXT) in file.read_text()


def test_what_is_no_json5_is_text_unless_strict(cli: Gateway, file: Path) -> None:
    assert cli("config", "set", "channels.imessage.name", "at home: 2").code == 0
    assert cli("config", "set", "channels.imessage.allowFrom[0]", "+15555550123").code == 0
    assert 'name: "at home: 2"' in file.read_text()
    assert 'allowFrom: ["+15555550123"]' in file.read_text()
    said = cli("config", "set", "channels.imessage.name", "at work", "--strict-json")
    assert said.code == 2
    assert "not valid JSON5" in said.err


def test_without_a_value_it_is_read_from_standard_input(
    cli: Gateway, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("from a pipe\n"))
    assert cli("config", "set", "channels.imessage.name").code == 0
    assert 'name: "from a pipe"' in file.read_text()


def test_an_object_is_merged_and_replaced_expressly(cli: Gateway, file: Path) -> None:
    assert cli("config", "set", "channels.imessage", '{ dmPolicy: "disabled" }').code == 0
    assert 'cliPath: "imsg"' in file.read_text()
    said = cli("config", "set", "channels.imessage", "imsg")
    assert said.code == 1
    assert "replace it expressly" in said.err
    assert cli("config", "set", "channels.imessage", "{}", "--replace").code == 0
    assert "cliPath" not in file.read_text()
    assert cli("config", "set", "channels.imessage", "{}", "--replace", "--merge").code == 2


def test_a_change_that_would_not_load_is_refused_with_every_problem(cli: Gateway, file: Path) -> None:
    said = cli("config", "set", "channels.imessage", '{ dmPolicy: "open", historyLimit: "x" }')
    assert said.code == 1
    assert f"{file} would not be valid, so nothing was written" in said.err
    assert "\n- channels.imessage.historyLimit: must be a whole number" in said.err
    assert "\n- channels.imessage.allowFrom: dmPolicy" in said.err
    assert file.read_text() == TEXT


def test_settings_that_belong_together_are_told_to_go_in_at_once(cli: Gateway, file: Path) -> None:
    assert "at once" in cli("config", "set", "channels.imessage.dmPolicy", "open").err
    assert cli("config", "set", "channels.imessage", '{ dmPolicy: "open", allowFrom: ["*"] }').code == 0


def test_json_is_one_value_for_programs(cli: Gateway, file: Path) -> None:
    said = cli("config", "set", "channels.imessage.allowTo", '["+15555550123"]', "--json")
    assert said.json == {
        "changed": ["channels.imessage.allowTo"],
        "unhonoured": ["channels.imessage.allowTo"],
        "diff": ["channels.imessage.allowTo:", '+ ["+15555550123"]'],
        "file": str(file),
        "backup": f"{file}.bak",
        "effect": "live",
        "digest": said.json["digest"],
        "dryRun": False,
        "warnings": [
            "read and not honoured by this version: channels.imessage.allowTo (limits)",
            (
                "channels.imessage.allowTo: says who may be written to first, and this version does not enforce it: "
                "nobody is left out"
            ),
        ],
        "gateway": None,
    }
    again = cli("config", "set", "channels.imessage.allowTo", '["+15555550123"]', "--json").json
    assert (again["changed"], again["effect"], again["digest"]) == ([], None, said.json["digest"])


@pytest.mark.parametrize(
    ("path", "value", "effect", "told"),
    [
        ("messages.statusReactions.enabled", "true", "has no effect", ["messages.statusReactions is"]),
        ("messages.queue.drop", "old", "has no effect", ["messages.queue.drop is", "messages.queue.drop: asks"]),
        ("session.sendPolicy.default", "deny", LIVE, []),
        ("logging.maxFileBytes", "9", "has no effect", ["logging.maxFileBytes is"]),
        ("logging.level", "warn", LIVE, []),
        ("session", '{ dmScope: "per-peer", store: "x" }', LIVE, ["session.store is"]),
        (
            "session",
            '{ store: "x", resetByType: { thread: { mode: "idle" } } }',
            "has no effect",
            ["session.resetByType.thread, session.store are"],
        ),
        ("session", '{ resetTriggers: ["/new", "/reset"], dmScope: "per-peer" }', LIVE, []),
    ],
)
def test_nothing_is_claimed_of_keys_that_are_not_honoured(
    cli: Gateway, file: Path, path: str, value: str, effect: str, told: list[str]
) -> None:
    file.write_text(TEXT.replace("{\n", "{\n  logging: { maxFileBytes: 7 },\n", 1))
    for words, written in (("--dry-run",), False), ((), True):
        said = cli("config", "set", path, value, *words)
        lines = said.err.splitlines()
        assert said.code == 0
        assert all(line.startswith(f"gateway: warning: {part} ") for line, part in zip(lines, told, strict=True))
        assert (f"written to {file}; it {effect}" in said.out.splitlines()) == written
    assert ("maxFileBytes" in said.err) == (path == "logging.maxFileBytes"), "what stood there is not told again"
    assert cli("config", "rollback").out.splitlines()[-2] == f"written to {file}; it {effect}"


def test_a_list_is_one_value_and_only_what_differs_in_it_is_told(cli: Gateway, file: Path) -> None:
    agents = 'agents: { list: [{ id: "main", name: "Main", runtime: { type: "echo" } }] },'
    file.write_text(TEXT.replace("{\n", f"{{\n  {agents}\n", 1))
    assert cli("config", "set", "agents.list[0].identity", '{ name: "Clawd" }').err == ""
    said = cli("config", "set", "agents.list[0].name", "Other", "--json")
    assert (said.json["changed"], said.json["unhonoured"]) == (["agents.list"], ["agents.list.0.name"])


def test_nothing_to_change_is_no_error(cli: Gateway, file: Path) -> None:
    said = cli("config", "set", "channels.imessage.dmPolicy", "pairing")
    assert (said.code, said.out) == (0, f"nothing to change in {file}\n")


def test_a_dry_run_writes_nothing(cli: Gateway, file: Path) -> None:
    for words in (["set", "channels.imessage.name", "x"], ["unset", "channels.imessage.dmPolicy"]):
        said = cli("config", *words, "--dry-run")
        assert said.code == 0
        assert "written" not in said.out
    assert file.read_text() == TEXT
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_key_is_removed_and_an_absent_one_is_an_error(cli: Gateway, file: Path) -> None:
    said = cli("config", "unset", "channels.imessage.dmPolicy")
    assert said.code == 0
    assert file.read_text() == TEXT.replace(', dmPolicy: "pairing"', "")
    said = cli("config", "unset", "channels.imessage.dmPolicy")
    assert said.code == 1
    assert "channels.imessage.dmPolicy: is not set" in said.err


@pytest.mark.parametrize("path", ["__proto__.x", "a.constructor", "a..b", "a[", ""])
def test_a_path_that_is_none_is_wrong_usage(cli: Gateway, file: Path, path: str) -> None:
    said = cli("config", "set", path, "1")
    assert said.code == (2 if path else 1)
    assert file.read_text() == TEXT


def test_a_backup_is_put_back(cli: Gateway, file: Path) -> None:
    assert cli("config", "rollback").code == 1
    assert "no backups yet" in cli("config", "rollback", "--list").out
    cli("config", "set", "channels.imessage.historyLimit", "7")
    said = cli("config", "rollback", "--dry-run")
    assert said.out.splitlines() == ["channels.imessage.historyLimit:", "- 7"]
    said = cli("config", "rollback")
    assert said.code == 0
    assert file.read_text() == TEXT
    listed = cli("config", "rollback", "--list", "--json").json["backups"]
    assert [one["number"] for one in listed] == [1, 2]
    assert listed[0]["path"] == f"{file}.bak"
    assert listed[1]["bytes"] == len(TEXT)
    assert cli("config", "rollback", "--list").out.count("\n") == 2


def test_a_backup_that_differs_in_comments_only_is_put_back_too(cli: Gateway, file: Path) -> None:
    cli("config", "set", "channels.imessage.dmPolicy", "disabled")
    file.write_text(TEXT.replace("// mine", "// ours"))
    said = cli("config", "rollback")
    assert said.out.splitlines()[0] == f"written to {file}; it changes no value"
    assert file.read_text() == TEXT


def test_the_way_back_names_the_file_that_changed(cli: Gateway, file: Path) -> None:
    file.write_text('{ channels: { imessage: { $include: "./mine.json5" } } }')
    included = file.with_name("mine.json5")
    included.write_text('{ cliPath: "imsg" }')
    said = cli("config", "set", "channels.imessage.name", "x")
    assert f"undo: gateway config rollback --file {included}" in said.out
    assert cli("config", "rollback", "--file", "mine.json5").code == 0
    assert included.read_text() == '{ cliPath: "imsg" }'


def test_a_config_that_is_managed_elsewhere_is_not_written(
    cli: Gateway, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCLAW_NIX_MODE", "1")
    said = cli("config", "set", "channels.imessage.name", "x")
    assert said.code == 1
    assert "OPENCLAW_NIX_MODE is set" in said.err


def test_lists_that_could_not_be_used_are_refused_as_at_a_start(cli: Gateway, file: Path) -> None:
    said = cli("config", "set", "channels.imessage.allowFrom", '["chat_id:x"]')
    assert said.code == 1
    assert "- channels.imessage.allowFrom" in said.err
    assert "at once" not in said.err
    assert file.read_text() == TEXT
