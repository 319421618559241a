"""How several files become one document.

Included files and the keys beside `$include`: objects merge, lists are joined, everything else is replaced.
The overlay: objects merge and everything else, lists too, is replaced; only `agents.list` is matched entry by
entry on `id`, so that the overlay can say what runs for an agent of the main file. Overrides are replaced there, too:
they hold what is meant, whole.
"""

from __future__ import annotations

from config.ids import normalize_id
from config.tree import Node


def merge_include(base: Node, over: Node) -> Node:
    """`over` laid over `base`, as `$include` does."""
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        merged = dict(base.value)
        for key, node in over.value.items():
            merged[key] = merge_include(merged[key], node) if key in merged else node
        return over.with_value(merged)
    if isinstance(base.value, tuple) and isinstance(over.value, tuple):
        return over.with_value(base.value + over.value)
    return over


def merge_overrides(base: Node, over: Node) -> Node:
    """`over` laid over `base`, as what is set in memory is laid over all files."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge_overrides(merged[key], node) if key in merged else node
    return base.with_value(merged)


def merge_overlay(base: Node, over: Node, path: tuple[str, ...] = ()) -> Node:
    """`over` laid over `base`, as the gateway's own file is laid over the config file."""
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        merged = dict(base.value)
        for key, node in over.value.items():
            merged[key] = merge_overlay(merged[key], node, (*path, key)) if key in merged else node
        return base.with_value(merged)
    if path == ("agents", "list") and isinstance(base.value, tuple) and isinstance(over.value, tuple):
        return base.with_value(_merge_agents(base.value, over.value))
    return over


def _merge_agents(base: tuple[Node, ...], over: tuple[Node, ...]) -> tuple[Node, ...]:
    agents = list(base)
    places = {_agent_id(node): index for index, node in enumerate(base)}
    for node in over:
        index = places.get(_agent_id(node))
        if index is None or _agent_id(node) is None:
            agents.append(node)
        else:
            agents[index] = merge_overlay(agents[index], node, ("agents", "list", "*"))
    return tuple(agents)


def _agent_id(node: Node) -> str | None:
    found = node.get("id") if isinstance(node.value, dict) else None
    return normalize_id(found.value, "main") if found is not None and isinstance(found.value, str) else None
