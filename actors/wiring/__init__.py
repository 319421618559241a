"""The composition root: the only place that imports every actor.

``house.Wiring`` is what one process shares: dispatchers, the roster, health and ledger. ``setup.Setup`` is one config
worked out, ``links`` what of it concerns one account's link, ``children`` makes of it the ordered list, sink first,
that the supervisor keeps alive. An actor's ref is known only to actors after it in the list, which is what makes
``rest_for_one`` right. Another config is another ``Setup`` and another list; the process stays.
"""

from actors.wiring.house import Wiring

__all__ = ["Wiring"]
