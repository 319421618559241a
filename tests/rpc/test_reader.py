"""The reader and its child: the watch starts at the cursor, comes back after every end, and says what is wrong."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.envelopes.control import (
    Answer,
    ChildGone,
    Disconnected,
    Lines,
    Quiesce,
    Quiet,
    Ref,
    Subscribed,
)
from actors.envelopes.facts import Baseline, ChildEnded, ChildStarted
from actors.envelopes.inbound import Overlong, Received
from actors.rpc import reader as module
from actors.rpc.frames import MAX_LINE
from actors.rpc.health import FULL_DISK_ACCESS
from actors.runtime.actor import FAULTS_ALLOWED
from actors.runtime.backoff import CHILD
from actors.runtime.process import started_at
from tests.rpc.watching import LONGEST, SHORTEST, SOURCE, Watching
from tests.support.actors import Probe, Stage
from tests.support.scripts import lives

BANNER = """
print("Permission Error: cannot access the Messages database")
print()
print("/Users/x/Library/Messages/chat.db requires Full Disk Access permission.")
for number in range(10): print(f"{number}. do this, then that")
sys.stdout.flush()
sys.exit(1)
"""


@pytest.fixture
def link(stage: Stage, tmp_path: Path) -> Watching:
    return Watching(stage, tmp_path)


def reader_of(link: Watching) -> Ref:
    assert link.reader is not None
    return link.reader


def test_it_subscribes_first_and_from_the_journals_cursor(link: Watching) -> None:
    link.script("serve()").start().up()
    assert link.requests() == [(0, "watch.subscribe", {"attachments": False, "debounce_ms": 100, "since_rowid": 42})]
    assert link.sender.all(Subscribed) == [Subscribed(1)]
    (born,) = link.facts(ChildStarted)
    assert (born.source, born.pid, born.started) == (SOURCE, link.health.pid, started_at(born.pid))
    assert link.facts(Baseline) == []


def test_rows_go_to_the_normalizer_as_they_were_written(link: Watching) -> None:
    raw = '{ "id" : 7.0, "text":"\\u0041 \u2028", "x":18446744073709551617 }'
    line = f'{{"method":"message","params":{{"subscription":1,"message":{raw}}}}}'
    link.script(f"subscribed()\nsay({line!r})\nserve()").start()
    link.until(lambda: link.normalizer.told, "the row")
    assert link.normalizer.told == [Received("default", SOURCE, raw.encode(), link.stage.clock.wall())]


def test_answers_go_to_whoever_asked(link: Watching) -> None:
    link.script("serve()").start().up()
    link.call("chats.list", "mine")
    link.until(lambda: link.sender.all(Answer), "the answer")
    (answer,) = link.sender.all(Answer)
    assert (answer.tag, answer.result) == ("mine", {"chats": []})


FIRST_RUN = """
subscribed()
asked = request()
result(asked, {"chats": [{"id": 5}, {"id": 9}]})
for rows in ([11, 4], [12]):
    asked = request()
    %s
