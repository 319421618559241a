"""Orders of somebody who speaks for the owner: who is in by pairing, let one in, shut one out."""

from __future__ import annotations

from actors.access.view import AccessView
from actors.envelopes.control import Enroll, Enrolled, Reconfigure, Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Dropped, Notify
from actors.pairing.owners import OwnerFile
from actors.pairing.registry import PENDING, RegistryView
from tests.pairing.office import Office
from tests.support.actors import Probe
from tests.support.rows import ACCOUNT, ANN, BEN


def told(office: Office, what: str, handle: str = "", account: str = ACCOUNT) -> Enrolled:
    """What is answered to an order."""
    asker = Probe("asker")
    office.stage.tell(office.ref, Enroll(what, account, handle, "tag", asker.ref))
    (answer,) = asker.told
    assert isinstance(answer, Enrolled)
    assert answer.tag == "tag"
    return answer


def test_who_is_in_is_listed_in_order(office: Office) -> None:
    office.store.admit(ACCOUNT, [BEN, ANN], office.stage.clock.wall())
    assert told(office, "list") == Enrolled("tag", (ANN, BEN))
    assert told(office, "list", account="work") == Enrolled("tag", ())


def test_somebody_is_let_in_once_and_from_now_on(office: Office) -> None:
    assert told(office, "add", ANN) == Enrolled("tag", (ANN,), changed=True)
    assert office.store.is_allowed(ACCOUNT, ANN)
    now = office.stage.clock.wall()
    office.stage.advance(60)
    assert told(office, "add", ANN) == Enrolled("tag", (ANN,))
    assert [(mark.handle, mark.at) for mark in office.guard.seen().approvals] == [(ANN, now)]


def test_whoever_asked_asks_no_more(office: Office) -> None:
    office.challenge(1)
    told(office, "add", ANN)
    assert office.store.requests(ACCOUNT, now=office.stage.clock.wall()) == ()
    office.challenge(2)
    assert len(office.replies) == 1
    assert all(outcome != Dropped(PENDING, "") for _, outcome in office.settled)


def test_somebody_is_shut_out_of_it_and_owns_nothing_any_more(office: Office) -> None:
    owners = OwnerFile(office.guard.path.with_name("owners.json"))
    told(office, "add", ANN)
    assert owners.claim(ANN, ACCOUNT, office.stage.clock.wall())
    assert told(office, "remove", ANN) == Enrolled("tag", (), changed=True)
    assert not office.store.is_allowed(ACCOUNT, ANN)
    assert owners.read() == frozenset()
    assert office.guard.are_shut_out(ACCOUNT) == {ANN}
    assert told(office, "remove", ANN) == Enrolled("tag", ())


def test_files_that_cannot_be_read_are_said_and_left_alone(office: Office) -> None:
    told(office, "add", ANN)
    path = office.break_files("imessage-default-allowFrom.json")
    before = path.read_text()
    for what in ("list", "add", "remove"):
        answer = told(office, what, BEN)
        assert (answer.handles, answer.changed) == ((), False)
        assert str(path) in answer.trouble
    assert path.read_text() == before


def test_an_order_that_breaks_it_is_answered(office: Office) -> None:
    assert told(office, "add", BEN, account=" ") == Enrolled("tag", (), trouble="it broke (ValueError)")
    assert told(office, "add", "*").trouble == "it broke (ValueError)"
    assert told(office, "list") == Enrolled("tag", ())
    assert office.stage.deaths.told == []


def test_a_new_config_counts_for_the_next_stranger(office: Office) -> None:
    views: dict[str, AccessView] = {}
    office.stage.tell(office.ref, Reconfigure(RegistryView({ACCOUNT: "channels.imessage.accounts.x.dmPolicy"}, views)))
    office.challenge(1)
    office.challenge(2)
    (fact,) = [one.fact for one in office.journal.all(Record) if isinstance(one.fact, Settled)]
    assert fact.outcome == Dropped(PENDING, "channels.imessage.accounts.x.dmPolicy")
    office.stage.tell(office.ref, Notify(ACCOUNT, ANN))
    assert any("is not let in by pairing" in text for _, text in office.stage.logged)
