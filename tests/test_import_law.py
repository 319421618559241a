"""The import law, read from the source: envelopes <- pure modules <- actors <- wiring <- control.

In: the imports of every module under ``actors/`` and ``config/``, by ``ast`` (also those inside functions and under
TYPE_CHECKING). Out: one line for each import that breaks the law, with file and line. Nothing is imported or run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Where a kind of module is known by its place: the first prefix that fits decides.
PLACES: tuple[tuple[str, str], ...] = (
    ("config", "config"),
    ("actors.envelopes", "envelopes"),
    ("actors.runtime.backoff", "pure"),
    ("actors.runtime", "runtime"),
    ("actors.wiring", "wiring"),
    ("actors.control", "control"),
    ("actors.simulator", "simulator"),
    # Modules that read, write, spawn or wait for the actor beside them. What is neither here nor an actor is pure.
    ("actors.rpc.pipes", "helper"),
    ("actors.rpc.claim", "helper"),
    ("actors.rpc.desk", "helper"),
    ("actors.rpc.errands", "helper"),
    ("actors.rpc.keeper", "helper"),
    ("actors.rpc.neighbours", "helper"),
    ("actors.rpc.openclaw", "helper"),
    ("actors.rpc.program", "helper"),
    ("actors.rpc.salvage", "helper"),
    ("actors.journal.belongings", "helper"),
    ("actors.journal.pruning", "helper"),
    ("actors.journal.purge", "helper"),
    ("actors.journal.schema", "helper"),
    ("actors.journal.store", "helper"),
    ("actors.journal.batch", "helper"),
    ("actors.journal.gate", "helper"),
    ("actors.journal.ledger", "helper"),
    ("actors.journal.offline", "helper"),
    ("actors.journal.queries", "helper"),
    ("actors.journal.replays", "helper"),
    ("actors.journal.stories", "helper"),
    ("actors.pairing.approval", "helper"),
    ("actors.pairing.document", "helper"),
    ("actors.pairing.files", "helper"),
    ("actors.pairing.guard_file", "helper"),
    ("actors.pairing.openclaw_state", "helper"),
    ("actors.pairing.owners", "helper"),
    ("actors.pairing.scratch", "helper"),
    ("actors.pairing.snapshot", "helper"),
    ("actors.pairing.store", "helper"),
    ("actors.commands.carrying", "helper"),
    ("actors.commands.writing", "helper"),
    ("actors.reload.house", "helper"),
    ("actors.reload.watcher", "helper"),
    ("actors.agents.factory", "helper"),
    ("actors.agents.command", "helper"),
    ("actors.agents.loop", "helper"),
    ("actors.agents.watchman", "helper"),
    ("actors.agents.acp.agent", "helper"),
    ("actors.agents.acp.client", "helper"),
    ("actors.agents.acp.pipes", "helper"),
    ("actors.agents.acp.process", "helper"),
    ("actors.agents.model.agent", "helper"),
    ("actors.agents.model.asking", "helper"),
    ("actors.agents.model.clients", "helper"),
    ("actors.journal.own_sessions", "helper"),
    ("actors.journal.owner", "helper"),
    ("actors.journal.recall", "helper"),
    ("actors.journal.retold", "helper"),
    ("actors.journal.session_list", "helper"),
    ("actors.journal.session_store", "helper"),
    ("actors.journal.standings", "helper"),
    ("actors.journal.transcripts", "helper"),
    ("actors.outbound.outbox", "helper"),
    ("actors.outbound.report", "helper"),
)

# What each kind may import of ours: a kind, or "kind:own" for that kind inside the same concern (folder) only.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "config": frozenset({"config"}),
    "envelopes": frozenset({"envelopes"}),
    "pure": frozenset({"envelopes", "pure", "config"}),
    "runtime": frozenset({"envelopes", "runtime", "pure:own"}),
    "helper": frozenset({"envelopes", "pure", "config", "runtime", "helper:own"}),
    "actor": frozenset({"envelopes", "pure", "config", "runtime", "helper:own", "actor:own"}),
    "wiring": frozenset({"envelopes", "pure", "config", "runtime", "helper", "actor", "wiring"}),
    "simulator": frozenset({"envelopes", "pure", "simulator"}),
    "control": frozenset(
        {"envelopes", "pure", "config", "runtime", "helper", "actor", "wiring", "simulator", "control"}
    ),
}

# What makes a module impure: mailboxes, clocks, threads, processes, files of record, logs.
IMPURE = frozenset(
    {
        "pykka",
        "sh",
        "loguru",
        "psutil",
        "time",
        "sched",
        "threading",
        "_thread",
        "concurrent",
        "queue",
        "asyncio",
    }
    | {"multiprocessing", "subprocess", "signal", "select", "selectors", "socket", "socketserver", "sqlite3"}
)
# Envelopes carry references to actors (reply_to, then), so they may name that one type.
NAMED_IN_ENVELOPES = frozenset({"pykka.ActorRef"})
CLOCK_READS = frozenset({"now", "utcnow", "today"})

ACTOR_BASE = "actors.runtime.actor.Actor"


@dataclass(frozen=True)
class Module:
    """One parsed source file: dotted name, whether it is a package's ``__init__``, its tree."""

    name: str
    is_package: bool
    tree: ast.Module

    @property
    def concern(self) -> str:
        """The folder under ``actors``: the unit an actor belongs to."""
        return ".".join(self.name.split(".")[:2])


