"""Valid configs of several files, and what may happen to them: seeded, so that a failure can be had again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.access.builders import ANN, BEN

Path = tuple[str | int, ...]
MAIN = "openclaw.json"
AGENTS = {"list": [{"id": "main", "identity": {"name": "Clawd"}, "runtime": {"type": "echo"}}]}
POLICIES = {"dmPolicy", "groupPolicy"}
LISTS = {"allowFrom", "groupAllowFrom", "ownerAllowFrom"}
SECURITY = POLICIES | LISTS | {"groups"}
"""The keys that say who gets in."""


class Base(NamedTuple):
    """Files by name (the main one, includes beside it, `gateway/gateway.json5`), and variables."""

    files: dict[str, Any]
    env: Mapping[str, str] = MappingProxyType({})


BASES = {
    "lists": Base(
        {
            MAIN: {
                "agents": AGENTS,
                "commands": {"ownerAllowFrom": [ANN], "config": True},
                "channels": {
                    "imessage": {
                        "dmPolicy": "allowlist",
                        "allowFrom": [ANN, "chat_id:9"],
                        "groupPolicy": "allowlist",
                        "groupAllowFrom": [BEN],
                        "groups": {"42": {"requireMention": False}},
                    }
                },
            }
        }
    ),
    "shut": Base(
        {
            MAIN: {
                "agents": AGENTS,
                "channels": {
                    "defaults": {"groupPolicy": "open"},
                    "imessage": {
                        "dmPolicy": "disabled",
                        "groupPolicy": "disabled",
                        "allowFrom": [ANN],
                        "groupAllowFrom": [],
                        "groups": {"*": {"requireMention": True}, "42": {}},
                    },
                },
            }
        }
    ),
    "accounts": Base(
        {
            MAIN: {
                "agents": AGENTS,
                "accessGroups": {"us": {"type": "message.senders", "members": {"imessage": [BEN]}}},
                "commands": {"ownerAllowFrom": ["accessGroup:us"], "allowFrom": {"imessage": [BEN]}},
                "channels": {
                    "imessage": {
                        "allowFrom": [ANN],
                        "groups": {"43": {}},
                        "accounts": {
                            "a": {"dbPath": "/a", "dmPolicy": "allowlist", "allowFrom": ["accessGroup:us"]},
                            "b": {"dbPath": "/b", "groupPolicy": "disabled", "groupAllowFrom": [], "groups": {}},
                            "c": {"enabled": False, "dmPolicy": "open", "allowFrom": ["*"]},
                        },
                    }
                },
            }
        }
    ),
    "files": Base(
        {
            MAIN: {
                "$include": "agents.json5",
                "channels": {"imessage": {"$include": ["who.json5", "more.json5"], "region": "US"}},
            },
            "agents.json5": {"agents": AGENTS, "commands": {"ownerAllowFrom": ["${OWNER}"]}},
            "who.json5": {"dmPolicy": "${POLICY}", "allowFrom": ["${OWNER}"], "groupPolicy": "allowlist"},
            "more.json5": {"groupAllowFrom": ["imessage:${OWNER}"], "groups": {"42": {}}},
            "gateway/gateway.json5": {"channels": {"imessage": {"groups": {"42": {"requireMention": True}}}}},
        },
        {"OWNER": ANN, "POLICY": "allowlist"},
    ),
    "open": Base(
        {
            MAIN: {
                "agents": AGENTS,
                "channels": {
                    "imessage": {"dmPolicy": "open", "allowFrom": ["*"], "groupPolicy": "open", "groups": {"42": {}}}
                },
            }
        }
    ),
}

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 15552223333, 10**30, "", " ", "*", "open", "allowlist", "pairing", "x"),
    *("${OWNER}", "${NOPE}", "$${OWNER}", "chat_id:42", "\u200b", "a\u0000b", "~", "accessGroup:us", ANN, "tel:" + BEN),
    *(
        [],
        {},
        [[]],
        [{}],
        ["*"],
        [None],
        {"*": {}},
        {"4x": {}},
        {"$include": "more.json5"},
        {"$include": "nope"},
        {"a": {"b": []}},
    ),
)


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value inside one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from nodes(item, (*path, key))


def parent(value: Any, path: Path) -> Any:
    """The container that holds what stands at a path."""
    for key in path[:-1]:
        value = value[key]
    return value


def _pick(files: dict[str, Any], rng: Random, fits: Callable[[Path], bool]) -> tuple[Any, Any]:
    """A container and a key in it."""
    found = [(name, path) for name, value in files.items() for path in nodes(value) if fits(path)]
    name, path = rng.choice(found)
    return parent(files[name], path), path[-1]


def _is_security(path: Path) -> bool:
    return path[-1] in SECURITY


def delete(files: dict[str, Any], rng: Random) -> None:
    """Takes out a security key, or something in one."""
    holder, key = _pick(files, rng, lambda path: bool(SECURITY & set(path)))
    del holder[key]


def change(files: dict[str, Any], rng: Random) -> None:
    """Changes anything anywhere: other values, other keys, other places."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        holder, key = _pick(files, rng, lambda path: True)
        deed = rng.randrange(5)
        if deed == 0:
            del holder[key]
        elif deed == 1 and isinstance(holder, dict):
            holder[rng.choice([*sorted(SECURITY), "accounts", "enabled", "*", "043", "__proto__", "$include"])] = (
                holder.pop(key)
            )
        elif deed == 2:
            other, its = _pick(files, rng, lambda path: True)
            holder[key] = deepcopy(other[its])
        else:
            holder[key] = deepcopy(rng.choice(JUNK))
        if not all(any(nodes(value)) for value in files.values()):
            return


