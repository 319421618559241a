"""``config get``, ``schema`` and ``diff``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config import Places, last_good, load
from config.redaction import MARKER
from tests.control.conftest import Gateway

TEXT = """\
{
  channels: { imessage: { cliPath: "imsg", allowFrom: [+15555550123], groups: { "a.b": { requireMention: true } } } },
  models: { x: { apiKey: "sk-plain", other: "${KEY}", args: ["--token", "hidden"] } },
}
"""


@pytest.fixture
def file(places: Places) -> Path:
    """A valid config file."""
    places.state.mkdir(parents=True)
    places.config.write_text(TEXT)
    return places.config


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("channels.imessage.cliPath", "imsg\n"),
        ("channels.imessage.allowFrom[0]", "+15555550123\n"),
        ("channels.imessage.allowFrom.0", "+15555550123\n"),
        ('channels.imessage.groups["a.b"].requireMention', "true\n"),
        ("channels.imessage.groups.a\\.b", '{\n  "requireMention": true\n}\n'),
        ("models.x.apiKey", f"{MARKER}\n"),
        ("models.x.other", "${KEY}\n"),
        ("models.x.args[1]", f"{MARKER}\n"),
    ],
)
def test_a_value_is_printed_as_it_is_written(cli: Gateway, file: Path, path: str, printed: str) -> None:
    said = cli("config", "get", path)
    assert (said.code, said.out) == (0, printed)


def test_json_is_always_json(cli: Gateway, file: Path) -> None:
    assert cli("config", "get", "channels.imessage.cliPath", "--json").json == "imsg"
    assert cli("config", "get", "models", "--json").json["x"]["apiKey"] == MARKER
    assert cli("config", "get", "--json").json == json.loads(cli("config", "get").out)


@pytest.mark.parametrize(
    "path", ["channels.imessage.dmPolicy", "channels.imessage.allowFrom[1]", "a.b", "channels.imessage.cliPath.x"]
)
def test_what_is_not_set_is_an_error(cli: Gateway, file: Path, path: str) -> None:
    said = cli("config", "get", path)
    assert (said.code, said.out) == (1, "")
    assert "is not set" in said.err


def test_an_invalid_file_can_be_looked_into_and_an_unreadable_one_says_why(cli: Gateway, file: Path) -> None:
    file.write_text('{ nonsense: "\\u001b[31m" }')
    said = cli("config", "get", "nonsense")
    assert (said.code, said.out) == (0, "\\x1b[31m\n")
    file.write_text("{ a: ")
    said = cli("config", "get", "a")
    assert said.code == 1
    assert "\n- <root>: " in said.err


def test_reading_makes_nothing(cli: Gateway, places: Places) -> None:
    assert cli("config", "get", "--json").json == {}
    assert cli("config", "get", "x").code == 1
    assert cli("config", "diff").code == 1
    assert not places.state.exists()


def test_the_schema_is_one_json_schema(cli: Gateway) -> None:
    schema = cli("config", "schema").json
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "channels" in schema["properties"]


def test_what_changed_since_a_backup_is_shown_without_secrets(cli: Gateway, file: Path) -> None:
    cli("config", "set", "channels.imessage.dmPolicy", "disabled")
    cli("config", "set", "models.x.apiKey", "sk-other")
    said = cli("config", "diff")
    assert said.out.splitlines() == ["models.x.apiKey:", f'- "{MARKER}"', f'+ "{MARKER}"']
    assert cli("config", "diff", "2", "--json").json == {
        "changes": [
            {"path": "channels.imessage.dmPolicy", "new": "disabled"},
            {"path": "models.x.apiKey", "old": MARKER, "new": MARKER},
        ]
    }
    assert cli("config", "diff", "3").code == 1


def test_what_changed_since_the_gateway_started_is_shown(cli: Gateway, file: Path, places: Places) -> None:
    said = cli("config", "diff", "--last-good")
    assert said.code == 1
    assert "once it has started" in said.err
    assert last_good.keep(load(places, {}), places, {})
    assert cli("config", "diff", "--last-good").out == "nothing changed\n"
    file.write_text(TEXT.replace("imsg", "imsg2"))
    said = cli("config", "diff", "--last-good")
    assert said.out.splitlines() == ["channels.imessage.cliPath:", '- "imsg"', '+ "imsg2"']
