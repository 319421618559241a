"""The play: its scenes in their order, each a function that lets people act and notes what is to be judged."""

import time
from collections.abc import Callable

from actors.control.demo import checks
from actors.control.demo.agent import NOTHING_TOLD
from actors.control.demo.director import Director, StageError
from actors.control.demo.folder import AGENT, CHUNK_LIMIT, LIBRARIAN, SECOND
from actors.control.demo.librarian import TIP
from actors.control.demo.observer import Remark
from actors.control.demo.people import BEN, MIA, Person
from actors.control.demo.story import CLOCKMAKER, LIGHTHOUSE
from actors.simulator.model_script import Refusal

QUICK_MS, SLOW_MS = 120, 1200
"""What a send takes in Messages: usually, and on the evening of the kill."""
UNDER_WAY = 0.3
"""Seconds after which a send is under way for certain, and far from done when sends are slow."""

MAIN = "agent:main:main"
DOOR_CODE = "My door code is 4711, please remember."
LOCK_CODE = "The code of my bike lock is 0815."
TOLD_BEFORE = "What have I told you so far?"
HURRY = "And then?"


def group_session(chat: int, agent: str = "main") -> str:
    """The session key of a group."""
    return f"agent:{agent}:imessage:group:{chat}"


def prepare(play: Director) -> None:
    """Furnish the folder and bring the gateway up."""
    play.transcript.say("People on the left, the gateway's agents on the right, its reasons between.", "bold")
    phones = play.phones
    # The thread of the flat is no group to Messages; naming it here makes it one.
    groups: dict[str, dict[str, bool]] = {str(chat): {"requireMention": False} for chat in (phones.flat, phones.books)}
    play.folder.furnish(
        {"*": {"requireMention": True}} | groups,
        [MIA.handle, BEN.handle],
        [BEN.handle],
        {"otto": {"kind": "direct", "id": BEN.handle}, "sage": {"kind": "group", "id": str(phones.books)}},
        play.model.url,
    )
    play.start_gateway(QUICK_MS)


def stranger(play: Director) -> None:
    """Somebody unknown writes and is given a code."""
    play.scene("1. A stranger writes", "Nobody has let Mia in yet.")
    chat = play.phones.direct
    row = play.write(MIA, chat, "Hi! Ben says you answer questions?")
    answers = play.answers(chat, row)
    play.check(checks.challenged("a stranger writes", answers))
    if not checks.pairing_code(answers):
        raise StageError("no pairing code came, so nobody can be let in")


def owner(play: Director) -> None:
    """The owner approves the code; from the next message on she is answered."""
    play.scene("2. The owner lets her in", "Mia reads the code to the owner, who sits at a terminal.")
    chat = play.phones.direct
    code = checks.pairing_code(play.phones.answers(chat, 0))
    words = ("pairing", "approve", "imessage", code)
    ended = play.processes.run(*words)
    play.transcript.deed(f"gateway {' '.join(words)}", ended.output)
    play.check(checks.approved("owner approves", ended.code, ended.output, MIA.handle))
    play.pause(1.0)
    exchange(play, "Mia is answered", chat, DOOR_CODE, f"echo: {DOOR_CODE}", MAIN)


def group(play: Director) -> None:
    """In a group the agent speaks when it is spoken to."""
    play.scene("3. A group", f"{AGENT} answers whoever mentions her, and has a session of its own for each group.")
    chat = play.phones.club
    row = play.write(BEN, chat, "Who is in for Friday?")
    play.until(lambda: settled(play, row))
    fate = play.observer.fate(row)
    outcome, reason = (fate.outcome, fate.reason) if fate else (None, None)
    play.pause(1.0)
    answers = play.phones.answers(chat, row)
    play.check(checks.unanswered("group, no mention", answers, outcome, reason, "no mention"))
    text = f"{AGENT}, are you in for Friday?"
    exchange(play, "group, mentioned", chat, text, f"echo: {text}", group_session(chat), BEN)


def flat(play: Director) -> None:
    """A thread Messages takes for a direct one is kept apart all the same, because the config names it."""
    phones, question = play.phones, TOLD_BEFORE
    play.scene(
        "4. A thread that only looks like a direct chat",
        f"The config names it a group (groups.{phones.flat}): it has its own session, and the door code stays out.",
    )
    exchange(play, "group-ish thread", phones.flat, question, NOTHING_TOLD, group_session(phones.flat))
    play.pause(1.0)
    exchange(play, "her own chat", phones.direct, question, f"You told me: {DOOR_CODE}", MAIN)


def long_answer(play: Director) -> None:
    """An answer that does not fit one message comes in several."""
    play.scene("5. A long answer", f"A message holds at most {CHUNK_LIMIT} characters here (textChunkLimit).")
    chat = play.phones.direct
    row = play.write(MIA, chat, "Tell me a long story!")
    bubbles = play.answers(chat, row, wanted=2)
    play.check(checks.chunked("a long answer", bubbles, LIGHTHOUSE, CHUNK_LIMIT))


def two_agents(play: Director) -> None:
    """Another agent answers in Ben's own chat, and neither knows what the other was told."""
    play.scene(
        "6. Another agent for another chat",
        f"By its bindings {SECOND} has Ben's own chat. What Ben says there is nothing {AGENT} in the club knows of.",
    )
    phones, own = play.phones, "agent:otto:main"
    exchange(play, "Ben's own chat", phones.bens, LOCK_CODE, f"noted: {LOCK_CODE}", own, BEN)
    play.pause(1.0)
    question = f"{AGENT}, {TOLD_BEFORE[0].lower()}{TOLD_BEFORE[1:]}"
    club = f"You told me: {AGENT}, are you in for Friday?"
    exchange(play, "Ben in the club", phones.club, question, club, group_session(phones.club), BEN)
    play.pause(1.0)
    exchange(play, "his own chat again", phones.bens, TOLD_BEFORE, f"You told me: {LOCK_CODE}", own, BEN)


