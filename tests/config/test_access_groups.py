"""`accessGroups`: what the file may say, and what only others make of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config import Account, Config, Finding, Places, load
from config.schema.access_groups import AccessGroup
from tests.config.conftest import Load


def groups(load_text: Load, inside: str) -> dict[str, AccessGroup]:
    loaded = load_text(f"{{accessGroups:{{{inside}}}}}")
    assert (loaded.problems, loaded.warnings) == ((), ())
    assert loaded.config is not None
    return loaded.config.access_groups


def test_groups_list_people_by_channel(load_text: Load) -> None:
    inside = """family: { type: "message.senders", members: { imessage: [+15555550123, "me@x.y"], telegram: [42],
                                                              "*": ["a"] } }"""
    (group,) = groups(load_text, inside).values()
    assert group.members == {"imessage": ("+15555550123", "me@x.y"), "telegram": ("42",), "*": ("a",)}


def test_of_another_type_only_the_type_is_kept(load_text: Load) -> None:
    inside = 'staff: { type: "discord.channelAudience", guildId: "1", channelId: "2", membership: "canViewChannel" }'
    assert groups(load_text, inside) == {"staff": AccessGroup(type="discord.channelAudience", members={})}


@pytest.mark.parametrize(
    ("inside", "path", "message", "line"),
    [
        ("family:\n[]", "accessGroups.family", "must be an object", 2),
        ("family:{members:{}}", "accessGroups.family.type", "is required", 1),
        ('family:{type:"",members:{}}', "accessGroups.family.type", "must not be empty", 1),
        ('family:{type:"message.senders"}', "accessGroups.family.members", "is required", 1),
        (
            'family:{type:"message.senders",members:{},\nmembrs:{}}',
            "accessGroups.family.membrs",
            'did you mean "members"',
            2,
        ),
        (
            'family:{type:"message.senders",members:{imessage:"a"}}',
            "accessGroups.family.members.imessage",
            "must be a list",
            1,
        ),
        (
            'family:{type:"message.senders",members:{"*":[\n15555550123]}}',
            "accessGroups.family.members.*.0",
            'in quotes, "+15555550123"',
            2,
        ),
        (
            'a:{type:"x"},\n" a ":{type:"x"}',
            'accessGroups[" a "]',
            'is the same name as "a": rename one',
            2,
        ),
        ('"":{type:"x"}', 'accessGroups[""]', "a group needs a name", 1),
    ],
)
def test_a_mistake_is_told_with_its_place(inside: str, path: str, message: str, line: int, load_text: Load) -> None:
    (problem,) = load_text(f"{{accessGroups:{{{inside}}}}}").problems
    assert problem.path == path
    assert message in problem.message
    assert problem.line == line


def test_a_misspelt_block_is_named(load_text: Load) -> None:
    (problem,) = load_text("{accessGroup:{}}").problems
    assert 'did you mean "accessGroups"?' in problem.message


def test_a_check_from_elsewhere_refuses_the_file_at_its_place(places: Places) -> None:
    asked: list[tuple[str, ...]] = []

    def check(config: Config, accounts: tuple[Account, ...]) -> Iterator[Finding]:
        asked.append(tuple(account.id for account in accounts))
        yield "channels.imessage.name", "must be nicer", None
        yield "session", "is not there", "channels.imessage"

    places.config.write_text('{channels:{imessage:{\nname:"x"}}}')
    loaded = load(places, {}, (check,))
    assert (loaded.config, loaded.accounts, asked) == (None, (), [("default",)])
    assert [str(problem) for problem in loaded.problems] == [
        "- session: is not there (line 1, column 21)",
        "- channels.imessage.name: must be nicer (line 2, column 6)",
    ]
    assert load(places, {}).problems == ()


def test_checks_are_not_asked_about_what_the_schema_refuses(places: Places) -> None:
    def check(config: Config, accounts: tuple[Account, ...]) -> Iterator[Finding]:
        yield from (("channels", "asked", None) for _ in accounts)

    for broken in ("allowFrom:true", "groupAllowFrom:true", 'dmPolicy:"x"', "accounts:[]"):
        places.config.write_text(f"{{channels:{{imessage:{{{broken}}}}}}}")
        assert "asked" not in str(load(places, {}, (check,)).problems)
    places.config.write_text("{channels:{imessage:{name:1}}}")
    assert "asked" in str(load(places, {}, (check,)).problems)
