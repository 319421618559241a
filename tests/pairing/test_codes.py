"""Pairing codes: their form, their hour, their number, and who they let in."""

from __future__ import annotations

import hmac
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
    find,
    is_live,
    live,
    new_code,
    of_handle,
    upsert,
    without,
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
    assert upsert(first, ANN, NOW + 0.5, {"chatId": "8"})[0] is first
    assert upsert(first, ANN, NOW + 1.5, {"chatId": "8"})[0][0].meta["chatId"] == "8"


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


def test_a_code_finds_its_request_only() -> None:
    requests = (request("a@x.com", "AAAAAAAA"), request("b@x.com", "BBBBBBBB"))
    found = find(requests, " bbbbbbbb\n", NOW)
    assert found is requests[1]
    assert without(requests, found) == requests[:1]


@pytest.mark.parametrize("code", ["", " ", "AAAAAAA", "AAAAAAAAA", "ZZZZZZZZ", "\u0410AAAAAAA", "\ud800"])
def test_any_other_code_finds_nobody(code: str) -> None:
    assert find((request(code="AAAAAAAA"), request("b@x.com", "")), code, NOW) is None


def test_every_code_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    requests = tuple(request(f"{name}@x.com", name.upper() * 8) for name in "abc")
    assert find(requests, "aaaaaaaa", NOW) is requests[0]
    assert compared == [(b"AAAAAAAA", b"AAAAAAAA"), (b"BBBBBBBB", b"AAAAAAAA"), (b"CCCCCCCC", b"AAAAAAAA")]


def test_an_expired_code_finds_nobody() -> None:
    assert find((request(code="AAAAAAAA"),), "AAAAAAAA", NOW + LIFETIME + 1) is None


def test_an_account_finds_only_its_own() -> None:
    requests = (request(code="AAAAAAAA", account="work"), request("b@x.com", "BBBBBBBB"))
    assert find(requests, "AAAAAAAA", NOW, "default") is None
    assert find(requests, "AAAAAAAA", NOW, "work") is requests[0]
    assert find(requests, "BBBBBBBB", NOW, "default") is requests[1]


def test_a_handle_finds_its_oldest_request() -> None:
    requests = (request(created=NOW, account="work"), request(created=NOW - 60, account="home"), request("b@x.com"))
    assert of_handle(requests, ANN, NOW) is requests[1]
    assert of_handle(requests, ANN, NOW, "work") is requests[0]
    assert of_handle(requests, ANN, NOW + 2 * LIFETIME) is None
    assert of_handle((request(""),), "", NOW) is None


def test_what_a_clock_set_back_left_in_the_future_never_comes_to_life_again() -> None:
    """Whoever writes next clears it away, also when nobody has room."""
    requests, _, _ = upsert((), "a@x.com", NOW + 10 * LIFETIME, {})
    assert live(requests, NOW) == ()
    for index in range(MOST_PENDING):
        requests, _, _ = upsert(requests, f"p{index}@x.com", NOW, {})
    assert [kept.id for kept in requests] == ["p0@x.com", "p1@x.com", "p2@x.com"]
    left = (*requests, request("a@x.com", "AAAAAAAA", NOW + 10 * LIFETIME))
    after, code, created = upsert(left, "b@x.com", NOW, {})
    assert (after, code, created) == (requests, "", False)
    assert upsert(after, "b@x.com", NOW, {})[0] is after


def test_a_clock_set_back_gives_no_code_more_than_two_hours() -> None:
    """One hour if it stands still, never longer than the hour it lost and its own."""
    code = request(created=NOW)
    for lost in range(0, 3 * int(LIFETIME), 300):
        lives = [after for after in range(0, 9 * int(LIFETIME), 300) if is_live(code, NOW - lost + after)]
        assert len(lives) * 300 <= 2 * LIFETIME + 300


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