def librarian(play: Director) -> None:
    """A language model answers in the book club; it is busy at first."""
    play.scene(
        "7. A language model",
        f"{LIBRARIAN} is one (runtime: model), here on this computer. At first it is too busy: HTTP 429.",
    )
    chat, question = play.phones.books, "What should we read next?"
    session = group_session(chat, "sage")
    play.model.add(Refusal(429, "too many requests"))
    row = play.write(MIA, chat, question)
    play.until(lambda: bool(play.model.requests))
    play.transcript.remark(Remark(time.time(), "the model's server: HTTP 429, too many requests", serious=True))
    answers = play.answers(chat, row)
    asked = play.model.requests
    keys = sum(one.headers.get("authorization") == f"Bearer {play.folder.key}" for one in asked)
    what = "a model, busy at first"
    play.check(checks.retried(what, answers, TIP, len(asked), keys, session_of(play, row), session))
    play.pause(1.0)
    exchange(play, "it is reminded", chat, "What did I ask you before?", f"You asked: {question}", session)


def commands(play: Director) -> None:
    """What a chat may ask of the gateway itself."""
    play.scene("8. Commands", "Mia was the first to be let in, so she is the owner: /status, and /new to begin anew.")
    chat = play.phones.direct
    row = play.write(MIA, chat, "/status")
    play.check(checks.told("/status", play.answers(chat, row), f"session: {MAIN}", "link: "))
    play.pause(1.0)
    row = play.write(MIA, chat, "/new")
    play.check(checks.told("/new", play.answers(chat, row), "New session"))
    play.pause(1.0)
    exchange(play, "begun anew", chat, TOLD_BEFORE, NOTHING_TOLD, MAIN)


def restart(play: Director) -> None:
    """Stopped in an orderly way, written to meanwhile, and started again with a slower Messages."""
    play.scene("9. Stopped, and started again", "What comes in between is not lost.")
    chat, text = play.phones.direct, "Anybody home?"
    play.check(checks.ended("stopped", play.stop_gateway()))
    play.pause(1.0)
    row = play.write(MIA, chat, text)
    play.pause(1.0)
    play.start_gateway(SLOW_MS)
    answers = play.answers(chat, row)
    play.check(checks.answered("written meanwhile", answers, f"echo: {text}", session_of(play, row), MAIN))


def killed(play: Director) -> None:
    """Killed in the middle of an answer, and of a send."""
    play.scene(
        "10. Killed in the middle of an answer",
        f"Messages is slow tonight, {SLOW_MS / 1000:g} s a message. kill -9: no time to write anything down.",
    )
    chat = play.phones.direct
    row = play.write(MIA, chat, "Tell me another one")
    play.until(lambda: bool(play.phones.answers(chat, row)))
    hurry = play.write(MIA, chat, HURRY)
    if not play.until(lambda: in_mid_send(play, chat, row)):
        raise StageError("the answer did not get as far as its third message")
    before = len(play.phones.answers(chat, row))
    in_flight = [one.key for one in play.observer.sendings(row) if one.state == "attempted"]
    left = play.kill_gateway()
    play.start_gateway(QUICK_MS)
    last = f"echo: {HURRY}"
    play.until(lambda: last in play.phones.answers(chat, row) and not play.observer.open_work())
    bubbles = play.phones.answers(chat, row)
    play.check(checks.survived("killed mid-answer", before, bubbles, (CLOCKMAKER, last)))
    states = [one.state for one in play.observer.sendings(row) if one.key in in_flight]
    doubtful = bubbles[before] if len(bubbles) > before else ""
    play.check(checks.doubted("the one under way", states, bubbles.count(doubtful)))
    copies = [text for text in bubbles if text == last]
    play.check(checks.answered("the one waiting", copies, last, session_of(play, hurry), MAIN))
    play.check(checks.gone("orphaned imsg", len(left), len(play.processes.alive(left))))


def end(play: Director) -> None:
    """The books are closed."""
    play.scene("11. The books", "What Messages holds, and what the journal says about it.")
    play.check(checks.ended("stopped again", play.stop_gateway()))
    own = sum(bubble.own for bubble in play.phones.all)
    play.check(checks.finished("the books", own, play.observer.sent(), play.observer.open_work()))


def exchange(play: Director, what: str, chat: int, text: str, answer: str, session: str, who: Person = MIA) -> None:
    """``who`` writes ``text`` and should be told ``answer``, in that session."""
    row = play.write(who, chat, text)
    answers = play.answers(chat, row)
    play.check(checks.answered(what, answers, answer, session_of(play, row), session))


SCENES: tuple[Callable[[Director], None], ...] = (
    prepare,
    stranger,
    owner,
    group,
    flat,
    long_answer,
    two_agents,
    librarian,
    commands,
    restart,
    killed,
    end,
)


def session_of(play: Director, row: int) -> str | None:
    """The session a message was answered in."""
    fate = play.observer.fate(row)
    return fate.session if fate else None


def settled(play: Director, row: int) -> bool:
    """Whether it is decided what becomes of a message."""
    fate = play.observer.fate(row)
    return fate is not None and fate.outcome is not None


def in_mid_send(play: Director, chat: int, row: int) -> bool:
    """Whether the third message of the answer, or a later one, is with Messages and not yet out."""
    seen, now = len(play.phones.answers(chat, row)), time.time()
    return any(
        one.state == "attempted" and one.position == seen >= 2 and now - (one.attempted_at or now) > UNDER_WAY
        for one in play.observer.sendings(row)
    )