serve()
"""
ROWS = 'result(asked, {"messages": [{"id": n, "created_at": "2020-01-01T00:00:00Z"} for n in rows]})'


def test_a_first_run_starts_from_now_and_stores_the_newest_row_before_it(link: Watching) -> None:
    link.cursor = None
    link.script(FIRST_RUN % ROWS).start()
    link.until(lambda: link.facts(Baseline), "the baseline")
    assert link.facts(Baseline) == [Baseline(SOURCE, 12)]
    assert "since_rowid" not in link.requests("watch.subscribe")[0][2]
    assert [params["chat_id"] for _, _, params in link.requests("messages.history")] == [5, 9]


def test_a_first_run_over_an_empty_database_replays_all_that_comes(link: Watching) -> None:
    link.cursor = None
    link.script("serve()").start()
    link.until(lambda: link.facts(Baseline), "the baseline")
    assert link.facts(Baseline) == [Baseline(SOURCE, -1)]


@pytest.mark.parametrize("failure", ['error(asked, -32603, "Internal error", "x")', "sys.exit(1)"])
def test_a_first_run_that_cannot_read_the_newest_rows_stores_no_guess(link: Watching, failure: str) -> None:
    link.cursor = None
    link.script(FIRST_RUN % f"{ROWS} if 4 in rows else {failure}" + "\n").start().up()
    link.until(lambda: len(link.requests("messages.history")) == 2, "both questions")
    link.call("ping", "after")
    link.until(lambda: link.sender.all(Answer), "what came after")
    assert link.facts(Baseline) == []


@pytest.mark.parametrize("ending", ["sys.exit(0)", "sys.exit(1)", "os.kill(os.getpid(), 11)", "os._exit(255)"])
def test_a_child_that_ends_is_followed_by_one_that_watches_from_the_new_cursor(link: Watching, ending: str) -> None:
    link.script(f"subscribed()\nif RUN == 0:\n    row(43)\n    {ending}\nserve()").start().gone()
    assert link.rows() == [43]
    assert link.health.state == "down"
    assert str(link.cli) in link.health.reason
    assert link.health.remedy
    assert link.health.pid is None
    assert [message.why for message in link.sender.all(Disconnected)][-1] == link.health.reason
    link.cursor = 43
    link.stage.advance(SHORTEST - 0.1)
    assert link.health.spawned == 1
    link.stage.advance(LONGEST - SHORTEST + 0.2)
    link.up()
    assert [(run, params["since_rowid"]) for run, _, params in link.requests("watch.subscribe")] == [
        (0, 42),
        (1, 43),
    ]
    assert [type(fact) for fact in link.facts(ChildStarted, ChildEnded)] == [
        ChildStarted,
        ChildEnded,
        ChildStarted,
    ]
    assert link.sender.all(Subscribed)[-1] == Subscribed(2)


def test_pauses_grow_while_it_keeps_dying_and_start_over_after_health(link: Watching) -> None:
    link.script("if RUN < 3: sys.exit(1)\nsubscribed()\nrequest()\nsys.exit(1)").start()
    for times in (1, 2, 3):
        link.gone(times)
        (pause,) = link.due("relaunch")
        base = CHILD.first * 2 ** (times - 1)
        assert 0.9 * base <= pause <= 1.1 * base
        link.stage.advance(pause + 0.1)
    link.up()
    link.stage.advance(module.HEALTHY_AFTER + 1)
    link.call("die", "x")
    link.gone(4)
    (pause,) = link.due("relaunch")
    assert SHORTEST <= pause <= LONGEST


def test_calls_under_way_when_the_child_ends_are_lost_and_may_have_started(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    request()\n    sys.exit(0)\nserve()").start().up()
    link.call("send", "mine")
    link.gone()
    link.until(lambda: link.sender.all(Answer), "the loss")
    (answer,) = link.sender.all(Answer)
    assert (answer.tag, answer.lost, answer.started) == ("mine", True, True)
    link.call("send", "too early")
    assert not link.sender.all(Answer)[-1].started


def test_a_missing_program_is_said_with_a_remedy_and_found_when_it_is_there(link: Watching) -> None:
    link.start()
    assert link.health.state == "down"
    assert str(link.cli) in link.health.reason
    assert "brew install" in link.health.remedy
    assert "cliPath" in link.health.remedy
    assert link.health.spawned == 0
    link.script("serve()")
    link.stage.advance(LONGEST + 0.1)
    link.up()
    assert link.health.spawned == 1


def test_the_banner_of_an_old_imsg_without_disk_access_is_understood(link: Watching) -> None:
    link.script(BANNER).start().gone()
    assert "Full Disk Access" in link.health.reason
    assert link.health.remedy == FULL_DISK_ACCESS
    assert link.due("relaunch")


def test_a_program_that_does_not_speak_rpc_is_said_so(link: Watching) -> None:
    link.script("print('usage: imsg <command>'); sys.exit(64)").start().gone()
    assert "without speaking JSON-RPC" in link.health.reason
    assert "usage: imsg" in link.health.reason
    assert "update imsg" in link.health.remedy


REFUSES = """
print("warning: contacts not available", file=sys.stderr, flush=True)
words = "unable to open database file (code: 14)\\n\\nPermission Error: ... Full Disk Access"
error(request(), -32603, "Internal error", words)
serve()
"""


def test_an_imsg_without_disk_access_is_ended_and_its_reason_stays(link: Watching) -> None:
    """It never recovers by itself; what it says on stderr meanwhile must not hide the remedy."""
    link.script(REFUSES).start().gone()
    assert "Full Disk Access" in link.health.reason
    assert link.health.remedy == FULL_DISK_ACCESS
    assert not lives(link.facts(ChildStarted)[0].pid)
    assert len(link.due("relaunch")) == 1
    assert link.sender.all(Subscribed) == []


def test_a_refused_watch_is_told_in_imsgs_own_words(link: Watching) -> None:
    link.script('error(request(), -32602, "Invalid params", "since_rowid is odd")\nserve()').start().gone()
    assert "since_rowid is odd" in link.health.reason
    assert "None" not in link.health.reason


NOISE = """
subscribed()
for junk in ("", "   ", "null", "[]", "5", "not json", "{", '{"a":1}', '{"id":9}', '{"method":5}',
             '{"method":"message"}', '{"method":"message","params":[]}', '{"method":"message","params":{}}',
             '{"method":"typing","params":{}}', '{"id":null,"error":{"code":-32700,"message":"Parse error"}}',
             '{"id":"x","result":{}}', '{"id":1,"result":{}}', '{"id":999,"result":{},"error":{}}',
             '{"error":{"code":-32603,"message":"write failed"}}', "[" * 5000, "\\ufeff"):
    say(junk)
