"""What the imsg at the other end can do: one value per child, from its own words (imsg protocol 12.4, 12.9). Pure.

From 0.14 on imsg answers ``initialize`` with its version and methods. Older ones refuse that method; they ignore keys
they do not know, serve requests strictly one after the other, and tell their version only on the command line.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

STRICT = (0, 14)
"""From this version on unknown keys are refused, requests run in lanes, outcomes of sends are typed."""

SAFE = (0, 15, 8)
"""The oldest 0.14+ without a known security fault (imsg protocol 12.1)."""

OLDEST = (0, 5)
"""Before it groups are told apart wrongly (imsg protocol 1)."""

OLD_METHODS = frozenset({"chats.list", "messages.history", "watch.subscribe", "watch.unsubscribe", "send"})
"""What every imsg with ``rpc`` serves."""

READS = frozenset({"status", "message.send_status", "handles.check"})
CONTROL = frozenset(
    {"initialize", "watch.subscribe", "watch.unsubscribe", "bridge.events.subscribe", "bridge.events.unsubscribe"}
)
BUFFER_LIMIT = 4096
"""The most messages imsg keeps for a watch before it ends it (imsg protocol 12.7)."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


class Database(NamedTuple):
    """What 0.14+ says of its database: where it is, whether it can be read, else why not."""

    path: str = ""
    ready: bool = True
    error: str = ""


class Capabilities(NamedTuple):
    """``version`` is empty while unknown; ``methods`` are those usable now; ``strict`` means 0.14 or later.

    ``any_tapback``: any emoji may be a tapback, not only the six classic ones.
    """

    version: str = ""
    strict: bool = False
    methods: frozenset[str] = OLD_METHODS
    database: Database = Database()
    bridge: bool = False
    any_tapback: bool = False

    def can(self, method: str) -> bool:
        """Whether a method may be called."""
        return method in self.methods

    @property
    def tracked(self) -> bool:
        """Whether sends can carry a GUID of ours and be asked for by it later (imsg protocol 12.8)."""
        return self.can("send.tracked") and self.can("message.send_status")

    @property
    def generation(self) -> str:
        """Which releases it belongs with, for the operator."""
        number = parse_version(self.version)
        if self.strict:
            return "0.14+"
        if number is None:
            return "before 0.14"
        return "0.6 to 0.13" if number >= (0, 6) else "0.3 to 0.5"

    @property
    def advice(self) -> str:
        """Why another release would serve better; empty when there is nothing to say."""
        number = parse_version(self.version)
        if number is None:
            return ""
        if number < OLDEST:
            return f"imsg {self.version} does not tell groups from people: update it (brew upgrade imsg)"
        if STRICT <= number < SAFE:
            return f"imsg {self.version} has a security fault that 0.15.8 mends: update it (brew upgrade imsg)"
        return ""

    def lane(self, method: str) -> str:
        """Which queue of imsg a request waits in: one for all before 0.14, then reads, control and the rest."""
        if not self.strict:
            return "all"
        if method in CONTROL:
            return "control"
        return "read" if method in READS or method.startswith(("chats.list", "chats.get", "messages.")) else "mutation"


UNKNOWN = Capabilities()
"""Before anything was answered."""


def parse_version(text: str) -> tuple[int, ...] | None:
    """``(0, 15, 9)`` of ``0.15.9`` (more words around it are fine), None when there is none."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def from_initialize(result: Mapping[str, Any]) -> Capabilities:
    """What the answer to ``initialize`` or ``status`` says (0.14+)."""
    version, methods = result.get("version"), result.get("methods")
    database, bridge = result.get("database"), result.get("bridge")
    names = frozenset(name for name in methods if isinstance(name, str)) if isinstance(methods, list) else OLD_METHODS
    return Capabilities(
        version=version if isinstance(version, str) else "",
        strict=True,
        methods=names,
        database=_database(database) if isinstance(database, dict) else Database(),
        bridge=isinstance(bridge, dict) and bridge.get("ready") is True,
        any_tapback=_feature(result, "tapback.emoji") >= 2,
    )


def _feature(result: Mapping[str, Any], name: str) -> int:
    """The number a feature has among the capabilities (imsg protocol 12.4), 0 when it is not there."""
    capabilities = result.get("capabilities")
    features = capabilities.get("features") if isinstance(capabilities, dict) else None
    number = features.get(name) if isinstance(features, dict) else None
    return number if type(number) is int else 0


def _database(value: Mapping[str, Any]) -> Database:
    path, error = value.get("path"), value.get("error")
    if isinstance(error, dict):
        error = error.get("detail") or error.get("message")
    return Database(
        path if isinstance(path, str) else "", value.get("ready") is not False, error if isinstance(error, str) else ""
    )


def before_strict(version: str = "") -> Capabilities:
    """An imsg that does not know ``initialize``; ``version`` as its command line prints it, empty while unknown.

    A command line of 0.14 or later was installed after this child began, or the child is slow: it tells nothing of it.
    """
    number = parse_version(version)
    return Capabilities(version=".".join(map(str, number)) if number and number < STRICT else "")
