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
from config.unenforced import PARTLY
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
    *("at_hour", "backend", "drop", "enabled", "file", "idle_minutes", "markdown", "mode", "name", "scope", "store"),
    "text",
}
"""Attributes of keys of the table that are those of other things, too."""


def covered(entry: Entry) -> bool:
    """Whether the table has the key, or a block around it."""
    return any(fits(entry.pattern[: len(pattern)], pattern) for pattern in UNHONOURED)


@cache
def reads(*rooms: str) -> frozenset[str]:
    """The attributes that the code in these rooms reads, but for the schema and what only speaks of the table."""
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    kept = [file for file in files if not {"schema", "simulator", "unhonoured.py", "unenforced.py"} & set(file.parts)]
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
    text = """{session:{store:"~/x",resetByType:{thread:{mode:"idle"}}},messages:{queue:{cap:3,drop:"new"}},
               channels:{imessage:{markdown:{tables:"off"},name:"Home",accounts:{"a.b":{allowTo:["x"]}}}},
               agents:{entries:{x:{name:"X",runtime:{type:"acp",acp:{agent:"pi",backend:"acpx"}}}}}}"""
    loaded = load_text(text)
    assert loaded.problems == ()
    [told] = [warning for warning in loaded.warnings if HEAD in warning]
    assert told == (
        f'{HEAD}channels.imessage.markdown (rendering); channels.imessage.accounts["a.b"].allowTo (limits); '
        "agents.entries.x.name (labels); agents.entries.x.runtime.acp.backend (acp); "
        "session.resetByType.thread (threads); session.store (store); messages.queue.drop (queue)"
    )


def test_openclaws_keys_that_nothing_here_will_honour_are_named_too(load_text: Load) -> None:
    text = """{env:{shellEnv:{enabled:true}},session:{store:"~/x"},messages:{queue:{drop:"old"}},commands:{bash:true},
               channels:{imessage:{accounts:{a:{catchup:{enabled:true}}}}}}"""
    told = load_text(text).warnings[0]
    places = (
        "env.shellEnv",
        "session.store",
        "messages.queue.drop",
        "commands.bash",
        "channels.imessage.accounts.a.catchup",
    )
    assert [place for place in places if place not in told] == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{env:{shellEnv:{enabled:false}},commands:{bash:false,text:true},messages:{statusReactions:{enabled:false}}}",
        '{session:{resetByType:{thread:{}}},logging:{redactSensitive:"tools",redactPatterns:[]}}',
        '{channels:{imessage:{markdown:{tables:"code"},rateLimit:{enforce:"unsolicited"},allowTo:[]}}}',
        """{channels:{imessage:{includeAttachments:true,healthMonitor:{enabled:true},
            remoteAttachmentRoots:["/Users/*/Library/Messages/Attachments"],
            attachmentRoots:["/Users/*/Library/Messages/Attachments"]}}}""",
    ],
)
def test_a_default_that_is_written_out_asks_for_nothing(load_text: Load, text: str) -> None:
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        '{session:{sendPolicy:{default:"deny"},typingMode:"never",typingIntervalSeconds:9,idleMinutes:5}}',
        '{session:{reset:{mode:"daily"},resetByType:{dm:{mode:"none"}},resetTriggers:["/anew"]}}',
        '{messages:{queue:{mode:"collect",cap:3,byChannel:{imessage:"steer"}},inbound:{debounceMs:5},ackReaction:"x"}}',
        '{messages:{groupChat:{historyLimit:3}},channels:{defaults:{contextVisibility:"allowlist"}}}',
        """{channels:{imessage:{historyLimit:7,dmHistoryLimit:7,dms:{"a@b.c":{historyLimit:7}},mediaMaxMb:5,
            reactionNotifications:"all",blockStreaming:true,blockStreamingCoalesce:{minChars:9},sendReadReceipts:false,
            groups:{"*":{systemPrompt:"x"}},ownerNotice:{perHour:9},failureReply:"x"}}}""",
        """{agents:{defaults:{model:"openai/x",contextTokens:9,envelopeTimezone:"utc",envelopeElapsed:"off"},
            list:[{id:"a",model:{fallbacks:["openai/y"]},groupChat:{historyLimit:3},contextTokens:9,
            runtime:{type:"model",model:"a:b",baseUrl:"http://x",systemPrompt:"x"}},
            {id:"b",runtime:{type:"acp",acp:{command:["x"],mode:"oneshot",cwd:"/w"}}}]}}""",
    ],
)
def test_of_what_is_honoured_nothing_is_said(load_text: Load, text: str) -> None:
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())


