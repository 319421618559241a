"""The echo agent says what it heard, at once."""

from __future__ import annotations

from actors.agents.base import Job
from actors.agents.echo import EchoAgent
from actors.envelopes.outbound import Turn
from tests.support.rows import admitted


def test_it_says_what_it_heard_at_once() -> None:
    agent = EchoAgent()
    assert (agent.waits, agent.collects, agent.steerable) == (False, False, False)
    turn = Turn("s", 1, "main", (admitted(1, text="h\u00e9\n\U0001f600"),))
    assert agent.answer(Job(turn)).text == "echo: h\u00e9\n\U0001f600"


def test_several_messages_are_several_lines() -> None:
    messages = (admitted(1, text="one"), admitted(2, text="/new two", words="two"))
    assert EchoAgent().answer(Job(Turn("s", 1, "main", messages))).text == "echo: one\ntwo"
