"""Pairing codes: their form, their hour, their number, and who they let in."""

from __future__ import annotations

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pairing.codes import (
    ALPHABET,
    LIFETIME,
    MOST_PENDING,
    NoFreeCodeError,
    Request,
    approve,
    is_live,
    live,
    new_code,
    upsert,
)

NOW = 1_700_000_000.0
ANN = "+15552223333"


def request(ident: str = ANN, code: str = "ABCDEFGH", created: float | None = NOW, account: str = "") -> Request:
    return Request(ident, code, created, created, {"accountId": account} if account else {}, {})


def test_a_code_is_eight_unmistakable_characters() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("IO01") & set(ALPHABET)
    codes = {new_code(()) for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)


def test_a_taken_code_is_drawn_again() -> None:
    letters = iter("A" * 8 + "A" * 8 + "B" * 8)
    assert new_code({"A" * 8}, lambda _: next(letters)) == "B" * 8


def test_drawing_gives_up() -> None:
    letters = cycle("A")
    with pytest.raises(NoFreeCodeError):
        new_code({"A" * 8}, lambda _: next(letters))


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (NOW, True),
        (NOW - LIFETIME, True),
        (NOW - LIFETIME - 0.001, False),
        (None, False),
        (NOW + LIFETIME, True),
        (NOW + LIFETIME + 1, False),
    ],
)
def test_a_code_lives_an_hour(created: float | None, expected: bool) -> None:
    assert is_live(request(created=created), NOW) is expected
    assert not is_live(request(code="", created=created), NOW)
    assert not is_live(request(ident="", created=created), NOW)


def test_a_sender_who_writes_again_keeps_the_code() -> None:
    first, code, created = upsert((), ANN, NOW, {"sender": " (555) ", "chatId": " "})
    assert created
    assert first[0].meta == {"sender": "(555)", "accountId": "default"}
    again, same, created = upsert(first, ANN, NOW + 60, {"chatId": "7"})
    assert (same, created) == (code, False)
    assert (again[0].created_at, again[0].last_seen_at) == (NOW, NOW + 60)
    assert again[0].meta == {"sender": "(555)", "chatId": "7", "accountId": "default"}


def test_a_flood_of_one_sender_changes_nothing() -> None:
    first, code, _ = upsert((), ANN, NOW, {"chatId": "7"})
    again, same, created = upsert(first, ANN, NOW + 0.5, {"chatId": "7"})
    assert again is first
    assert (same, created) == (code, False)


def test_an_expired_request_makes_room_for_a_new_one() -> None:
    first, _, _ = upsert((), ANN, NOW, {})
    again, code, created = upsert(first, ANN, NOW + LIFETIME + 1, {})
    assert created
    assert [kept.code for kept in again] == [code]


def test_three_wait_per_account_and_no_more() -> None:
    requests: tuple[Request, ...] = ()
    for index in range(MOST_PENDING):
        requests, code, created = upsert(requests, f"p{index}@x.com", NOW, {}, "work")
        assert created
    after, code, created = upsert(requests, "p9@x.com", NOW, {}, "work")
    assert after is requests
    assert (code, created) == ("", False)
    assert upsert(requests, "p0@x.com", NOW, {}, "work")[1] == requests[0].code
    assert upsert(requests, "p9@x.com", NOW, {}, "home")[2]
    assert upsert(requests, "p9@x.com", NOW + LIFETIME + 1, {}, "work")[2]


def test_one_person_has_a_request_per_account() -> None:
    both = upsert(upsert((), ANN, NOW, {}, "work")[0], ANN, NOW, {}, "home")[0]
    assert [kept.account for kept in both] == ["work", "home"]
    assert both[0].code != both[1].code


def test_a_code_approves_its_request_only() -> None:
    requests = (request("a@x.com", "AAAAAAAA"), request("b@x.com", "BBBBBBBB"))
    found, remaining = approve(requests, " bbbbbbbb\n", NOW)
    assert found is requests[1]
    assert remaining == requests[:1]


@pytest.mark.parametrize("code", ["", " ", "AAAAAAA", "AAAAAAAAA", "ZZZZZZZZ", "\u0410AAAAAAA", "\ud800"])
def test_any_other_code_approves_nobody(code: str) -> None:
    requests = (request(code="AAAAAAAA"), request("b@x.com", ""))
    assert approve(requests, code, NOW) == (None, requests)


def test_an_expired_code_approves_nobody() -> None:
    requests = (request(code="AAAAAAAA"),)
    assert approve(requests, "AAAAAAAA", NOW + LIFETIME + 1) == (None, requests)


def test_an_account_approves_only_its_own() -> None:
    requests = (request(code="AAAAAAAA", account="work"), request("b@x.com", "BBBBBBBB"))
    assert approve(requests, "AAAAAAAA", NOW, "default")[0] is None
    assert approve(requests, "AAAAAAAA", NOW, "work")[0] is requests[0]
    assert approve(requests, "BBBBBBBB", NOW, "default")[0] is requests[1]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 9000), st.sampled_from(["x", "y"])), max_size=30))
def test_whoever_writes_whenever_the_rules_hold(visits: list[tuple[str, float, str]]) -> None:
    requests: tuple[Request, ...] = ()
    for name, offset, account in sorted(visits, key=lambda visit: visit[1]):
        now = NOW + offset
        requests, code, created = upsert(requests, f"{name}@x.com", now, {}, account)
        waiting = live(requests, now)
        assert bool(code) == any(kept.id == f"{name}@x.com" and kept.account == account for kept in waiting)
        assert code or not created
        assert len({kept.code for kept in waiting}) == len(waiting)
        assert all(sum(kept.account == one for kept in waiting) <= MOST_PENDING for one in "xy")