@dataclass(frozen=True)
class Import:
    """One imported dotted name (``module`` or ``module.attribute``), the local name it gets, its line."""

    target: str
    local: str
    line: int


def parse(name: str, text: str, *, is_package: bool = False) -> Module:
    return Module(name, is_package, ast.parse(text, filename=name))


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module, relative ones made absolute, ``import_module("x")`` included."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(alias.name, alias.asname or alias.name, node.lineno)
            case ast.ImportFrom(module=source, names=names, level=level):
                parts = module.name.split(".")
                above = parts[: len(parts) - level + module.is_package] if level else []
                prefix = ".".join([*above, *([source] if source else [])])
                for alias in names:
                    yield Import(f"{prefix}.{alias.name}", alias.asname or alias.name, node.lineno)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(target)), *_],
            ):
                yield Import(target, target, node.lineno)


def actor_modules(modules: Mapping[str, Module]) -> set[str]:
    """Names of the modules that define an actor: a class that derives, through any steps, from ``Actor``."""
    bases: dict[str, set[str]] = {}
    for module in modules.values():
        known = {found.local: found.target for found in imports(module)}
        classes = [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
        known |= {node.name: f"{module.name}.{node.name}" for node in classes}
        for node in classes:
            names = bases.setdefault(f"{module.name}.{node.name}", set())
            for base in node.bases:
                text = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
                head, dot, rest = text.rpartition(".")
                names.add(known.get(head, head) + dot + rest if dot else known.get(text, text))
    actors = {ACTOR_BASE}
    while grown := {name for name, above in bases.items() if above & actors} - actors:
        actors |= grown
    return {name.rpartition(".")[0] for name in actors - {ACTOR_BASE}}


def kind_of(name: str, actors: set[str]) -> str:
    """The row of MAY_IMPORT a module stands in."""
    for prefix, kind in PLACES:
        if name == prefix or name.startswith(prefix + "."):
            return kind
    return "actor" if name in actors else "pure"


def violations(modules: Mapping[str, Module]) -> list[str]:
    """One line for each import or clock read that breaks the law."""
    actors = actor_modules(modules)
    found: list[str] = []
    for module in modules.values():
        kind = kind_of(module.name, actors)
        for one in sorted(imports(module), key=lambda one: one.line):
            reason = _forbidden(module, kind, one, modules, actors)
            if reason:
                found.append(f"{module.name}:{one.line}: {reason}")
        if kind in {"pure", "envelopes"}:
            found += [f"{module.name}:{line}: {kind} reads the clock" for line in _clock_reads(module)]
    return list(dict.fromkeys(found))


def _forbidden(module: Module, kind: str, one: Import, modules: Mapping[str, Module], actors: set[str]) -> str | None:
    top = one.target.partition(".")[0]
    if top == "tests":
        return "the product imports nothing from tests"
    if top not in {"actors", "config"}:
        impure = kind in {"pure", "envelopes"} and top in IMPURE
        named = kind == "envelopes" and one.target in NAMED_IN_ENVELOPES
        return f"{kind} imports {top}" if impure and not named else None
    target = one.target
    while target not in modules and "." in target:
        target = target.rpartition(".")[0]
    if target not in modules:
        return f"imports {one.target}, which is not there"
    other = kind_of(target, actors)
    own = modules[target].concern == module.concern
    if other in MAY_IMPORT[kind] or (own and f"{other}:own" in MAY_IMPORT[kind]):
        return None
    whose = " of another concern" if f"{other}:own" in MAY_IMPORT[kind] else ""
    return f"{kind} imports {target} ({other}{whose})"


def _clock_reads(module: Module) -> Iterator[int]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr, value=value)) if attr in CLOCK_READS:
                if ast.unparse(value).rpartition(".")[2] in {"datetime", "date"}:
                    yield node.lineno