FILES = "includeAttachments:true"


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        ('{logging:{redactPatterns:["x"]}}', "logging.redactPatterns", "stand in the log as they are"),
        ('{logging:{redactSensitive:"off"}}', "logging.redactSensitive", ""),
        ("{channels:{imessage:{rateLimit:{perChatPerMinute:1}}}}", "channels.imessage.rateLimit", "nothing limits"),
        ('{channels:{imessage:{rateLimit:{enforce:"off"}}}}', "channels.imessage.rateLimit", ""),
        ('{channels:{imessage:{allowTo:["+15555550123"]}}}', "channels.imessage.allowTo", "nobody is left out"),
        (
            f'{{channels:{{imessage:{{{FILES},accounts:{{a:{{remoteAttachmentRoots:["/x"]}}}}}}}}}}',
            "channels.imessage.accounts.a.remoteAttachmentRoots",
            "paths of all files",
        ),
        ('{channels:{imessage:{remoteAttachmentRoots:["/x"]}}}', "channels.imessage.remoteAttachmentRoots", ""),
        ('{commands:{ownerDisplay:"hash"}}', "commands.ownerDisplay", "handles as they are"),
        ("{commands:{text:false}}", "commands.text", "there are some all the same"),
        ('{messages:{queue:{drop:"old"}}}', "messages.queue.drop", "they wait for the next turn"),
        ("{gateway:{channelHealthCheckMinutes:0}}", "gateway.channelHealthCheckMinutes", "keeps one all the same"),
        ("{gateway:{channelHealthCheckMinutes:5}}", "gateway.channelHealthCheckMinutes", ""),
        (
            "{channels:{imessage:{accounts:{a:{healthMonitor:{enabled:false}}}}}}",
            "channels.imessage.accounts.a.healthMonitor",
            "keeps one all the same",
        ),
        ("{channels:{imessage:{catchup:{enabled:false}}}}", "channels.imessage.catchup", "are answered all the same"),
        ("{channels:{imessage:{catchup:{maxAgeMinutes:9}}}}", "channels.imessage.catchup", "recovery.replayHours"),
        ("{channels:{imessage:{catchup:{perRunLimit:9}}}}", "channels.imessage.catchup", "recovery.maxRows"),
        ("{channels:{imessage:{catchup:{enabled:true}}}}", "channels.imessage.catchup", ""),
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


@pytest.mark.parametrize(
    ("inside", "path"),
    [
        (f'{FILES},attachmentRoots:["/x"]', "channels.imessage.attachmentRoots"),
        (f'accounts:{{a:{{{FILES},attachmentRoots:["/x"]}}}}', "channels.imessage.accounts.a.attachmentRoots"),
        (f'enabled:false,{FILES},attachmentRoots:["/x"]', ""),
        ('attachmentRoots:["/x"]', ""),
    ],
)
def test_what_is_honoured_in_part_is_told_for_itself_alone(load_text: Load, inside: str, path: str) -> None:
    loaded = load_text(f"{{channels:{{imessage:{{{inside}}}}}}}")
    assert loaded.problems == ()
    told = f"{path}: limits the files that are read for agents; they are told the paths of all files all the same"
    assert loaded.warnings == ((told,) if path else ())


def test_what_is_honoured_in_part_is_in_the_schema_and_not_in_the_table() -> None:
    assert {entry.pattern for entry in walk()} >= PARTLY
    assert [one for one in PARTLY if any(one[:end] in UNHONOURED for end in range(1, len(one) + 1))] == []


def test_of_the_paths_of_a_change_those_are_told_that_nothing_honours() -> None:
    paths = (
        *("messages.statusReactions", "messages.statusReactions.timing", "session.dmScope"),
        *("channels.imessage.rateLimit", "channels.imessage.accounts.bot.rateLimit.enforce", "agents.list.3.name"),
        *("agents.list[3].id", "channels.imessage.attachmentRoots", "session"),
    )
    assert among(paths) == (*paths[:2], *paths[3:6])
    assert among(()) == ()


def test_of_a_path_above_them_those_are_told_that_differ(load_text: Load) -> None:
    before = load_text('{session:{store:"/x"},messages:{queue:{cap:3,drop:"old"}},commands:{bash:true}}').config
    after = load_text('{session:{store:"/y",dmScope:"per-peer"},commands:{bash:true,text:false}}').config
    assert before is not None
    assert after is not None
    paths = [dotted(one.path) for one in changes.between({"messages": {}}, {"session": {}, "commands": {}})]
    assert paths == ["messages", "session", "commands"]
    assert among(paths, before, after) == ("messages.queue.drop", "session.store", "commands.text")
    assert among(["<root>"], before, None) == ("session.store", "messages.queue.drop", "commands.bash")
    assert among(["sessions", "channels"], before, after) == ()


def test_what_is_honoured_in_part_is_not_in_vain(load_text: Load) -> None:
    texts = ("{channels:{imessage:{}}}", f'{{channels:{{imessage:{{{FILES},attachmentRoots:["/x"]}}}}}}')
    before, after = (load_text(text).config for text in texts)
    assert among(["channels"], before, after) == ()
    assert not in_vain(["channels"], before, after)


def test_a_change_is_in_vain_where_nothing_of_it_is_honoured(load_text: Load) -> None:
    texts = ("{}", '{session:{store:"/x"}}', '{session:{dmScope:"per-peer",store:"/x"}}')
    none, stored, both = (load_text(text).config for text in texts)
    assert in_vain(["session"], none, stored)
    assert in_vain(["session.resetByType.thread"], stored, stored), "a default that is written out"
    assert in_vain(["session.store"])
    assert not in_vain(["session"], none, both)
    assert not in_vain(["session.dmScope"], stored, both)
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
