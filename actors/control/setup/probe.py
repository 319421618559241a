"""Whether what was set up works, asked once: in a running gateway that has these accounts, else from this process."""

from typing import Any, NamedTuple

from actors.control import channels
from actors.control.accounts import missed
from actors.control.client import ControlError, NotRunningError, request
from actors.control.reading import JournalReader
from actors.control.standalone import look
from config import Loaded, Places

MARGIN = 3.0
"""Seconds a gateway's answer may take beyond the probe itself."""


class Probed(NamedTuple):
    """The accounts as ``channels status`` shows them; whether a gateway runs, and whether it was the one asked."""

    accounts: list[dict[str, Any]]
    running: bool
    inside: bool


def probe(where: Places, loaded: Loaded) -> Probed:
    """Ask every account that is enabled; blocks for the ``probeTimeoutMs`` of each. Raises nothing."""
    running = True
    try:
        inside = _inside(where, loaded)
        if inside is not None:
            return Probed(inside, running, True)
    except NotRunningError:
        running = False
    except ControlError:
        pass
    return Probed(_from_here(where, loaded), running, False)


def _inside(where: Places, loaded: Loaded) -> list[dict[str, Any]] | None:
    """None: the gateway runs with another config. Raises ``NotRunningError``, ``ControlError``."""
    report = request(where, {"do": "channels"})
    theirs = {(one["id"], one["imsg"]["path"]) for one in report["accounts"] if one["enabled"]}
    ours = [(one.id, one.cli_path) for one in loaded.accounts if one.enabled]
    if not ours or theirs != set(ours):
        return None
    patience = report["patience"]
    found = [request(where, {"do": "probe", "account": name}, patience[name] + MARGIN) for name, _ in ours]
    return [one["account"] for one in found]


def _from_here(where: Places, loaded: Loaded) -> list[dict[str, Any]]:
    reading = JournalReader(where.journal).read()
    return [
        look(
            one,
            reading,
            where.journal,
            channels.number(one, loaded.accounts, reading.sources),
            missed(one, loaded),
        )
        for one in loaded.accounts
    ]