def read_tree(root: Path) -> dict[str, Module]:
    """Every module under ``actors/`` and ``config/`` of a checkout."""
    modules: dict[str, Module] = {}
    for path in sorted([*root.glob("actors/**/*.py"), *root.glob("config/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules[name] = parse(name, path.read_text(encoding="utf-8"), is_package=is_package)
    return modules


def test_the_tree_keeps_the_import_law() -> None:
    modules = read_tree(ROOT)
    assert "actors.envelopes" in modules
    assert violations(modules) == []


# A small tree that keeps the law; each case plants one text in it.
LAWFUL = {
    "config.schema": "import json",
    "actors.envelopes.inbound": "from pykka import ActorRef",
    "actors.runtime.actor": "import pykka\nclass Actor(pykka.ThreadingActor): ...",
    "actors.runtime.backoff": "import random",
    "actors.access.policy": "from actors.envelopes.inbound import Inbound\nfrom config.schema import Access",
    "actors.access.controller": (
        "from actors.access import policy\nfrom actors.runtime.actor import Actor\nclass Controller(Actor): ..."
    ),
    "actors.journal.store": "import sqlite3\nfrom actors.envelopes.inbound import Inbound",
    "actors.journal.actor": (
        "from .store import Store\nfrom ..runtime import actor\nimport time\nclass Journal(actor.Actor): ..."
    ),
    "actors.wiring": "from actors.access.controller import Controller\nfrom actors.journal.actor import Journal",
    "actors.simulator.server": "import time",
    "actors.control.cli": "from actors import wiring\nfrom actors.simulator import server",
}

PLANTED = [
    (
        "actors.envelopes.facts",
        "from config.schema import Access",
        "envelopes imports config.schema (config)",
    ),
    (
        "actors.envelopes.facts",
        "import actors.access.policy",
        "envelopes imports actors.access.policy (pure)",
    ),
    ("actors.envelopes.facts", "from pykka import ThreadingActor", "envelopes imports pykka"),
    ("actors.access.handles", "import time", "pure imports time"),
    ("actors.access.handles", "from pykka import ActorRef", "pure imports pykka"),
    ("actors.access.handles", "def f():\n    from threading import Lock", ":2: pure imports threading"),
    ("actors.access.handles", "import concurrent.futures as cf", "pure imports concurrent"),
    ("actors.access.handles", "import datetime as d\nd.datetime.now()", ":2: pure reads the clock"),
    (
        "actors.access.handles",
        "from actors.runtime import actor",
        "pure imports actors.runtime.actor (runtime)",
    ),
    (
        "actors.access.handles",
        "from .controller import Controller",
        "imports actors.access.controller (actor)",
    ),
    ("actors.access.handles", "from ..journal.store import S", "pure imports actors.journal.store (helper)"),
    ("actors.journal.rows", "from actors import wiring", "pure imports actors.wiring (wiring)"),
    (
        "actors.journal.rows",
        "import importlib as i\ni.import_module('actors.control.cli')",
        ":2: pure imports",
    ),
    ("actors.journal.rows", "from tests.support import tools", "the product imports nothing from tests"),
    ("config.source", "from actors.envelopes import inbound", "config imports actors.envelopes.inbound"),
    ("actors.journal.store", "from .actor import Journal", "helper imports actors.journal.actor (actor)"),
    (
        "actors.pairing.registry",
        """
from actors.runtime.actor import Actor as Base
from actors.access.controller import Controller
class Registry(Base): ...""",
        ":3: actor imports actors.access.controller (actor of another concern)",
    ),
    (
        "actors.pairing.registry",
        "from actors.journal.actor import Journal\nclass Registry(Journal): ...",
        ":1: actor imports actors.journal.actor (actor of another concern)",
    ),
    (
        "actors.pairing.registry",
        """
import actors.runtime.actor
import actors.journal.store
class Registry(actors.runtime.actor.Actor): ...""",
        ":3: actor imports actors.journal.store (helper of another concern)",
    ),
    ("actors.runtime.supervisor", "from actors.access import policy", "runtime imports actors.access.policy"),
    ("actors.wiring", "import actors.control.cli", "wiring imports actors.control.cli (control)"),
    (
        "actors.simulator.server",
        "from actors.wiring import build",
        "simulator imports actors.wiring (wiring)",
    ),
]

PACKAGES = ("actors", "actors.access", "actors.runtime", "actors.journal", "actors.simulator")


def tree_with(name: str, text: str) -> dict[str, Module]:
    texts = {**dict.fromkeys(PACKAGES, ""), **LAWFUL, name: text}
    return {key: parse(key, value, is_package=key in PACKAGES) for key, value in texts.items()}


def test_a_lawful_tree_has_no_violations() -> None:
    assert violations(tree_with("config.other", "from config import schema")) == []


@pytest.mark.parametrize(("name", "text", "expected"), PLANTED)
def test_a_planted_violation_is_found(name: str, text: str, expected: str) -> None:
    found = violations(tree_with(name, text))
    assert len(found) == 1
    assert expected in found[0]
