"""`${VAR}` in the file: it stays where it is, and what it stands for gets nowhere."""

from __future__ import annotations

import pytest

from config import Places
from tests.config.writing import Desk

SECRET = "sk-very-secret-0123456789"
TEXT = """\
{
  channels: { imessage: { cliPath: "${IMSG}", allowFrom: ["${OWNER}", "me@example.com"], name: "at ${PLACE}" } },
  models: { x: { apiKey: "${KEY}", baseUrl: "https://example.com" } },
  agents: { list: [{ id: "main", runtime: { type: "model", model: "x:y", apiKey: "${KEY}" } }] },
}
"""
ENV = {"IMSG": "/opt/imsg", "OWNER": "+15555550123", "PLACE": "home", "KEY": SECRET}


@pytest.fixture
def desk(places: Places) -> Desk:
    return Desk(places, ENV, text=TEXT)


def test_a_reference_stays_when_something_else_changes(desk: Desk) -> None:
    desk.set("models.x.baseUrl", "https://example.org")
    desk.set("agents.list[0].runtime.model", "x:z")
    desk.set("channels.imessage.historyLimit", 7)
    text = desk.file.read_text()
    for name in ENV:
        assert f"${{{name}}}" in text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("channels.imessage.cliPath", "/opt/imsg"),
        ("channels.imessage.name", "at home"),
        ("models.x", {"apiKey": SECRET, "baseUrl": "https://example.com"}),
        ("channels.imessage.allowFrom", ["+15555550123", "me@example.com"]),
    ],
)
def test_what_it_stands_for_is_not_written_over_it(desk: Desk, path: str, value: object) -> None:
    assert desk.set(path, value).changed_paths == ()
    assert desk.set(path, value, replace=True).changed_paths == ()
    assert desk.file.read_text() == TEXT


def test_the_rest_of_an_object_or_a_list_changes_around_it(desk: Desk) -> None:
    desk.set("channels.imessage.allowFrom", ["you@example.com", "+15555550123"])
    assert '["you@example.com", "${OWNER}"]' in desk.file.read_text()
    desk.set("models.x", {"apiKey": SECRET, "baseUrl": "https://other"}, replace=True)
    assert 'apiKey: "${KEY}"' in desk.file.read_text()
    desk.set("agents.list[0]", {"id": "main", "runtime": {"type": "model", "model": "a:b", "apiKey": SECRET}})
    desk.set(
        "agents.list", [{"id": "two"}, {"id": "main", "runtime": {"type": "model", "model": "a:b", "apiKey": SECRET}}]
    )
    assert SECRET not in desk.file.read_text()


def test_a_reference_can_be_replaced_by_something_else(desk: Desk) -> None:
    desk.set("channels.imessage.cliPath", "imsg")
    assert 'cliPath: "imsg"' in desk.file.read_text()


def test_variables_of_the_file_and_of_dotenv_count_too(desk: Desk) -> None:
    (desk.places.state / ".env").write_text("FROM_FILE=beside\n")
    desk.set("channels.imessage.name", "${FROM_FILE}")
    assert desk.set("channels.imessage.name", "beside").changed_paths == ()
    desk.set("env.vars.INSIDE", "inside")
    desk.set("channels.imessage.name", "${INSIDE}")
    assert desk.set("channels.imessage.name", "inside").changed_paths == ()


def test_what_it_stands_for_is_in_no_artefact(desk: Desk) -> None:
    outcomes = [
        desk.set("models.x.apiKey", "${OTHER}"),
        desk.set("models.x.apiKey", "${KEY}"),
        desk.unset("models.x.apiKey"),
        desk.writer.rollback(),
    ]
    said = "\n".join(map(repr, [outcome.diff_lines for outcome in outcomes]))
    left = [path.read_text() for path in desk.places.state.rglob("*") if path.is_file()]
    assert "${KEY}" in said
    assert not any(SECRET in text for text in (said, *left))
