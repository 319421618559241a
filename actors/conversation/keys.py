"""Session keys: the names under which conversations are kept, always in lower case.

In: agent id, scope, account id, canonical handle or chat id. Out: the key (mission page for ``main`` and groups,
``session.dmScope`` for the rest). Agent and account ids arrive normalised.
"""

from actors.access.handles import ascii_lower

CHANNEL = "imessage"


def main_key(agent: str) -> str:
    """The one session all direct chats of an agent share by default."""
    return f"agent:{agent}:main"


def group_key(agent: str, chat_id: int) -> str:
    """A group's own session."""
    return f"agent:{agent}:{CHANNEL}:group:{chat_id}"


def is_group(session: str) -> bool:
    """Whether a session is that of a group. An account may be called so, too."""
    parts = session.split(":", 4)
    return parts[2:4] == [CHANNEL, "group"] and not parts[-1].startswith("direct:")


def direct_key(agent: str, scope: str, account: str, peer: str) -> str:
    """A direct chat's session; ``scope`` is ``session.dmScope``, ``peer`` a canonical handle or a linked name.

    An unknown scope, or a blank peer, means the main session.
    """
    peer = ascii_lower(peer.strip())
    if not peer:
        return main_key(agent)
    match scope:
        case "per-peer":
            return f"agent:{agent}:direct:{peer}"
        case "per-channel-peer":
            return f"agent:{agent}:{CHANNEL}:direct:{peer}"
        case "per-account-channel-peer":
            return f"agent:{agent}:{CHANNEL}:{account}:direct:{peer}"
        case _:
            return main_key(agent)
