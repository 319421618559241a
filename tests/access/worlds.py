"""Random rows, accounts and pairing snapshots: small worlds in which the rules meet each other often."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from actors.access.policy import Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Control, Inbound
from tests.access.builders import ANN, BEN, ECHO, OWN, config, row, view

AGENTS = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
GROUPS = {"family": {"type": "message.senders", "members": {"imessage": [ANN], "*": ["kim@x.com"]}}}
POSERS = ["chat_id:7", "accessGroup:family", "*", "", " ", "+1555\u200b2223333", "\uff0b15552223333", "MyBank"]

TRIGGERS = {"resetTriggers": ["/new", "start over", "/fresh"]}
SAID = ("Stop.", "claw, wait", "claw /new x", "start over", "@claw start over now", "/fresh")
"""Commands that are no slash text of a known command alone: from somebody who may give them."""
PEOPLE = st.sampled_from([ANN, BEN, OWN, "(555) 222-3333", "kim@x.com", "Kim@X.com", "262966", *POSERS])
ENTRY = st.sampled_from(
    [ANN, BEN, OWN, "KIM@x.com", "chat_id:7", "chat_id:8", "*", "", "(555) 222-3333", "chat_id:x", "accessGroup:family"]
)
ENTRIES = st.lists(ENTRY, max_size=4).map(tuple)
ROWS = st.builds(
    row,
    sender=PEOPLE,
    identifier=st.sampled_from([ANN, OWN]),
    own_handle=st.sampled_from([OWN, ""]),
    chat_id=st.sampled_from([7, 8, 0, -1]),
    group=st.booleans(),
    is_from_me=st.booleans(),
    is_reaction=st.booleans(),
    text=st.sampled_from(
        [
            "hello",
            "",
            " \n",
            "hi claw",
            "/status",
            "claw /new x",
            "/status now",
            "/config",
            "/allowlist list",
            "<think>",
            "/activation always",
            "/queue collect",
            *SAID,
        ]
    ),
)
ACCOUNTS = st.fixed_dictionaries(
    {
        "dm_policy": st.sampled_from(["pairing", "allowlist", "open", "disabled"]),
        "group_policy": st.sampled_from(["open", "allowlist", "disabled"]),
        "allow_from": ENTRIES,
        "group_allow_from": st.none() | ENTRIES,
        "groups": st.dictionaries(st.sampled_from(["7", "8", "*"]), st.none() | st.booleans(), max_size=2),
    }
)
COMMANDS = st.fixed_dictionaries(
    {"useAccessGroups": st.booleans()},
    optional={
        "ownerAllowFrom": ENTRIES,
        "allowFrom": st.dictionaries(st.sampled_from(["imessage", "*", "telegram"]), ENTRIES, max_size=2),
        "config": st.booleans(),
    },
)
HANDLES = st.frozensets(st.sampled_from([ANN, BEN, OWN]))
ALLOWED = st.builds(Allowed, HANDLES, st.booleans(), HANDLES)


class World:
    """One config, with what pairing says; ``but`` is the same with other keys of the account or of commands."""

    def __init__(self, keys: dict[str, Any], commands: dict[str, Any], allowed: Allowed) -> None:
        self.keys, self.commands, self.allowed = keys, commands, allowed
        self.view: AccessView = view(
            config(agents=AGENTS, accessGroups=GROUPS, commands=commands, session=TRIGGERS), **keys
        )

    def __repr__(self) -> str:
        return f"World({self.keys}, {self.commands}, {self.allowed})"

    def but(self, **changes: Any) -> World:
        """The same world with another ``allowed``, other ``commands``, or other keys of the account."""
        allowed, commands = changes.pop("allowed", self.allowed), changes.pop("commands", self.commands)
        return World({**self.keys, **changes}, commands, allowed)

    def admits(self, message: Inbound) -> bool:
        """Whether the message may speak to the agent, or command the gateway."""
        return isinstance(decide(message, self.view, self.allowed), Admit | Control)


WORLDS = st.builds(World, ACCOUNTS, COMMANDS, ALLOWED)
