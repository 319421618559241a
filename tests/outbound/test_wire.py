"""GUIDs of tracked sends: always the same for a chunk, never shared by two journals."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors.outbound.wire import attempt_id, namespace_of

IDENTITIES = st.integers(0, 2**62 - 1)
KEYS = st.integers(1, 2**63 - 1)


@given(one=IDENTITIES, other=IDENTITIES, key=KEYS, another=KEYS)
def test_two_journals_never_share_a_guid_and_neither_do_two_chunks(
    one: int, other: int, key: int, another: int
) -> None:
    same = one == other and key == another
    assert (attempt_id(namespace_of(one), key) == attempt_id(namespace_of(other), another)) is same


def test_two_journals_give_their_first_thousand_chunks_different_guids() -> None:
    found = {attempt_id(namespace_of(identity), key) for identity in (1, 2) for key in range(1, 1001)}
    assert len(found) == 2000


@given(identity=IDENTITIES, key=KEYS)
def test_a_guid_is_a_uuid_in_lower_case(identity: int, key: int) -> None:
    found = attempt_id(namespace_of(identity), key)
    assert str(UUID(found)) == found == found.lower()


def test_a_chunk_has_the_same_guid_for_ever() -> None:
    """A journal outlives versions of the gateway: another way to make GUIDs would make a second one for a chunk."""
    assert attempt_id(namespace_of(7), 4096) == "dfc78bfe-34e6-5b3b-a069-f6e96740a1a7"
