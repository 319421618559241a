"""The config file as this gateway takes it: with the checks that only those who use its lists can make.

``load`` is ``config.load`` with these checks, for the gateway and for every verb alike. ``cautions`` says what is legal
in a valid file and probably not meant: at the start of the gateway, and to ``config validate``.
"""

from collections.abc import Mapping

from actors.access import cautions as access
from actors.access.list_check import unusable_lists
from actors.access.view import AccessView
from actors.pairing.store import PairingStore, StoreUnreadableError
from config import Loaded, Places
from config import load as read


def load(places: Places, env: Mapping[str, str]) -> Loaded:
    """The config at ``places.config``. Never raises for bad input: what is wrong is in ``problems``."""
    return read(places, env, (unusable_lists,))


def cautions(loaded: Loaded, places: Places) -> list[str]:
    """Entries and patterns of a valid file that are not used, and what lets in more people, or fewer, than it seems."""
    if loaded.config is None:
        return []
    config = loaded.config
    pairs = [(one, AccessView.build(one, config)) for one in loaded.accounts if one.enabled]
    unused = [f"{path}: {why}" for _, view in pairs for path, why in view.problems]
    store = PairingStore(places.credentials, region_of={one.id: one.region for one in loaded.accounts}.get)
    paired = {account.id: _paired(store, account.id) for account, _ in pairs}
    return list(dict.fromkeys((*unused, *access.of_all(pairs, config, paired))))


def _paired(store: PairingStore, account: str) -> frozenset[str]:
    """Whom pairing let in; files that cannot be read are somebody else's to report."""
    try:
        return store.allowed(account)
    except StoreUnreadableError:
        return frozenset()