sys.stdout.flush()
sys.stdout.buffer.write(b"\\x00\\xff\\xfe garbage\\r\\n" + b"\\xef\\xbb\\xbf{}\\n" + b"\\xe2\\x28\\xa1\\n")
row(43)
say('{"method":"message","params":{"message":{"id":44}}}{"method":"message","params":{"message":{"id":45}}}')
row(46)
sys.stdout.write('{"method":"message","params":{"message":{"id":47}}}\\r\\n')
sys.stdout.flush()
serve()
"""


def test_whatever_else_it_writes_the_next_row_is_read(link: Watching) -> None:
    link.script(NOISE).start()
    link.until(lambda: 47 in link.rows(), "the last row")
    assert link.rows() == [43, 46, 47]
    assert link.health.state == "ok"
    assert link.health.junk >= 10
    for name in ("reader", "caller"):
        pulse = link.stage.pulses.get(name)
        assert pulse is not None
        assert pulse.faults == 0
    assert len(link.sender.all(Subscribed)) == 1


def test_a_watch_that_ends_is_taken_up_again_from_the_cursor(link: Watching) -> None:
    link.script("subscribed()\nstream_error()\nstream_error()\nanswer(request(), 2)\nrow(51)\nserve()").start()
    link.until(lambda: link.due("resubscribe"), "the end of the watch")
    link.up()
    link.cursor = 50
    link.stage.advance(module.STREAM_PAUSE - 0.1)
    assert len(link.requests("watch.subscribe")) == 1
    link.stage.advance(0.2)
    link.until(lambda: link.rows(), "a row of the new watch")
    assert [params["since_rowid"] for _, _, params in link.requests("watch.subscribe")] == [42, 50]
    assert link.health.spawned == 1
    link.stage.advance(20 * module.STREAM_PAUSE)
    link.call("ping", "after")
    link.until(lambda: link.sender.all(Answer), "what came after")
    assert len(link.requests("watch.subscribe")) == 2


def test_a_watch_that_ends_with_its_child_is_taken_up_once_and_after_the_pause(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    stream_error()\n    sys.exit(1)\nserve()").start().gone()
    link.stage.advance(SHORTEST - 0.1)
    assert link.health.spawned == 1
    link.stage.advance(LONGEST - SHORTEST + 0.2)
    link.up()
    link.stage.advance(LONGEST)
    link.call("ping", "after")
    link.until(lambda: link.sender.all(Answer), "what came after")
    assert [run for run, _, _ in link.requests("watch.subscribe")] == [0, 1]


def test_an_imsg_that_never_answers_is_reported_and_replaced(link: Watching) -> None:
    link.script("if RUN == 0:\n    while True: request()\nserve()").start()
    link.until(lambda: link.requests(), "the question")
    link.stage.advance(11.0)
    assert link.health.state == "down"
    assert "does not answer" in link.health.reason
    assert "permission prompt" in link.health.remedy
    link.gone()
    assert "does not answer" in link.health.reason
    link.stage.advance(LONGEST + 0.1)
    link.up()


def test_a_question_nobody_needs_does_not_end_a_child(link: Watching) -> None:
    """Any program may stand in for imsg: one that only knows the watch and send is asked again, not ended."""
    link.cursor = None
    link.script("subscribed()\nwhile True: request()").start().up()
    link.until(lambda: link.requests("chats.list"), "the question")
    for _ in range(75):
        link.stage.advance(1.0)
    link.until(lambda: len(link.requests("chats.list")) == 2, "the question once more")
    assert link.health.state == "ok"
    assert link.health.spawned == 1
    assert link.facts(Baseline, ChildEnded) == []


def test_a_line_too_long_to_keep_is_set_aside_and_the_next_one_is_read(link: Watching) -> None:
    link.script(f"subscribed()\nsay('x' * {MAX_LINE + 1})\nrow(44)\nserve()").start()
    link.until(lambda: link.rows() == [44], "the row behind it")
    assert link.normalizer.all(Overlong) == [Overlong("default", SOURCE, link.stage.clock.wall())]


def test_an_imsg_that_gets_stuck_later_is_replaced(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    while True: request()\nserve()").start().up()
    link.call("send", "the one that hangs")
    link.until(lambda: link.requests("send"), "the request")
    for _ in range(62):
        link.stage.advance(1.0)
    link.gone()
    assert link.health.state == "down"
    assert "is stuck (send)" in link.health.reason
    assert link.sender.all(Answer)[0].late
    link.stage.advance(LONGEST + 0.1)
    link.up()


def test_an_imsg_that_closes_its_input_is_replaced(link: Watching) -> None:
    link.script("subscribed()\nif RUN == 0:\n    os.close(0)\n    time.sleep(60)\nserve()").start().up()

    def broken() -> bool:
        link.call("send", "into the void")
        return any(answer.lost for answer in link.sender.all(Answer))

    link.until(broken, "the broken pipe")
    link.gone()
    assert "is stuck (broken pipe)" in link.health.last_error
    link.stage.advance(LONGEST + 0.1)
    link.up()


SLOW = """
say({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error", "data": "warming up"}})
say("warm")
first, second = request(), request()
answer(first, 1)
answer(second, 2)
serve()
"""


def test_a_watch_that_was_asked_for_twice_is_kept_once(link: Watching) -> None:
    link.script(SLOW).start()
    link.until(lambda: link.health.junk == 1 and link.requests(), "the first question")
    link.stage.advance(13.0)
    link.until(lambda: link.requests("watch.unsubscribe"), "the end of the second watch")
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 2}]
    assert link.health.state == "ok"
    assert link.sender.all(Subscribed) == [Subscribed(1)]


CLOSES_ITS_OUTPUT = """
subscribed()
if RUN == 0:
    signal.signal(15, signal.SIG_IGN)
    os.close(1)
    time.sleep(1000)
serve()
"""


def test_a_child_that_closes_its_output_is_ended_before_the_next_one(link: Watching) -> None:
    link.script(CLOSES_ITS_OUTPUT).start().gone()
    pid = link.facts(ChildStarted)[0].pid
    link.until(lambda: not lives(pid), "its end")
    link.stage.advance(LONGEST + 0.1)
    link.up()


@pytest.fixture
def leftover() -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Children of a gateway that was killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(text: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen(("/bin/sh", "-c", text), start_new_session=True, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


Leftover = Callable[[str], "subprocess.Popen[bytes]"]


def test_a_child_of_a_killed_gateway_is_awaited_before_a_new_one_starts(link: Watching, leftover: Leftover) -> None:
    process = leftover("read x")
    link.child_pid, link.child_started = process.pid, started_at(process.pid)
    link.script("serve()").start()
    assert link.health.spawned == 0
    assert "last gateway" in link.health.reason
    assert str(process.pid) in link.health.remedy
    process.communicate()
    link.until(lambda: link.due("launch"), "its end to be seen")
    link.stage.advance(0.0)
    link.up()
    assert process.returncode == 1  # it saw the end of its input


def test_a_child_of_a_killed_gateway_that_stays_is_ended_first(
    link: Watching, leftover: Leftover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORPHAN_PATIENCE", 0.05)
    process = leftover("sleep 1000")
    link.child_pid, link.child_started = process.pid, started_at(process.pid)
    link.script("serve()").start()
    link.until(lambda: link.due("launch"), "the end of the other")
    assert not lives(process.pid)
    assert link.health.spawned == 0
    link.stage.advance(0.0)
    link.up()


def test_a_process_that_only_has_the_number_of_a_former_child_is_let_alone(link: Watching, leftover: Leftover) -> None:
    process = leftover("read x")
    link.child_pid, link.child_started = process.pid, 1_000_000.0
    link.script("serve()").start().up()
    assert process.poll() is None


def test_shutting_down_takes_nothing_new_and_starts_nothing(link: Watching) -> None:
    link.script("subscribed()\nrow(43)\nrequest()\nrow(44)\nsys.exit(1)").start()
    link.until(lambda: link.rows() and link.health.state == "ok", "the first row")
    asker = Probe("supervisor")
    link.stage.tell(reader_of(link), Quiesce(asker.ref))
    assert asker.told == [Quiet("reader")]
    link.gone()
    assert [params for _, _, params in link.requests("watch.unsubscribe")] == [{"subscription": 1}]
    assert link.rows() == [43]
    assert link.due("relaunch") == []
    assert link.health.spawned == 1


def test_stopping_ends_the_child_and_says_so(link: Watching) -> None:
    link.script("serve()").start().up()
    pid = link.health.pid
    assert pid is not None
    link.call("send", "under way")
    reader_of(link).stop(block=False)
    link.stage.settle()
    assert not lives(pid)
    assert len(link.facts(ChildEnded)) == 1
    assert [answer.tag for answer in link.sender.all(Answer)] == ["under way"]
    assert link.due("relaunch") == []


def test_a_reader_that_fails_for_good_ends_its_child(link: Watching) -> None:
    link.script("serve()").start().up()
    pid = link.health.pid
    assert pid is not None
    poison = Answer("no pair", None, None)
    link.stage.tell(reader_of(link), *[replace(poison, tag=5)] * (FAULTS_ALLOWED + 1))
    assert not reader_of(link).is_alive()
    link.until(lambda: not lives(pid), "the end of the child")


def test_an_answer_that_is_handled_after_the_childs_end_does_not_make_it_look_alive(link: Watching) -> None:
    link.script("serve()").start().up()
    end, answer = ChildGone(1, 0), Answer(("subscribe", 1), {"subscription": 1}, None)
    link.stage.tell(reader_of(link), end, answer)
    assert link.health.state == "down"
    assert link.sender.told[-1] == Disconnected(1, link.health.reason)
    assert len(link.due("relaunch")) == 1


def test_words_of_an_earlier_child_count_for_nothing(link: Watching) -> None:
    link.script("serve()").start().up()
    line = b'{"method":"message","params":{"message":{"id":1}}}'
    link.stage.tell(reader_of(link), Lines(0, (line,)), Answer(("subscribe", 0), {"subscription": 9}, None))
    assert link.rows() == []
    assert link.sender.all(Subscribed) == [Subscribed(1)]


def test_it_does_not_read_ahead_of_what_is_stored(link: Watching) -> None:
    link.held = 10_000
    link.script("subscribed()\nfor number in range(2000): row(number)\nserve()").start()
    link.until(lambda: link.requests(), "the question")
    with pytest.raises(AssertionError):
        link.normalizer.next(Received, seconds=0.2)
    assert link.rows() == []
    link.held = 0
    link.until(lambda: len(link.rows()) == 2000, "all rows")
    assert link.rows() == list(range(2000))
