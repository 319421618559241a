"""Lists none of whose entries can be used: refused with the config file, where a policy relies on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.access.list_check import unusable_lists
from config import Loaded, Places, load

C = "channels.imessage"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".openclaw" / "gateway").mkdir(parents=True)
    return Places.from_env({"HOME": str(tmp_path)})


def loaded(places: Places, inside: str, rest: str = "") -> Loaded:
    places.config.write_text(f"{{channels:{{imessage:{{\n{inside}\n}}}},\n{rest}}}")
    return load(places, {}, (unusable_lists,))


REFUSED = {
    "a chat id that is none": ('dmPolicy:"allowlist",\nallowFrom:["chat_id:abc"]', f"{C}.allowFrom", 3),
    "only strange characters": ('dmPolicy:"allowlist",\nallowFrom:["", "\u200b", "\uff0a"]', f"{C}.allowFrom", 3),
    "a wildcard with a prefix": ('dmPolicy:"allowlist",\nallowFrom:["imessage:*"]', f"{C}.allowFrom", 3),
    "a group nobody knows": ('dmPolicy:"allowlist",\nallowFrom:["accessGroup:x"]', f"{C}.allowFrom", 3),
    "a group of nobody": ('groupAllowFrom:["accessGroup:empty"]', f"{C}.groupAllowFrom", 2),
    "a group of a chat": ('groupAllowFrom:["accessGroup:odd"]', f"{C}.groupAllowFrom", 2),
    "a list groups fall back to": ('dmPolicy:"disabled",\nallowFrom:["chat_id:abc"]', f"{C}.allowFrom", 3),
    "one they fall back to by a policy that is set": (
        'groupPolicy:"allowlist",\nallowFrom:["chat_id:abc"]',
        f"{C}.allowFrom",
        3,
    ),
    "a list for groups": ('groupPolicy:"allowlist",\ngroupAllowFrom:["***"]', f"{C}.groupAllowFrom", 3),
    "a list of an account": (
        'dmPolicy:"allowlist",allowFrom:["a@b.c"],accounts:{bot:{\nallowFrom:["@"]}}',
        f"{C}.accounts.bot.allowFrom",
        3,
    ),
    "a policy of an account": (
        'allowFrom:["@"],accounts:{a:{dmPolicy:"allowlist"},b:{dmPolicy:"allowlist",dbPath:"/b"}}',
        f"{C}.allowFrom",
        2,
    ),
}
GROUPS = """accessGroups:{empty:{type:"message.senders",members:{telegram:["1"]}},
    odd:{type:"message.senders",members:{imessage:["chat_id:7","*"]}}}"""


@pytest.mark.parametrize(("inside", "path", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_a_list_that_admits_nobody_is_refused_with_its_place(inside: str, path: str, line: int, places: Places) -> None:
    result = loaded(places, inside, GROUPS)
    assert result.config is None
    assert [(problem.path, problem.line) for problem in result.problems] == [(path, line)]
    assert "no entry of this list can be used" in result.problems[0].message


def test_the_problem_says_what_is_wrong_with_the_entries(places: Places) -> None:
    entries = ", ".join(f'"chat_id:{letter}"' for letter in "abcde")
    (problem,) = loaded(places, f'dmPolicy:"allowlist", allowFrom:["", {entries}]').problems
    assert problem.message == (
        'no entry of this list can be used, so dmPolicy and groupPolicy "allowlist" would admit nobody;'
        " allowFrom.1 is no chat id: write chat_id:<number from 1>;"
        " allowFrom.2 is no chat id: write chat_id:<number from 1>;"
        " allowFrom.3 is no chat id: write chat_id:<number from 1>; and 2 more"
    )


@pytest.mark.parametrize(
    ("inside", "policies"),
    [
        ('allowFrom:["@"]', "groupPolicy"),
        ('allowFrom:["@"],groupPolicy:"open",dmPolicy:"allowlist"', "dmPolicy"),
        ('allowFrom:["@"],dmPolicy:"allowlist"', "dmPolicy and groupPolicy"),
    ],
)
def test_the_problem_names_the_policies_that_need_the_list(inside: str, policies: str, places: Places) -> None:
    (problem,) = loaded(places, inside).problems
    assert f'so {policies} "allowlist" would admit nobody' in problem.message


ACCEPTED = {
    "a group of another channel's people, where groups are not spoken of": 'allowFrom:["accessGroup:empty"]',
    "one good entry": 'dmPolicy:"allowlist",allowFrom:["chat_id:abc","a@b.c"]',
    "a chat": 'dmPolicy:"allowlist",allowFrom:["chat_id:7"]',
    "anyone": 'dmPolicy:"allowlist",allowFrom:["*"]',
    "pairing does without": 'allowFrom:["chat_id:abc"],groupAllowFrom:["a@b.c"]',
    "and groups that nobody is to use": 'allowFrom:["chat_id:abc"],groupAllowFrom:[]',
    "direct chats are off": 'dmPolicy:"disabled",allowFrom:["chat_id:abc"],groupPolicy:"open"',
    "groups are off": 'groupPolicy:"disabled",groupAllowFrom:["chat_id:abc"]',
    "groups are open": 'groupPolicy:"open",groupAllowFrom:["chat_id:abc"]',
    "nobody on purpose": "groupAllowFrom:[]",
    "a variable costs the account": 'dmPolicy:"allowlist",allowFrom:["${NOBODY}"]',
}


@pytest.mark.parametrize("inside", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_other_lists_are_not_refused(inside: str, places: Places) -> None:
    assert loaded(places, inside).problems == ()


def test_a_group_with_people_makes_the_list_usable(places: Places) -> None:
    group = 'accessGroups:{family:{type:"message.senders",members:{imessage:["a@b.c"]}}}'
    assert loaded(places, 'dmPolicy:"allowlist",allowFrom:["accessGroup:family"]', group).problems == ()


def test_it_comes_together_with_the_other_problems(places: Places) -> None:
    result = loaded(places, 'dmPolicy:"allowlist",\nallowFrom:["@"],\ncliPaht:"x",\nremoteHost:"-x"')
    assert [problem.line for problem in result.problems] == [3, 4, 5]


def test_a_broken_group_is_not_also_called_unusable(places: Places) -> None:
    broken = 'accessGroups:{family:{type:"message.senders",members:{imessage:"a@b.c"}}}'
    result = loaded(places, 'dmPolicy:"allowlist",allowFrom:["accessGroup:family"]', broken)
    assert [problem.path for problem in result.problems] == ["accessGroups.family.members.imessage"]
