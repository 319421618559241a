"""Our own words that come back as somebody else's, with every imsg: no loop, and nobody else's message is swallowed.

Messages does it by writing own rows as a contact's and correcting that later, by damaging their text, by giving a note
to oneself twice; people do it with bots of their own. A trigger in chat.db plays Messages here.
"""

from collections.abc import Callable

import pytest

from actors.simulator import database_faults
from actors.simulator.behaviour import DEFAULT_OWN_ADDRESS
from tests.faults.cases import Build, Cases
from tests.faults.people import PATIENT, gate, open_gate, prove_alive, sent_once, town_of, wait_chunk
from tests.faults.town import BEN, Town, wait_for

LOOP = 8
"""The breaker trips when own words come back for the eighth time."""
KINDS = ("0.5", "0.9", "0.15 bridge")
"""No GUID is told of what was sent, imsg tells it, we chose it. 0.15 without its bridge tells it as 0.9 does."""
LATIN = "caf\u00e9 na\u00efve"

case = Cases()


def _own_rows(town: Town, do: str) -> None:
    """Whenever one of our rows gets its chat, ``do`` (SQL) happens in the same commit; ``new`` is the join."""
    with town.db.transaction():
        town.db.connection.execute(
            "CREATE TRIGGER own_rows AFTER INSERT ON chat_message_join WHEN"
            " (SELECT is_from_me FROM message WHERE ROWID = new.message_id) = 1"
            f" BEGIN {do}; END"
        )


def _as_the_peers(town: Town, text: str = "text") -> None:
    """Own rows are written as the peer's, with ``text`` (SQL) for their text."""
    _own_rows(
        town,
        f"UPDATE message SET is_from_me = 0, text = {text}, handle_id ="
        " (SELECT handle_id FROM chat_handle_join WHERE chat_id = new.chat_id)"
        " WHERE ROWID = new.message_id",
    )


def _bubbles(town: Town, chat: int) -> list[tuple[int, str]]:
    """Number and text of all rows of a chat but those that a person wrote first."""
    query = (
        "SELECT m.ROWID, m.text FROM message m JOIN chat_message_join j ON j.message_id = m.ROWID"
        " WHERE j.chat_id = ? ORDER BY m.ROWID"
    )
    return [(int(number), str(text)) for number, text in town.db.connection.execute(query, (chat,))][1:]


def _comes_back(town: Town, sql: str) -> None:
    """One message, one answer, however the answer's row looks; corrected a moment later, it stays at that."""
    _as_the_peers(town, sql)
    chat = town.writes(LATIN).chat_id
    wait_for("the answer", lambda: _bubbles(town, chat))
    wait_for("its echo to be known", lambda: town.outcomes()["dropped"] == 1)
    for number, _ in _bubbles(town, chat):
        database_faults.flip(town.db, number)
    town.writes("and this?", BEN)
    wait_for("the next answer", lambda: _bubbles(town, town.chat(BEN)))
    wait_for("both echoes to be known", lambda: town.outcomes() == {"replied": 2, "dropped": 2})
    assert len(_bubbles(town, chat)) == 1
    assert town.journal("SELECT DISTINCT reason FROM inbound WHERE outcome = 'dropped'") == [("echo",)]
    assert town.stop() == 0


@case(*KINDS)
@case("0.15", soak=True)
def come_back_as_they_are(build: Build, mode: str) -> None:
    """``is_from_me`` is wrong at first and flips later."""
    _comes_back(town_of(build, mode).settle_in(**PATIENT), "text")


@case(*KINDS)
@case("0.15", soak=True)
def come_back_decomposed(build: Build, mode: str) -> None:
    """The accents are characters of their own."""
    nfd = "replace(replace(text, char(233), 'e' || char(769)), char(239), 'i' || char(776))"
    _comes_back(town_of(build, mode).settle_in(**PATIENT), nfd)


