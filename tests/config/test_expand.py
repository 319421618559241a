"""`$include`, `${VAR}`, `.env` files and the gateway's own overlay file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import Places, load
from config.dotenv import parse_dotenv
from config.expand import MAX_TOTAL
from tests.config.conftest import Load


def test_an_include_is_replaced_and_keys_beside_it_win(load_text: Load) -> None:
    text = '{ channels: { imessage: { $include: "./im.json5", service: "sms", allowFrom: ["b@x.y"] } } }'
    im = '{ service: "imessage", region: "DE", allowFrom: ["a@x.y"], groups: { "1": {} } }'
    loaded = load_text(text, files={"im.json5": im})
    (account,) = loaded.accounts
    assert (account.service, account.region) == ("sms", "DE")
    assert account.allow_from == ("a@x.y", "b@x.y")
    assert [file.name for file in loaded.files] == ["openclaw.json", "im.json5"]


def test_of_several_includes_the_later_wins(load_text: Load) -> None:
    files = {
        "a.json5": '{imessage:{service:"sms",region:"DE"}}',
        "b.json5": '{imessage:{service:"imessage"}}',
    }
    (account,) = load_text('{channels:{$include:["a.json5","b.json5"]}}', files=files).accounts
    assert (account.service, account.region) == ("imessage", "DE")


def test_includes_nest_relative_to_their_file(load_text: Load, places: Places) -> None:
    (places.state / "d").mkdir()
    files = {"d/a.json5": '{$include:"b.json5"}', "d/b.json5": '{name:"deep"}'}
    (account,) = load_text('{channels:{imessage:{$include:"d/a.json5"}}}', files=files).accounts
    assert account.name == "deep"


def test_a_problem_in_an_included_file_names_it(load_text: Load, places: Places) -> None:
    loaded = load_text('{channels:{imessage:{$include:"im.json5"}}}', files={"im.json5": '{\nservice:"x"}'})
    (problem,) = loaded.problems
    assert problem.path == "channels.imessage.service"
    assert problem.file == str(places.state / "im.json5")
    assert str(problem).endswith(f"({places.state / 'im.json5'}, line 2, column 9)")


BROKEN_INCLUDES = {
    "missing": ('"nope.json5"', "does not exist"),
    "broken": ('"broken.json5"', "not valid JSON5"),
    "cycle": ('"cycle.json5"', "includes itself: "),
    "itself": ('"openclaw.json"', "includes itself: "),
    "number": ("5", "must be a file name"),
    "list of numbers": ("[5]", "must be a file name"),
    "empty list": ("[]", "must be a file name"),
    "empty name": ('""', "usable file name"),
    "NUL": ('"a\\u0000b"', "usable file name"),
    "long": (f'"{"x" * 5000}"', "usable file name"),
    "outside": ('"/etc/passwd"', "outside the config folder"),
    "above": ('"../x.json5"', "outside the config folder"),
    "hard link": ('"linked.json5"', "more than one hard link"),
    "symlink out": ('"symlink.json5"', "outside the config folder"),
    "folder": ('"gateway"', "cannot be read"),
}


@pytest.mark.parametrize(("target", "message"), BROKEN_INCLUDES.values(), ids=BROKEN_INCLUDES.keys())
def test_a_broken_include_is_reported(target: str, message: str, load_text: Load, places: Places) -> None:
    (places.state / "one.json5").write_text("{}")
    os.link(places.state / "one.json5", places.state / "linked.json5")
    (places.state / "symlink.json5").symlink_to("/etc/passwd")
    files = {"broken.json5": "{", "cycle.json5": '{$include:"cycle.json5"}'}
    loaded = load_text(f"{{messages:{{$include:{target}}}}}", files=files)
    (problem,) = loaded.problems
    assert message in problem.message
    assert problem.path in {"messages.$include", "<root>"}
    assert problem.line == 1


def test_an_included_file_may_hold_a_list_or_a_value(load_text: Load) -> None:
    text = '{channels:{imessage:{allowFrom:{$include:["a.json5","b.json5"]},region:{$include:"r.json5"}}}}'
    files = {"a.json5": '["a@x.y"]', "b.json5": "['+15555550123', +15555550124]", "r.json5": "'DE'"}
    (account,) = load_text(text, files=files).accounts
    assert account.allow_from == ("a@x.y", "+15555550123", "+15555550124")
    assert account.region == "DE"


def test_a_list_cannot_have_keys_beside_it(load_text: Load) -> None:
    (problem,) = load_text('{bindings:{$include:"b.json5",x:1}}', files={"b.json5": "[]"}).problems
    assert "no keys may stand beside it" in problem.message


def test_a_file_and_its_overlay_hold_an_object(load_text: Load, places: Places) -> None:
    (problem,) = load_text('{$include:"a.json5"}', files={"a.json5": "[]"}).problems
    assert problem.message == "must be an object once its includes are read"
    (problem,) = load_text("{}", overlay="[]").problems
    assert (problem.file, problem.line) == (str(places.overlay), 1)


def test_what_is_wrong_elsewhere_is_told_beside_a_broken_include(load_text: Load) -> None:
    text = """{
      agents: { list: { $include: "agents.json5" }, lits: [] },
      bindings: [{ $include: "nope.json5" }, { agentId: "a" }],
      channels: { imessage: { dmPolicy: "opne" } } }"""
    problems = load_text(text, files={"agents.json5": "[{id:'a'},"}).problems
    assert [(problem.path, problem.line) for problem in problems] == [
        ("agents.lits", 2),
        ("bindings.0.$include", 3),
        ("bindings.1.match", 3),
        ("channels.imessage.dmPolicy", 4),
        ("<root>", 1),
    ]


def test_included_files_are_bounded_together(load_text: Load) -> None:
    files = {"big.json5": '{"x":"' + "y" * (MAX_TOTAL // 5 - 100) + '"}'}
    names = ",".join(['"big.json5"'] * 6)
    (problem,) = load_text(f"{{meta:{{$include:[{names}]}}}}", files=files).problems
    assert "together are larger than 8192 KiB" in problem.message


def test_includes_are_not_nested_endlessly(load_text: Load) -> None:
    files = {f"f{n}.json5": f'{{$include:"f{n + 1}.json5"}}' for n in range(12)}
    (problem,) = load_text('{$include:"f0.json5"}', files=files).problems
    assert "deeper than 10" in problem.message


def test_an_include_root_opens_another_folder(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "s.json5").write_text('{responsePrefix:"x"}')
    text = f'{{messages:{{$include:"{tmp_path}/shared/s.json5"}}}}'
    assert "outside" in load_text(text).problems[0].message
    loaded = load_text(text, env={"OPENCLAW_INCLUDE_ROOTS": str(tmp_path / "shared")})
    assert loaded.config is not None
    assert loaded.config.messages.response_prefix == "x"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("${A}", "alpha"),
        ("x-${A}-${B}", "x-alpha-${C}"),
        ("$${A}", "${A}"),
        ("$A ${lower} ${1X} ${a_B}", "$A ${lower} ${1X} ${a_B}"),
    ],
)
def test_variables_are_filled_in_once(written: str, name: str, load_text: Load) -> None:
    env = {"A": "alpha", "B": "${C}", "C": "gamma"}
    (account,) = load_text(f'{{channels:{{imessage:{{name:"{written}"}}}}}}', env=env).accounts
    assert account.name == name


def test_an_unset_variable_costs_its_account_and_not_the_file(load_text: Load) -> None:
    text = """{channels:{imessage:{accounts:{
      a:{cliPath:"${IMSG}",dmPolicy:"allowlist",allowFrom:["${OWNER}"]}, b:{dbPath:"/b"}}}}}"""
    loaded = load_text(text, env={"OWNER": ""})
    assert loaded.problems == ()
    a, b = loaded.accounts
    assert (a.enabled, b.enabled) == (False, True)
    assert a.unavailable is not None
    assert "channels.imessage.accounts.a.cliPath needs the environment variable IMSG" in a.unavailable
    assert loaded.unresolved["channels.imessage.accounts.a.allowFrom.0"] == ("OWNER",)
    assert any("IMSG is not set" in warning for warning in loaded.warnings)


def test_an_unset_variable_of_the_channel_costs_those_who_inherit_it(load_text: Load) -> None:
    text = '{channels:{imessage:{region:"${R}",accounts:{a:{},b:{region:"DE",dbPath:"/b"}}}}}'
    a, b = load_text(text).accounts
    assert (a.unavailable is None, b.unavailable is None) == (False, True)


def test_an_unset_variable_elsewhere_stays_as_written(load_text: Load) -> None:
    loaded = load_text('{agents:{list:[{id:"a",runtime:{type:"model",model:"x:y",apiKey:"${KEY}"}}]}}')
    assert loaded.problems == ()
    assert loaded.unresolved == {"agents.list.0.runtime.apiKey": ("KEY",)}


def test_where_variables_come_from(load_text: Load, places: Places, home: Path) -> None:
    (home / ".env").write_text("A=cwd\nB=cwd\n")
    (places.state / ".env").write_text("A=state\nB=state\nC=state\n")
    text = """{env:{vars:{A:"vars",B:"vars",C:"vars",D:"vars"},E:"flat"},
               channels:{imessage:{name:"${A} ${B} ${C} ${D} ${E}"}}}"""
    loaded = load_text(text, env={"A": "process", "B": ""})
    assert loaded.accounts[0].name == "process cwd state vars flat"
    assert loaded.warnings == ()


def test_an_env_file_that_cannot_be_read_is_a_warning(load_text: Load, home: Path) -> None:
    (home / ".env").mkdir()
    loaded = load_text("{}")
    assert loaded.problems == ()
    assert any(str(home / ".env") in warning for warning in loaded.warnings)


def test_env_files_are_read_as_shells_do() -> None:
    text = """
    # comment
    PLAIN=a b # trailing
    export EXPORTED='single # kept'
    DOUBLE="line\\nnext \\"quoted\\""
    EMPTY=
    not an assignment
    """
    assert parse_dotenv(text) == {
        "PLAIN": "a b",
        "EXPORTED": "single # kept",
        "DOUBLE": 'line\nnext "quoted"',
        "EMPTY": "",
    }


def test_the_overlay_is_laid_on_top(load_text: Load, places: Places) -> None:
    text = '{agents:{list:[{id:"a",name:"A"},{id:"b"}]},channels:{imessage:{debounceMs:5,allowTo:["+1555"]}}}'
    overlay = """{agents:{list:[{id:"B",runtime:{type:"echo"}},{id:"c"}]}, retention:{bodiesDays:7},
                  channels:{imessage:{debounceMs:9,allowTo:[]}}}"""
    loaded = load_text(text, overlay=overlay)
    assert loaded.config is not None
    agents = loaded.config.agents.list
    assert [agent.id for agent in agents] == ["a", "b", "c"]
    assert [agent.runtime is not None for agent in agents] == [False, True, False]
    assert agents[0].name == "A"
    assert loaded.config.retention.bodies_days == 7
    assert (loaded.accounts[0].debounce_ms, loaded.accounts[0].allow_to) == (9, ())
    assert loaded.files == (places.config, places.overlay)


def test_a_problem_in_the_overlay_names_it(load_text: Load, places: Places) -> None:
    (problem,) = load_text("{}", overlay="{retention:{bodiesDay:1}}").problems
    assert problem.file == str(places.overlay)
    assert 'did you mean "bodiesDays"' in problem.message
    (problem,) = load_text("{}", overlay="{").problems
    assert problem.file == str(places.overlay)


def test_the_digest_follows_every_file(load_text: Load, places: Places) -> None:
    first = load_text('{messages:{$include:"m.json5"}}', files={"m.json5": "{}"})
    (places.state / "m.json5").write_text("{ }")
    second = load(places, {})
    places.overlay.write_text("{}")
    third = load(places, {})
    assert len({first.digest, second.digest, third.digest}) == 3
    assert load(places, {}).digest == third.digest
