"""Keys that nothing honours: all of them are in the table, nothing else is, and whoever sets one is told."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from config import changes
from config.known import fits
from config.paths import dotted
from config.schema.walk import Entry, walk
from config.unhonoured import HEAD, UNHONOURED, among, concerning, in_vain, said
from tests.config.conftest import Load

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "schema_url": "for editors",
    "vars": "config.dotenv reads it in the document",
    "streaming": "config.accounts takes it by its name",
    "top_retention": "the property retention of the schema",
}
"""Attributes that need no reader outside the schema, and why."""
NAMESAKES = {
    *("action", "agent", "cap", "channel", "chat_type", "debounce_ms", "default", "direct", "drop", "enabled", "file"),
    *("group", "markdown", "match", "mode", "model", "name", "queue", "reset", "rules", "store", "text", "to"),
}
"""Attributes of keys of the table that are those of other things, too."""


def covered(entry: Entry) -> bool:
    """Whether the table has the key, or a block around it."""
    return any(fits(entry.pattern[: len(pattern)], pattern) for pattern in UNHONOURED)


@cache
def reads(*rooms: str) -> frozenset[str]:
    """The attributes that the code in these rooms reads, but for the schema and what only speaks of the table."""
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    kept = [file for file in files if not {"schema", "simulator", "unhonoured.py"} & set(file.parts)]
    nodes = (node for file in kept for node in ast.walk(ast.parse(file.read_text())))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load))


def test_every_key_is_read_by_the_code_or_in_the_table() -> None:
    """Whoever adds a key to the schema builds what it asks for, or puts it in the table until then."""
    known = reads("actors", "config") | ELSEWHERE.keys()
    assert [dotted(entry.pattern) for entry in walk() if entry.name not in known and not covered(entry)] == []


def test_what_code_reads_is_not_in_the_table() -> None:
    """Whoever builds what a key asks for takes it out."""
    known = reads("actors") - NAMESAKES
    assert [dotted(entry.pattern) for entry in walk() if entry.name in known and covered(entry)] == []


def test_the_table_names_keys_of_the_schema_and_none_twice() -> None:
    places = {entry.pattern for entry in walk()}
    assert UNHONOURED.keys() <= places
    inside = [one for one in UNHONOURED for end in range(1, len(one)) if one[:end] in UNHONOURED]
    assert inside == []
    assert all(word.isalpha() for word in UNHONOURED.values())


def test_a_namesake_is_needed() -> None:
    """The list above holds no name of a key that is honoured by now."""
    names = {entry.name for entry in walk() if covered(entry)}
    assert names >= NAMESAKES


def test_all_that_are_set_are_named_in_one_line(load_text: Load) -> None:
    text = """{session:{typingMode:"never",reset:{mode:"idle"}},channels:{imessage:{historyLimit:7,name:"Home",
               accounts:{"a.b":{allowTo:["x"]}}}},agents:{entries:{x:{runtime:{type:"model",model:"a:b"}}}},
               messages:{groupChat:{mentionPatterns:["x"]},queue:{cap:3,byChannel:{imessage:"collect"}}}}"""
    loaded = load_text(text)
    assert loaded.problems == ()
    [told] = [warning for warning in loaded.warnings if HEAD in warning]
    assert told == (
        f'{HEAD}channels.imessage.historyLimit (context); channels.imessage.accounts["a.b"].allowTo (limits); '
        "agents.entries.x.runtime.model (models); session.reset (resets); session.typingMode (typing); "
        "messages.queue (queue)"
    )


def test_openclaws_keys_that_nothing_here_will_honour_are_named_too(load_text: Load) -> None:
    text = """{env:{shellEnv:{enabled:true}},session:{store:"~/x"},messages:{queue:{drop:"old"}},commands:{bash:true},
               channels:{imessage:{accounts:{a:{catchup:{enabled:true}}}}}}"""
    [told] = load_text(text).warnings
    places = (
        "env.shellEnv",
        "session.store",
        "messages.queue",
        "commands.bash",
        "channels.imessage.accounts.a.catchup",
    )
    assert [place for place in places if place not in told] == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{env:{shellEnv:{enabled:false}},commands:{bash:false,text:true},messages:{queue:{cap:20,debounceMs:1000}}}",
        '{session:{resetTriggers:["/new","/reset"],resetByType:{},sendPolicy:{rules:[]}}}',
        '{channels:{imessage:{contextVisibility:"all",markdown:{tables:"code"},rateLimit:{enforce:"unsolicited"},dms:{}}}}',
        '{channels:{imessage:{attachmentRoots:["/Users/*/Library/Messages/Attachments"],healthMonitor:{enabled:true}}}}',
    ],
)
def test_a_default_that_is_written_out_asks_for_nothing(load_text: Load, text: str) -> None:
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        ('{session:{sendPolicy:{default:"deny"}}}', "session.sendPolicy", "is answered all the same"),
        (
            '{session:{sendPolicy:{rules:[{action:"allow"},{action:"deny",match:{chatType:"group"}}]}}}',
            "session.sendPolicy",
            "is answered all the same",
        ),
        ('{session:{sendPolicy:{default:"allow",rules:[{action:"allow"}]}}}', "session.sendPolicy", ""),
        ('{logging:{redactPatterns:["x"]}}', "logging.redactPatterns", "stand in the log as they are"),
        ('{logging:{redactSensitive:"off"}}', "logging.redactSensitive", ""),
        ("{channels:{imessage:{rateLimit:{perChatPerMinute:1}}}}", "channels.imessage.rateLimit", "nothing limits"),
        ('{channels:{imessage:{rateLimit:{enforce:"off"}}}}', "channels.imessage.rateLimit", ""),
        (
            '{channels:{imessage:{includeAttachments:true,accounts:{a:{attachmentRoots:["/x"]}}}}}',
            "channels.imessage.accounts.a.attachmentRoots",
            "paths of all files",
        ),
        ('{channels:{imessage:{attachmentRoots:["/x"]}}}', "channels.imessage.attachmentRoots", ""),
        ('{commands:{ownerDisplay:"hash"}}', "commands.ownerDisplay", "handles as they are"),
    ],
)
def test_what_forbids_something_that_happens_all_the_same_is_told_for_itself(
    load_text: Load, text: str, path: str, part: str
) -> None:
    loaded = load_text(text)
    assert loaded.problems == ()
    first, *own = loaded.warnings
    assert first.startswith(HEAD)
    assert path in first
    assert [warning.partition(": ")[0] for warning in own] == ([path] if part else [])
    assert part in "".join(own)


def test_of_the_paths_of_a_change_those_are_told_that_nothing_honours() -> None:
    paths = (
        *("session.sendPolicy", "session.sendPolicy.rules", "session.dmScope", 'channels.imessage.dms["a@b.c"]'),
        *("channels.imessage.accounts.bot.rateLimit.enforce", "agents.list.3.name", "agents.list[3].id", "session"),
    )
    assert among(paths) == (*paths[:2], *paths[3:6])
    assert among(()) == ()


def test_of_a_path_above_them_those_are_told_that_differ(load_text: Load) -> None:
    before = load_text('{session:{idleMinutes:5,typingMode:"never"},messages:{queue:{cap:3}}}').config
    after = load_text('{session:{idleMinutes:5,typingMode:"instant",sendPolicy:{default:"allow"}}}').config
    assert before is not None
    assert after is not None
    paths = [dotted(one.path) for one in changes.between({"messages": {}}, {"session": {}})]
    assert paths == ["messages", "session"]
    assert among(paths, before, after) == ("messages.queue", "session.typingMode", "session.sendPolicy")
    assert among(["<root>"], before, None) == ("session.idleMinutes", "session.typingMode", "messages.queue")
    assert among(["sessions", "channels"], before, after) == ()


def test_a_change_is_in_vain_where_nothing_of_it_is_honoured(load_text: Load) -> None:
    texts = ("{}", '{session:{typingMode:"never"}}', '{session:{dmScope:"per-peer",typingMode:"never"}}')
    none, idle, both = (load_text(text).config for text in texts)
    assert in_vain(["session"], none, idle)
    assert in_vain(["session.resetTriggers"], idle, idle), "a default that is written out"
    assert in_vain(["session.typingMode"])
    assert not in_vain(["session"], none, both)
    assert not in_vain(["session.dmScope"], idle, both)
    assert not in_vain(["session"])
    assert not in_vain([])


def test_how_it_is_said() -> None:
    assert said(["a"]) == "a is read and not honoured by this version"
    assert said(("a", "b.c")) == "a, b.c are read and not honoured by this version"


def test_of_the_warnings_of_a_config_those_about_a_change_are_told() -> None:
    told = (f"{HEAD}a.b (x)", "a.b: never", "a.b.c: odd", "a.bc: other", "see a.b.c.d", "a: all of it", "e: other")
    assert concerning(told, ["a.b.c"]) == ("a.b: never", "a.b.c: odd", "see a.b.c.d", "a: all of it")
    assert concerning(told, ['a.b["x.y"]']) == ("a.b: never", "a: all of it")
    assert concerning(told, []) == ()
