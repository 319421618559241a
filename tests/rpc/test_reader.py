"""The reader and its child: it comes back after every end, and what is wrong is said."""

import pytest

from actors.envelopes.facts import Baseline, ChildEnded, ChildStarted
from actors.envelopes.inbound import Received
from actors.envelopes.inbound import Watching as Missed
from actors.envelopes.link import Answer, ChildGone, Disconnected, Lines, Subscribed
from actors.rpc.capabilities import UNKNOWN
from actors.rpc.desk import HEALTHY_AFTER
from actors.runtime.backoff import CHILD
from actors.runtime.process import started_at
from tests.rpc.watching import LONGEST, SHORTEST, SOURCE, Watching
from tests.support.scripts import lives


def test_it_subscribes_from_the_journals_cursor(link: Watching) -> None:
    link.script("serve()").start().up()
    params = {"attachments": False, "include_reactions": True, "debounce_ms": 100, "since_rowid": 42}
    assert link.requests() == [(0, "initialize", {}), (0, "watch.subscribe", params)]
    assert link.sender.all(Subscribed) == [Subscribed(1, UNKNOWN, 0, "/x/chat.db")]
    (born,) = link.facts(ChildStarted)
    assert (born.source, born.pid, born.started) == (SOURCE, link.health.pid, started_at(born.pid))
    assert link.facts(Baseline) == []


def test_rows_go_to_the_normalizer_as_they_were_written(link: Watching) -> None:
    raw = '{ "id" : 7.0, "text":"\\u0041 \u2028", "x":18446744073709551617 }'
    line = f'{{"method":"message","params":{{"subscription":1,"message":{raw}}}}}'
    link.era = 4
    link.script(f"subscribed()\nsay({line!r})\nserve()").start()
    link.until(lambda: link.normalizer.all(Received), "the row")
    now = link.stage.clock.wall()
    assert link.normalizer.told == [
        Missed(SOURCE, 4, now - 48 * 3600.0, now),
        Received("default", SOURCE, raw.encode(), now, 4),
    ]


def test_answers_go_to_whoever_asked(link: Watching) -> None:
    link.script("serve()").start().up()
    link.call("chats.list", "mine")
    link.until(lambda: link.sender.all(Answer), "the answer")
    (answer,) = link.sender.all(Answer)
    assert (answer.tag, answer.result) == ("mine", {"chats": []})


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
    assert link.sender.all(Subscribed)[-1].epoch == 2


def test_pauses_grow_while_it_keeps_dying_and_start_over_after_health(link: Watching) -> None:
    link.script("if RUN < 3: sys.exit(1)\nuntil('die')\nsys.exit(1)").start()
    for times in (1, 2, 3):
        link.gone(times)
        (pause,) = link.due("relaunch")
        base = CHILD.first * 2 ** (times - 1)
        assert 0.9 * base <= pause <= 1.1 * base
        link.stage.advance(pause + 0.1)
    link.up()
    link.live_through(HEALTHY_AFTER + 5)
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


def test_an_imsg_that_never_answers_is_reported_and_replaced(link: Watching) -> None:
    link.script("if RUN == 0:\n    while True: request()\nserve()").start()
    link.until(lambda: link.requests(), "the first question")
    link.stage.advance(5.5)
    link.until(lambda: link.requests("watch.subscribe"), "the next one")
    link.stage.advance(10.5)
    assert link.health.state == "down"
    assert "does not answer" in link.health.reason
    assert "permission prompt" in link.health.remedy
    link.gone()
    assert "does not answer" in link.health.reason
    link.stage.advance(LONGEST + 0.1)
    link.up()


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


def test_an_answer_that_is_handled_after_the_childs_end_does_not_make_it_look_alive(link: Watching) -> None:
    link.script("serve()").start().up()
    end, answer = ChildGone(1, 0), Answer(("subscribe", 1), {"subscription": 1}, None)
    link.stage.tell(link.actor, end, answer)
    assert link.health.state == "down"
    assert link.sender.told[-1] == Disconnected(1, link.health.reason)
    assert len(link.due("relaunch")) == 1


def test_a_child_that_was_given_up_has_nothing_more_to_say(link: Watching) -> None:
    link.script("while True: request()").start()
    link.stage.advance(5.5)
    link.until(lambda: link.requests("watch.subscribe"), "the question")
    link.stage.advance(10.5)
    link.stage.tell(link.actor, Answer(("subscribe", 1), {"subscription": 1}, None))
    assert link.health.state == "down"
    assert link.sender.all(Subscribed) == []
    link.gone()


def test_words_of_an_earlier_child_count_for_nothing(link: Watching) -> None:
    link.script("serve()").start().up()
    line = b'{"method":"message","params":{"message":{"id":1}}}'
    link.stage.tell(link.actor, Lines(0, (line,)), Answer(("subscribe", 0), {"subscription": 9}, None))
    assert link.rows() == []
    assert [ready.epoch for ready in link.sender.all(Subscribed)] == [1]


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
