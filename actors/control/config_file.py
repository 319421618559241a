"""The config file as this gateway takes it: with the checks that only those who use its lists can make.

``CHECKS`` are those; ``load`` reads and ``writer`` changes the file with them, for the gateway and for every verb.
``cautions`` says what is legal in a valid file and probably not meant: at the start of the gateway, and to ``config
validate``.
"""

from collections.abc import Mapping
from typing import Final

from actors.access import cautions as access
from actors.access.list_check import unusable_lists
from actors.access.view import AccessView
from actors.pairing.store import PairingStore, StoreUnreadableError
from config import Check, Loaded, Places
from config import load as read
from config.writer import Writer

CHECKS: Final[tuple[Check, ...]] = (unusable_lists,)
"""What refuses a file besides what the config package finds itself."""


def load(places: Places, env: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Loaded:
    """The config at ``places.config``, with overrides on top. Never raises: what is wrong is in ``problems``."""
    return read(places, env, CHECKS, overrides)


def writer(places: Places, env: Mapping[str, str]) -> Writer:
    """The writer of the config at ``places.config``: what it writes is judged as ``load`` judges it."""
    return Writer(places, env, CHECKS)


def cautions(loaded: Loaded, places: Places) -> list[str]:
    """Entries and patterns of a valid file that are not used, what lets in more people, or fewer, than it seems, and
    what agents need that is not there.
    """
    if loaded.config is None:
        return []
    config = loaded.config
    pairs = [(one, AccessView.build(one, config)) for one in loaded.accounts if one.enabled]
    unused = [f"{path}: {why}" for _, view in pairs for path, why in view.problems]
    store = PairingStore(places.credentials, region_of={one.id: one.region for one in loaded.accounts}.get)
    paired = {account.id: _paired(store, account.id) for account, _ in pairs}
    lacking = access.of_agents(config, loaded.variables)
    return list(dict.fromkeys((*unused, *access.of_all(pairs, config, paired), *lacking)))


def _paired(store: PairingStore, account: str) -> frozenset[str]:
    """Whom pairing let in; files that cannot be read are somebody else's to report."""
    try:
        return store.allowed(account)
    except StoreUnreadableError:
        return frozenset()