def spoil(files: dict[str, Any], rng: Random) -> None:
    """Makes a security key wrong: misspelt, of a wrong type, with a value that does not exist, or unset."""
    holder, key = _pick(files, rng, _is_security)
    deed = rng.randrange(4)
    if deed == 0:
        holder[_misspelt(str(key), rng)] = holder.pop(key)
    elif deed == 1:
        holder[key] = rng.choice((None, True, 5, 1.5, "${NOPE}", "x${NOPE}"))
    elif key in POLICIES:
        holder[key] = rng.choice((holder[key].upper(), f" {holder[key]}", "all", "", "*", [], {}, [holder[key]]))
    elif key in LISTS:
        holder[key] = rng.choice((", ".join(holder[key]), dict.fromkeys(holder[key]), "*", {"*": True}, [None], [True]))
        if rng.random() < 0.5:
            holder[key] = [*rng.choice(([15552223333], [[ANN]], [{"id": ANN}], [True], ["${NOPE}"], [None], [1.5]))]
    else:
        holder[key] = rng.choice(([], ["42"], "42", list(holder[key]), [{"42": {}}], {"42": None}, {"42": []}))


def _misspelt(key: str, rng: Random) -> str:
    at = rng.randrange(1, len(key))
    ways = (
        key[:at] + key[at + 1 :],
        key[:at] + key[at] + key[at:],
        key.upper(),
        re.sub("([A-Z])", r"_\1", key).lower() + "_",
        key + "s",
        key + " ",
        f"{key}\u200b",
    )
    return rng.choice([way for way in ways if way not in SECURITY])


def json5(value: Any, rng: Random) -> str:
    """One of the many ways to write a value: quotes, commas, comments, white space, numbers, escapes."""
    gap = rng.choice(("", " ", "\n", "\t", "\r\n", " // dmPolicy: open\n", "/* {allowFrom: ['*']} */", "//\n"))
    if rng.random() < 0.0005:
        gap = "\u00a0"  # only the reference parser reads that, and slowly
    if isinstance(value, dict):
        parts = [f"{gap}{_key(key, rng)}{gap}:{gap}{json5(item, rng)}" for key, item in value.items()]
        return "{" + ",".join(parts) + _comma(parts, rng) + gap + "}"
    if isinstance(value, list):
        parts = [f"{gap}{json5(item, rng)}" for item in value]
        return "[" + ",".join(parts) + _comma(parts, rng) + gap + "]"
    return _string(value, rng) if isinstance(value, str) else json.dumps(value)


def _comma(parts: list[str], rng: Random) -> str:
    return "," if parts and rng.random() < 0.5 else ""


def _key(key: str, rng: Random) -> str:
    return key if re.fullmatch(r"[A-Za-z_$]\w*", key, re.ASCII) and rng.random() < 0.6 else _string(key, rng)


def _string(text: str, rng: Random) -> str:
    if rng.random() < 0.1 and text:
        return '"' + f"\\u{ord(text[0]):04x}" + json.dumps(text[1:])[1:]
    if rng.random() < 0.4 and not set(text) & set("'\"\\\u200b\0"):
        return f"'{text}'"
    return json.dumps(text)


def shuffled(value: Any, rng: Random) -> Any:
    """The same with the keys of its objects in another order; accounts and agents keep theirs, which says something."""
    if isinstance(value, dict):
        keys = list(value)
        if "dbPath" not in str(value) or "channels" in value:
            rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


NOISE = [byte.encode() for byte in "{}[]:,'\"\\/*+-0159.eE \n$_azOp\u2028\u00e9"] + [b"\xff", b"\x00", b"\xef\xbb\xbf"]


def bruise(text: bytes, rng: Random) -> bytes:
    """The same text with some bytes lost, doubled, swapped, added, or cut off."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice((0, 1, 1, 2, 8, 30)))
        deed = rng.randrange(5)
        if deed == 0:
            text = text[:at] + text[to:]
        elif deed == 1:
            text = text[:to] + text[at:]
        elif deed == 2:
            text = text[:at] + rng.choice(NOISE) + text[to:]
        elif deed == 3:
            text = text[:at] + text[at:to][::-1] + text[to:]
        elif rng.random() < 0.2:
            text = text[:at]
    return text
