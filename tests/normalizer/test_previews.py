"""A link's preview belongs to its message: read alone later, it is known already."""

from typing import Any

import pytest

from actors.envelopes.inbound import Dropped, Inbound, Judged, Received
from actors.normalizer.actor import Normalizer
from actors.normalizer.previews import LINK_PREVIEW, mark_of_preview
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import START, inbound, raw
from tests.support.rows import guid as guid_of

PREVIEW = {"id": 9, "guid": "A-PREVIEW", "balloon_bundle_id": "com.apple.messages.URLBalloonProvider"}


def test_a_message_with_its_preview_leaves_a_mark_for_it() -> None:
    row = inbound(3, url_preview=PREVIEW)
    mark = mark_of_preview(row)
    assert mark is not None
    assert mark.verdict == Dropped(LINK_PREVIEW)
    assert (mark.row.guid, mark.row.rowid, mark.row.chat, mark.row.text) == ("A-PREVIEW", 3, row.chat, "")
    assert mark.row.raw == b'{"guid":"A-PREVIEW"}'


def test_the_mark_of_a_note_is_no_evidence_of_a_send() -> None:
    mark = mark_of_preview(inbound(3, url_preview=PREVIEW, is_from_me=True))
    assert mark is not None
    assert not mark.row.is_from_me


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"url_preview": None},
        {"url_preview": {}},
        {"url_preview": {"guid": ""}},
        {"url_preview": {"guid": 7}},
        {"url_preview": "A-PREVIEW"},
        {"url_preview": {"guid": guid_of(3)}},
        {"text": 'look: "url_preview": {"guid": "A-PREVIEW"}'},
    ],
)
def test_everything_else_leaves_none(keys: dict[str, Any]) -> None:
    assert mark_of_preview(inbound(3, **keys)) is None


def test_the_mark_comes_right_behind_its_message(stage: KillableStage) -> None:
    access = Probe("access")
    normalizer = Normalizer.start(stage.place("normalizer"), access.ref, Probe("journal").ref, [])
    rows = [raw(3, url_preview=PREVIEW), raw(4), raw(5, url_preview=PREVIEW, is_from_me=True)]
    stage.tell(normalizer, *(Received("default", 1, one, START) for one in rows))
    told = [(type(one), one.row.guid if isinstance(one, Judged) else one.guid) for one in access.told]
    assert told == [(Inbound, guid_of(3)), (Judged, "A-PREVIEW"), (Inbound, guid_of(4)), (Inbound, guid_of(5))]