@case(*KINDS)
@case("0.15", soak=True)
def come_back_damaged(build: Build, mode: str) -> None:
    """A replacement character stands before the text."""
    _comes_back(town_of(build, mode).settle_in(**PATIENT), "char(65533) || text")


@case(*KINDS)
@case("0.15", soak=True)
def come_back_after_a_restart(build: Build, mode: str) -> None:
    """Only the next gateway sees the row. What has no GUID of ours is answered once more, and that is the end of it."""
    town = town_of(build, mode)
    town.settle_in(agents=gate(town, "hello"), **PATIENT)
    _as_the_peers(town)
    chat = town.writes("one").chat_id
    wait_for("the message to be admitted", lambda: town.outcomes()["open"] == 1)
    town.weather(watch="silent")
    open_gate(town)
    wait_for("the send", lambda: town.journal("SELECT 1 FROM outbox WHERE state = 'sent'"))
    town.kill()
    town.weather()
    town.start()
    town.writes("two", BEN)
    wait_for("the next answer", lambda: _bubbles(town, town.chat(BEN)))
    wait_for("its echo to be known", lambda: town.outcomes()["dropped"] >= 2)
    wait_for("all to be over", town.all_answered)
    assert len(_bubbles(town, chat)) == (2 if mode == "0.5" else 1)
    assert town.stop() == 0


@case(*KINDS)
@case("0.15", soak=True)
def are_a_note_to_oneself(build: Build, mode: str) -> None:
    """A message to the own number stands there twice, as ours and as somebody's: one answer at most, and no loop."""
    town = town_of(build, mode).settle_in(**PATIENT)
    chat = town.chat(DEFAULT_OWN_ADDRESS)
    for text in ("milk", "eggs"):
        with town.db.transaction():
            town.db.own(chat, text)
            town.db.incoming(chat, DEFAULT_OWN_ADDRESS, text)
    prove_alive(town)
    wait_for("all to be over", town.all_answered)
    answers = [text for text in town.sent(chat) if text.startswith("echo: ")]
    assert len(answers) == len(set(answers)) <= 2
    assert not [text for text in answers if text.startswith("echo: echo: ")]
    assert town.stop() == 0


@case(*KINDS)
@case("0.15", soak=True)
def are_repeated_by_a_bot(build: Build, mode: str) -> None:
    """Somebody answers each answer with its own words: the eighth time it is held, and other chats go on."""
    town = town_of(build, mode).settle_in(**PATIENT)
    _own_rows(
        town,
        "INSERT INTO message (guid, text, handle_id, service, date, is_from_me, destination_caller_id)"
        " SELECT upper(hex(randomblob(16))), m.text, h.handle_id, m.service, m.date, 0, m.destination_caller_id"
        " FROM message m JOIN chat_handle_join h ON h.chat_id = new.chat_id WHERE m.ROWID = new.message_id;"
        " INSERT INTO chat_message_join SELECT new.chat_id, max(ROWID), new.message_date FROM message",
    )
    chat = town.writes("hello").chat_id
    wait_for("the breaker to trip", lambda: town.outcomes()["held"] == 1)
    assert len(town.sent(chat)) == LOOP
    assert town.journal("SELECT reason FROM inbound WHERE outcome = 'held'") == [("echo loop",)]
    town.writes("not a bot", BEN)
    wait_for("an answer elsewhere", lambda: town.sent(town.chat(BEN)))
    assert len(town.sent(chat)) == LOOP
    assert town.stop() == 0


@case(*KINDS)
@case("0.15", soak=True)
def are_said_by_a_person_too(build: Build, mode: str) -> None:
    """Somebody who says what the gateway said, in their own message, is answered."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.write_and_wait("one")
    wait_for("our own row", lambda: town.outcomes()["dropped"] == 1)
    town.write_and_wait("echo: one")
    wait_chunk(town, "echo: one", "sent")
    sent_once(town)
    assert town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_own_words_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
