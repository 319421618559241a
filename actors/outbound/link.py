"""What a sender knows of its link: whether there is one, over which database, what it can do, how fast it is. Pure.

In: what the reader says of the child (``Subscribed``, ``Capable``, ``Disconnected``) and how sends went. Out: whether
another send may start, and whether it carries a GUID of ours.
"""

from actors.envelopes.control import Subscribed
from actors.outbound.pace import Pace
from actors.outbound.settlement import STATUS, Powers
from actors.outbound.wire import Place, Prefs
from actors.rpc.capabilities import UNKNOWN, Capabilities


class Link:
    """Of one account. ``epoch`` counts the children of the gateway."""

    def __init__(self, prefs: Prefs) -> None:
        self._prefs = prefs
        self.epoch = 0
        self.ready = False
        self.place = Place(prefs.source)
        self.pace = Pace()
        self.powers = Powers()
        self.tracked = False
        """Whether sends carry a GUID of ours."""
        self.blocked = False
        """Whether imsg takes no sends any more, as an earlier one is still under way in it."""
        self.told = False
        """Whether the caller knows that it is blocked and that nothing more is waited for."""

    def subscribed(self, message: Subscribed) -> None:
        """The watch of this child runs. Of a new child nothing is known yet of the old one's blocks and pace."""
        if message.epoch != self.epoch:
            self.epoch, self.pace, self.blocked, self.told = message.epoch, Pace(), False, False
        self.ready, self.place = True, Place(self._prefs.source, message.era)
        self.able(message.capabilities or UNKNOWN)

    def able(self, capabilities: Capabilities) -> None:
        """What this child can do now."""
        self.tracked = self._prefs.tracks(capabilities)
        self.powers = Powers(ask=capabilities.can(STATUS), issue=self.tracked)

    def has_room(self, under_way: int) -> bool:
        """Whether one more send may start beside those ``under_way``."""
        return self.ready and not self.blocked and under_way < self.pace.depth
