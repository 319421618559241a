"""The accounts of a config as the reports see them: those that run, and those that do not, with the reason.

In: the loaded config, and what the wiring made of the enabled accounts. Pure.
"""

from collections.abc import Mapping

from actors.control.view import AccountView
from actors.rpc.health import LinkHealth, off
from config import Account, Loaded
from config.accounts import OWN_DATABASE
from config.ids import normalize_id

DISABLED = "disabled in the config"


def account_views(
    loaded: Loaded, sources: Mapping[str, int], health: Mapping[str, LinkHealth]
) -> tuple[AccountView, ...]:
    """All accounts, in the config's order. ``sources`` and ``health`` are by id, for the enabled ones."""
    return tuple(
        AccountView(
            one.id,
            one.name,
            True,
            sources[one.id],
            one.cli_path,
            health[one.id],
            patience=one.probe_timeout_ms / 1000,
        )
        if one.enabled
        else _off(one, loaded)
        for one in loaded.accounts
    )


def _off(one: Account, loaded: Loaded) -> AccountView:
    reason, remedy = why_not(one)
    is_missed = missed(one, loaded)
    if remedy:
        remedy += "; a running gateway takes the file as it is saved"
    elif is_missed:
        remedy = f"set that right in {loaded.path}, or in the environment of the gateway and start it again"
    return AccountView(one.id, one.name, False, 0, one.cli_path, off(reason, remedy), is_missed)


def why_not(one: Account) -> tuple[str, str]:
    """Why an account does not run, and what helps where the config knows."""
    reason = one.unavailable or DISABLED
    return (reason.removesuffix(f": {OWN_DATABASE}"), OWN_DATABASE) if _replaced(one) else (reason, "")


def missed(one: Account, loaded: Loaded) -> bool:
    """Whether it does not run although the config wants it to."""
    return one.unavailable is not None and wanted(one, loaded) and not _replaced(one)


def wanted(one: Account, loaded: Loaded) -> bool:
    """Whether the config enables it, even if something keeps it from running."""
    return not _switched_off(one, loaded)


def _switched_off(one: Account, loaded: Loaded) -> bool:
    """Whether the config says ``enabled: false`` for it, whatever else keeps it from running."""
    channel = loaded.config.channels.imessage if loaded.config else None
    if channel is None or channel.enabled is False:
        return True
    return any(block.enabled is False and normalize_id(key, "") == one.id for key, block in channel.accounts.items())


def _replaced(one: Account) -> bool:
    """Whether another account reads its database, so that its messages are answered all the same."""
    return one.unavailable is not None and one.unavailable.endswith(OWN_DATABASE)
