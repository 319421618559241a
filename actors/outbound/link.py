"""What a sender knows of its link: whether there is one, over which database, what it can do, how fast it is. Pure.

In: what the reader says of the child (``Subscribed``, ``Capable``, ``Disconnected``) and how sends went. Out: whether
another send may start, and whether it carries a GUID of ours.
"""

from actors.envelopes.link import Subscribed
from actors.outbound.pace import Pace
from actors.outbound.settlement import STATUS, Powers
from actors.outbound.wire import Place, Prefs
from actors.rpc.capabilities import UNKNOWN, Capabilities

BLOCKED = "its send lane is blocked"
MUTE = "it does not answer a send that is out"
"""Why a child is to be ended, in words."""


class Link:
    """Of one account. ``epoch`` counts the children of the gateway.

    ``before`` is the link under an earlier config. Where that was another program or database, its child may still be
    there: until that is gone no child counts, as a chat's number would mean another chat to it.
    """

    def __init__(self, prefs: Prefs, before: "Link | None" = None) -> None:
        self._prefs = prefs
        self._outlived: bool = before is not None and (before._outlived or before._prefs.over != prefs.over)
        self.epoch = 0
        self.ready = False
        self.place = Place(prefs.source)
        self.pace = Pace()
        self.powers = Powers()
        self.tracked = False
        """Whether sends carry a GUID of ours."""
        self.blocked = False
        """Whether imsg takes no sends any more, as an earlier one is still under way in it."""
        self._path = self._file = ""
        self.ending = False
        """Whether this child is about to be ended: nothing more is started in it."""

    def subscribed(self, message: Subscribed) -> None:
        """The watch of this child runs. Of a new child nothing is known yet of the old one's blocks and pace."""
        if self._outlived:
            return
        if message.epoch != self.epoch:
            self.epoch, self.pace, self.blocked, self.ending = message.epoch, Pace(), False, False
        self.ready, self.place = not self.ending, Place(self._prefs.source, message.era)
        capabilities = message.capabilities or UNKNOWN
        # Before 0.14 a child goes on with the file it opened, and sends over it too.
        self._path, self._file = message.path, message.file if capabilities.strict else ""
        self.able(capabilities)

    def disconnected(self) -> None:
        """The child is gone."""
        self.ready = self.ending = self._outlived = False

    def ends(self) -> None:
        """The child is about to be ended, as it let the deadline of a send pass or takes none."""
        self.ready, self.ending = False, True

    def able(self, capabilities: Capabilities) -> None:
        """What this child can do now."""
        self.tracked = self._prefs.tracks(capabilities)
        self.powers = Powers(ask=capabilities.can(STATUS), issue=self.tracked)

    def is_elsewhere(self) -> bool:
        """Whether another file stands there than is watched: imsg from 0.14 on sends over it at once, and what a
        chat's number means in it is not known before it is watched too (imsg protocol 12.4).
        """
        return self._file != "" and self._prefs.file_of(self._path) not in ("", self._file)

    def has_room(self, under_way: int) -> bool:
        """Whether one more send may start beside those ``under_way``."""
        return self.ready and not self.blocked and under_way < self.pace.depth


def ends_child(why: str) -> bool:
    """Whether the reader ends the child that is ``Stalled`` for this: by a send, or for a reason in words."""
    return " " in why or why.startswith("send")
