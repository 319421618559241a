"""``/activation``, ``/send``, ``/queue`` and ``/model``: who sees them, who sets them, and when that is said."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands import answers, settings
from actors.envelopes.control import Record
from actors.envelopes.facts import Adjusted
from actors.envelopes.session import Standing
from tests.commands.conftest import Open
from tests.commands.counter import SECRET, TEXT, Counter

MAIN, GROUP = "agent:main:main", "agent:main:imessage:group:7"
NAMED = TEXT.replace('id: "main",', 'id: "main", identity: { name: "Claw" },')
ECHO = TEXT.replace(f'type: "model", model: "xai:y", apiKey: "{SECRET}"', 'type: "echo"')
SETS = ["/activation always", "/send off", "/queue collect", "/model x/y", "/queue default"]


def facts(counter: Counter) -> list[Any]:
    """What the journal was told to store."""
    return [record.fact for record in counter.journal.all(Record)]


@pytest.mark.parametrize("is_group", [False, True])
@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("/send off", "send", "off"),
        ("/send ON", "send", "on"),
        ("/send inherit", "send", None),
        ("/queue collect", "queue", "collect"),
        ("/queue: Interrupt", "queue", "interrupt"),
        ("/queue queue", "queue", "steer"),
        ("/queue steer+backlog", "queue", "steer"),
        ("/queue default", "queue", None),
        ("/model x/y:8b", "model", "x/y:8b"),
        ("/model default", "model", None),
    ],
)
def test_an_owner_sets_it_for_the_session_and_hears_of_it_once_it_is_on_disk(
    counter: Counter, text: str, name: str, value: str | None, is_group: bool
) -> None:
    seq = counter.tell(text, is_group=is_group)
    assert facts(counter) == [Adjusted(GROUP if is_group else MAIN, name, value)]
    assert counter.replies == []
    counter.confirm()
    (reply,) = counter.replies
    assert reply.seq == seq
    assert reply.text.startswith(f"{name}: {value}." if value else f"{name}: ")
    assert reply.text.split(".")[0].endswith("as configured") is (value is None)


def test_an_owner_who_writes_in_a_group_sets_when_i_answer_there(opened: Open) -> None:
    """No group makes an owner; who is one by handle may say so in the only place there is."""
    counter = opened(NAMED)
    counter.tell("/activation always", is_group=True)
    counter.confirm()
    counter.tell("/activation default", is_group=True)
    counter.confirm()
    assert facts(counter) == [Adjusted(GROUP, "activation", "always"), Adjusted(GROUP, "activation", None)]
    assert [reply.text for reply in counter.replies] == ["activation: always.", "activation: mention, as configured."]


@pytest.mark.parametrize("text", SETS)
@pytest.mark.parametrize("is_group", [False, True])
def test_nobody_else_sets_anything(counter: Counter, text: str, is_group: bool) -> None:
    said = counter.say(text, "authorised", is_group=is_group)
    if text.startswith("/activation") and not is_group:
        assert said == settings.DIRECT
    else:
        assert said == settings.OWNERS if is_group else said.startswith("Only an owner may do that.")
    assert facts(counter) == []


def test_activation_is_for_groups(counter: Counter) -> None:
    for text in ("/activation", "/activation always"):
        assert counter.say(text) == settings.DIRECT
    assert facts(counter) == []


def test_without_a_name_to_be_mentioned_by_that_is_said(counter: Counter) -> None:
    counter.tell("/activation mention", is_group=True)
    counter.confirm()
    assert counter.replies[-1].text == f"activation: mention. {settings.UNHEARD}"


@pytest.mark.parametrize("authority", ["owner", "authorised"])
@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("/send", "send: on, as configured."),
        ("/queue", "queue: collect, as configured."),
        ("/model", "model: xai:y, as configured."),
    ],
)
def test_how_it_is_is_shown_to_whoever_may_command(counter: Counter, text: str, now: str, authority: str) -> None:
    for is_group in (False, True):
        said = counter.say(text, authority, is_group=is_group)
        assert said.startswith(f"{now} To change it: {text} ")


def test_what_was_set_here_is_shown_as_that(counter: Counter) -> None:
    counter.standings[MAIN] = Standing(send="off", queue="steer", model="x/z")
    for text, now in (("/send", "send: off"), ("/queue", "queue: steer"), ("/model", "model: x/z")):
        assert counter.say(text).startswith(f"{now}, set here.")
    assert counter.say("/queue", is_group=True).startswith("queue: collect, as configured")


@pytest.mark.parametrize(
    ("block", "now"),
    [
        ('messages: { queue: { mode: "followup" } }', "followup"),
        ('messages: { queue: { mode: "followup", byChannel: { imessage: "steer-backlog" } } }', "steer"),
    ],
)
def test_a_queue_is_configured_by_channel_first(opened: Open, block: str, now: str) -> None:
    counter = opened(TEXT.replace("commands: {", f"{block},\n  commands: {{"))
    assert counter.say("/queue").startswith(f"queue: {now}, as configured")


def test_an_echo_follows_up_and_asks_no_model(opened: Open) -> None:
    counter = opened(ECHO)
    assert counter.say("/queue").startswith("queue: followup, as configured")
    for text in ("/model", "/model x/y"):
        assert counter.say(text) == "Agent main asks no model of ours: its runtime is echo."


def test_a_group_that_asks_for_no_mention_is_always_answered(opened: Open) -> None:
    everybody = NAMED.replace("dmPolicy:", 'groups: { "7": { requireMention: false } }, dmPolicy:')
    for text, now in ((NAMED, "mention"), (everybody, "always"), (TEXT, "always")):
        said = opened(text).say("/activation", "authorised", is_group=True)
        assert said.startswith(f"activation: {now}, as configured. To change it: /activation ")


def test_a_send_policy_counts_where_nothing_is_set(opened: Open) -> None:
    rules = '[{ action: "deny", match: { chatType: "group" } }]'
    counter = opened(TEXT.replace("commands: {", f"session: {{ sendPolicy: {{ rules: {rules} }} }},\n  commands: {{"))
    assert counter.say("/send").startswith("send: on, as configured")
    assert counter.say("/send", is_group=True).startswith("send: off, as configured")


@pytest.mark.parametrize("name", ["send", "queue", "model", "activation"])
def test_what_nobody_understands_sets_nothing(counter: Counter, name: str) -> None:
    for word in ("frob", "on off", "collect now", "/", "x/", "a/ b"):
        assert counter.say(f"/{name} {word}", is_group=True) == settings.FORMS[name]
    assert facts(counter) == []


def test_a_model_nobody_has_is_refused_and_why_is_said(counter: Counter) -> None:
    assert counter.say("/model z/y") == "Not changed: z/y is of no provider main knows"
    assert counter.say("/model x/" + "y" * 300) == settings.FORMS["model"]
    assert facts(counter) == []


def test_a_secret_in_the_place_of_a_model_is_not_repeated(counter: Counter) -> None:
    counter.say(f"/model z/{SECRET}")
    assert SECRET not in counter.everything()


@pytest.mark.parametrize("text", SETS)
def test_none_is_set_late(counter: Counter, text: str) -> None:
    said = counter.say(text, is_group=True, replayed=True)
    assert said.endswith(f"Look: {text.split()[0]}")
    assert facts(counter) == []
    assert counter.say(text.split()[0], is_group=True, replayed=True) == answers.again()


def test_two_at_once_are_each_answered_by_their_own_fact(counter: Counter) -> None:
    first, second = counter.tell("/queue collect"), counter.tell("/queue collect")
    counter.confirm()
    assert [reply.seq for reply in counter.replies] == [second]
    counter.stage.tell(counter.ref, *[])
    assert first not in [reply.seq for reply in counter.replies]
