"""Notices: a line in the log each, and a message in the owner's own chat, each under a key of its own."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Reconfigure, Replay, Replayed
from actors.envelopes.facts import Queued, Sent
from actors.envelopes.inbound import Replied
from actors.envelopes.outbound import Reply, chunk_key
from actors.envelopes.steering import Inform, Notice
from actors.notices.actor import MOST_WAITING, NOBODY_SECONDS, Notices, NoticesView
from actors.notices.rationing import HOUR
from actors.outbound.answers import MOST_CHUNKS, NOTICES
from actors.outbound.chunker import OutboundChunker, OutboundView
from config.schema.channel_parts import OwnerNotice
from tests.outbound.desk import HOPELESS, Desk
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import address

HOME = (50, address(3), 0)
"""The newest row of the owner's own chat, and how many notices it carries."""


class Office:
    """Notices between a journal and a chunker that are in the test's hands."""

    def __init__(self, stage: KillableStage, *home: tuple[int, Any, int], slow: bool = False, **wants: Any) -> None:
        self.stage = stage
        self.home: tuple[tuple[int, Any, int], ...] = home or (HOME,)
        self.slow = slow
        self.journal = Probe("journal", self._journal)
        self.chunker, self.sender = Probe("chunker"), Probe("sender")
        self.ref = Notices.start(stage.place("notices"), self.view(**wants), self.journal.ref, self.chunker.ref)
        stage.settle()

    def view(self, **wants: Any) -> NoticesView:
        """What the config says."""
        return NoticesView(
            {"default": OwnerNotice.model_validate(wants)}, {"default": "US"}, {"default": self.sender.ref}
        )

    def _journal(self, message: Any) -> None:
        if type(message) is Replay and not self.slow:
            message.then.tell(Replayed("owner", self.home))

    def notice(self, about: str = "m", text: str = "it failed", account: str = "default") -> None:
        """Something happened."""
        self.stage.tell(self.ref, Notice(account, about, text))

    @property
    def replies(self) -> list[Reply]:
        """What the chunker is told."""
        return self.chunker.all(Reply)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the journal is asked for: account and whom."""
        return [(one.account, one.reason) for one in self.journal.all(Replay) if one.what == "owner"]

    @property
    def lines(self) -> list[str]:
        """The warnings in the log."""
        return [text for level, text in self.stage.logged if level == "WARNING"]


def test_a_notice_is_logged_and_told_in_the_owners_chat(stage: KillableStage) -> None:
    office = Office(stage)
    office.notice()
    assert office.lines == ["it failed"]
    assert office.asked == [("default", "")]
    assert office.replies == [Reply(50, "", address(3), "Gateway: it failed", (), NOTICES)]


def test_it_hears_of_what_is_not_said_and_of_what_is_not_sent(stage: KillableStage) -> None:
    office = Office(stage)
    assert [told.reply_to for told in office.chunker.all(Inform)] == [office.ref]
    assert [told.reply_to for told in office.sender.all(Inform)] == [office.ref]
    successor = Probe("another sender")
    view = office.view()._replace(senders={"default": successor.ref})
    stage.tell(office.ref, Reconfigure(view))
    assert [told.reply_to for told in successor.all(Inform)] == [office.ref]


def test_each_has_a_key_of_its_own_also_before_the_one_before_is_on_disk(stage: KillableStage) -> None:
    office = Office(stage, (50, address(3), 2))
    for about in "abc":
        office.notice(about)
    office.home = ((51, address(3), 0),)
    office.notice("d")
    assert [(one.seq, one.first) for one in office.replies] == [
        (50, NOTICES + 2),
        (50, NOTICES + 3),
        (50, NOTICES + 4),
        (51, NOTICES),
    ]


def test_what_others_told_on_that_row_counts_too(stage: KillableStage) -> None:
    office = Office(stage)
    office.notice("a")
    office.home = ((50, address(3), 9),)
    office.notice("b")
    assert [one.first for one in office.replies] == [NOTICES, NOTICES + 9]


def test_the_rate_holds_and_what_it_kept_back_is_summed_up(stage: KillableStage) -> None:
    office = Office(stage, perHour=2)
    for about in "abcd":
        office.notice(about, f"{about} failed")
    assert [one.text for one in office.replies] == ["Gateway: a failed", "Gateway: b failed"]
    assert office.lines == ["a failed", "b failed", "c failed", "d failed"]
    stage.advance(HOUR)
    office.notice("e", "e failed")
    assert office.replies[-1].text.startswith("Gateway: e failed (and 2 more since ")


def test_the_same_matter_is_told_once_an_hour(stage: KillableStage) -> None:
    office = Office(stage)
    office.notice()
    stage.advance(HOUR - 1)
    office.notice()
    assert len(office.replies) == 1
    stage.advance(1.0)
    office.notice()
    assert len(office.replies) == 2
    assert len(office.lines) == 3


@pytest.mark.parametrize(("to", "whom"), [("+1 212 555 0100", "+12125550100"), ("chat_id:42", "chat_id:42")])
def test_the_config_says_whom(stage: KillableStage, to: str, whom: str) -> None:
    office = Office(stage, to=to)
    office.notice()
    assert office.asked == [("default", whom)]


def test_switched_off_it_only_logs(stage: KillableStage) -> None:
    office = Office(stage, enabled=False)
    office.notice()
    office.notice(account="another")
    assert (office.lines, office.asked, office.replies) == (["it failed", "it failed"], [], [])
    stage.tell(office.ref, Reconfigure(office.view()))
    office.notice()
    assert len(office.replies) == 1


def test_without_an_owner_it_says_once_why_nobody_is_told(stage: KillableStage) -> None:
    office = Office(stage)
    office.home = ()
    office.notice("a")
    office.notice("b")
    assert office.replies == []
    said = [line for line in office.lines if "notices are only logged" in line]
    assert len(said) == 1
    assert "the owner" in said[0]
    office.home = (HOME,)
    stage.advance(NOBODY_SECONDS)
    office.notice("a")
    assert len(office.replies) == 1, "what nobody was told counts for nothing"


def test_where_nobody_is_known_the_journal_is_not_asked_for_each(stage: KillableStage) -> None:
    """It looks through thousands of rows, on the one thread that stores messages."""
    office = Office(stage, slow=True)
    for number in range(10):
        office.notice(f"{number}")
    stage.tell(office.ref, Replayed("owner", ()))
    assert len(office.asked) == 1, "those that waited have their answer too"
    office.slow, office.home = False, ()
    office.notice("again")
    stage.advance(NOBODY_SECONDS - 1)
    office.notice("still")
    assert len(office.asked) == 1
    stage.advance(1.0)
    office.notice("later")
    assert len(office.asked) == 2
    office.home = (HOME,)
    stage.tell(office.ref, Reconfigure(office.view(to="+1 212 555 0100")))
    office.notice("somebody else")
    assert [whom for _, whom in office.asked] == ["", "", "+12125550100"]
    stage.tell(office.ref, Reconfigure(office.view()))
    office.notice("the first again")
    assert len(office.replies) == 2, "another config is another question"


def test_an_addressee_that_is_none_is_said_once(stage: KillableStage) -> None:
    office = Office(stage, to="chat_id:x")
    office.notice("a")
    office.notice("b")
    assert office.asked == []
    assert len([line for line in office.lines if "ownerNotice.to ('chat_id:x')" in line]) == 1


def test_a_row_that_carries_all_it_can_carries_no_more(stage: KillableStage) -> None:
    office = Office(stage, (50, address(3), MOST_CHUNKS))
    office.notice()
    assert office.replies == []


def test_the_journal_is_asked_one_thing_at_a_time_and_not_for_ever(stage: KillableStage) -> None:
    office = Office(stage, slow=True, perHour=1000)
    for number in range(MOST_WAITING + 5):
        office.notice(f"{number}")
    assert len(office.asked) == 1
    office.slow = False
    stage.tell(office.ref, Replayed("owner", office.home))
    assert len(office.replies) == MOST_WAITING
    assert [one.first for one in office.replies] == [NOTICES + n for n in range(MOST_WAITING)]
    stage.tell(office.ref, Replayed("owner", office.home))
    assert len(office.replies) == MOST_WAITING


def test_a_dead_letter_becomes_a_message_to_the_owner(stage: KillableStage) -> None:
    """The whole way: sender, notices, chunker, sender."""
    desk = Desk(stage)
    chunker = OutboundChunker.start(
        stage.place("chunker"), {"default": desk.ref}, {"default": OutboundView()}, desk.journal.ref
    )
    journal = Probe("journal", lambda asked: asked.then.tell(Replayed("owner", (HOME,))))
    view = NoticesView({"default": OwnerNotice()}, {"default": "US"}, {"default": desk.ref})
    Notices.start(stage.place("notices"), view, journal.ref, chunker)
    stage.settle()
    stage.tell(chunker, Reply(9, "s", address(7), "a secret", ((9, Replied()),)))
    desk.answer(chunk_key(9, 0), error=HOPELESS)
    stage.settle()
    key = chunk_key(50, NOTICES)
    desk.answer(key)
    assert desk.texts[0] == "a secret"
    assert desk.texts[1].startswith("Gateway: an answer in chat 7 (+15552223333) was not sent")
    assert desk.keys(Sent) == [key]
    assert [fact.settles for fact in desk.of(Queued)][1] == ()
