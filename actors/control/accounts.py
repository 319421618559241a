"""The accounts of a config as the reports see them: those that run, and those that do not, with the reason.

In: the loaded config, and what the wiring made of the enabled accounts. Pure.
"""

from collections.abc import Mapping

from actors.control.view import AccountView
from actors.rpc.health import LinkHealth, off
from config import Account, Loaded, sources
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
    reason = one.unavailable or DISABLED
    wanted = missed(one, loaded)
    remedy = f"set that right in {loaded.path} or the environment, then start the gateway again" if wanted else ""
    return AccountView(one.id, one.name, False, 0, one.cli_path, off(reason, remedy), wanted)


def missed(one: Account, loaded: Loaded) -> bool:
    """Whether it does not run although the config wants it to."""
    return one.unavailable is not None and not _switched_off(one, loaded) and not _replaced(one, loaded)


def _switched_off(one: Account, loaded: Loaded) -> bool:
    """Whether the config says ``enabled: false`` for it, whatever else keeps it from running."""
    channel = loaded.config.channels.imessage if loaded.config else None
    if channel is None or channel.enabled is False:
        return True
    return any(block.enabled is False and normalize_id(key, "") == one.id for key, block in channel.accounts.items())


def _replaced(one: Account, loaded: Loaded) -> bool:
    """Whether it is only implied by the channel's own ``cliPath``, and a named account does its work."""
    channel = loaded.config.channels.imessage if loaded.config else None
    named = {normalize_id(key, "") for key in channel.accounts} if channel else set()
    return one.id not in named and sources.of(one) in {sources.of(other) for other in loaded.accounts if other.enabled}
