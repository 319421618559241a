"""The gates at which somebody may be listed, for tests of who passes them.

Ann is listed by number, Kim by e-mail address: in the direct list, in the group list, and in the pairing store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actors.access.policy import Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Inbound
from tests.access.builders import ANN, row, view

KIM = "kim@x.com"
LISTED = (ANN, KIM)
OPEN_GROUPS = {"*": False}

DIRECT = view(dm_policy="allowlist", allow_from=LISTED)
PAIRING = view(dm_policy="pairing")
GROUP = view(dm_policy="disabled", group_policy="allowlist", group_allow_from=LISTED, groups=OPEN_GROUPS)
FALLBACK = view(dm_policy="disabled", group_policy="allowlist", allow_from=LISTED, groups=OPEN_GROUPS)
PAIRED = Allowed(frozenset(LISTED))


def ways(sender: str, **chat: Any) -> Iterator[tuple[str, Inbound, AccessView, Allowed]]:
    """The same sender at each of the gates where somebody may be listed."""
    direct = row(sender=sender, guid_of_chat="iMessage;-;c", identifier="c", **chat)
    group = row(sender=sender, group=True, **chat)
    yield "allowFrom", direct, DIRECT, Allowed()
    yield "pairing store", direct, PAIRING, PAIRED
    yield "groupAllowFrom", group, GROUP, Allowed()
    yield "allowFrom in a group", group, FALLBACK, Allowed()


def admitted_at(sender: str) -> list[str]:
    """The gates that let ``sender`` in."""
    return [gate for gate, message, of, allowed in ways(sender) if isinstance(decide(message, of, allowed), Admit)]


EVERYWHERE = ["allowFrom", "pairing store", "groupAllowFrom", "allowFrom in a group"]
