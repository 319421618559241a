"""Rules of the house that no linter knows, read from the source by ``ast``.

In: every Python file of the checkout. Out: one line for each breach, with file and line. Nothing is imported or run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300


class Rule(NamedTuple):
    """What is forbidden, where it is looked for, where it is allowed all the same, and how it is seen."""

    name: str
    where: tuple[str, ...]
    except_in: tuple[str, ...]
    breaches: Callable[[ast.Module, str], Iterator[int]]


def _asks(tree: ast.Module, _text: str) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="ask")):
                yield node.lineno


def _swallowed(tree: ast.Module, _text: str) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler(type=kind, body=body) if _is_broad(kind) and all(map(_is_nothing, body)):
                yield node.lineno
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds) if any(
                map(_is_broad, kinds)
            ):
                yield node.lineno


def _is_broad(kind: ast.expr | None) -> bool:
    match kind:
        case None | ast.Name(id="Exception" | "BaseException"):
            return True
        case ast.Tuple(elts=kinds):
            return any(map(_is_broad, kinds))
    return False


def _is_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _sleeps_in_actors(tree: ast.Module, _text: str) -> Iterator[int]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.ClassDef) and any(_is_actor(base) for base in node.bases)):
            continue
        for inner in ast.walk(node):
            match inner:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr="sleep") | ast.Name(id="sleep")):
                    yield inner.lineno


def _is_actor(base: ast.expr) -> bool:
    name = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
    return name.endswith("Actor")


def _stops_everything(tree: ast.Module, _text: str) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr="stop_all" | "broadcast"):
                if owner == "ActorRegistry":
                    yield node.lineno


def _too_long(_tree: ast.Module, text: str) -> Iterator[int]:
    if text.count("\n") > LONGEST:
        yield LONGEST + 1


RULES = (
    Rule("actors tell, they never ask", ("actors", "config"), ("actors/control",), _asks),
    Rule("a failure is never swallowed", ("actors", "config", "tests", ".ci"), (), _swallowed),
    Rule("an actor never sleeps", ("actors",), (), _sleeps_in_actors),
    Rule("nobody stops or tells all actors at once", ("actors",), (), _stops_everything),
    Rule(f"a module has at most {LONGEST} lines", ("actors", "config"), (), _too_long),
)


def applies(rule: Rule, path: str) -> bool:
    """Whether ``rule`` looks at the file ``path`` (relative to the checkout, with slashes)."""
    file = PurePosixPath(path)
    return any(map(file.is_relative_to, rule.where)) and not any(map(file.is_relative_to, rule.except_in))


def breaches(path: str, text: str) -> list[str]:
    """One line for each breach in one file."""
    tree = ast.parse(text, filename=path)
    return [
        f"{path}:{line}: {rule.name}" for rule in RULES if applies(rule, path) for line in rule.breaches(tree, text)
    ]


def test_the_tree_keeps_the_house_rules() -> None:
    files = [file for folder in ("actors", "config", "tests", ".ci") for file in ROOT.glob(f"{folder}/**/*.py")]
    assert len(files) > 10
    found = [
        line
        for file in sorted(files)
        for line in breaches(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]
    assert found == []


PLANTED = [
    ("actors/access/controller.py", "x = 1\nref.ask(x, timeout=1)", ":2: actors tell, they never ask"),
    ("config/source.py", "self.ref.ask(1)", ":1: actors tell, they never ask"),
    ("actors/rpc/pump.py", "try:\n    f()\nexcept Exception:\n    pass", ":3: a failure is never swallowed"),
    ("actors/rpc/pump.py", "try:\n    f()\nexcept:\n    ...", ":3: a failure is never swallowed"),
    (
        ".ci/x.py",
        "try:\n    f()\nexcept (OSError, Exception) as e:\n    'why'",
        ":3: a failure is never swallowed",
    ),
    (
        "tests/a.py",
        "for _ in y:\n    try:\n        f()\n    except BaseException:\n        continue",
        ":4: a failure",
    ),
    (
        "tests/a.py",
        "from contextlib import suppress\nwith suppress(Exception):\n    f()",
        ":2: a failure is never",
    ),
    (
        "actors/a/b.py",
        "class B(Actor):\n    def go(self):\n        time.sleep(1)",
        ":3: an actor never sleeps",
    ),
    (
        "actors/a/b.py",
        "class B(actor.Actor[int]):\n    def go(self):\n        sleep(1)",
        ":3: an actor never sleeps",
    ),
    ("actors/control/cli/run.py", "ActorRegistry.stop_all()", ":1: nobody stops or tells all actors at once"),
    ("actors/wiring.py", "f = pykka.ActorRegistry.broadcast", ":1: nobody stops or tells all actors at once"),
    ("config/schema/a.py", "x = 1\n" * (LONGEST + 1), ":301: a module has at most 300 lines"),
]

ALLOWED = [
    ("actors/control/client.py", "ref.ask(1, timeout=2)"),
    ("tests/access/test_controller.py", "ref.ask(1, timeout=2)\nActorRegistry.stop_all()"),
    ("actors/rpc/pump.py", "try:\n    f()\nexcept OSError:\n    pass"),
    ("actors/rpc/pump.py", "try:\n    f()\nexcept Exception as e:\n    report(e)"),
    ("actors/rpc/pump.py", "def wait():\n    time.sleep(1)"),
    ("actors/a/b.py", '"""Never call ref.ask() or ActorRegistry.stop_all()."""'),
    ("config/schema/a.py", "x = 1\n" * LONGEST),
]


@pytest.mark.parametrize(("path", "text", "expected"), PLANTED)
def test_a_planted_breach_is_found(path: str, text: str, expected: str) -> None:
    found = breaches(path, text)
    assert len(found) == 1
    assert found[0].startswith(path + expected)


@pytest.mark.parametrize(("path", "text"), ALLOWED)
def test_lawful_text_passes(path: str, text: str) -> None:
    assert breaches(path, text) == []
