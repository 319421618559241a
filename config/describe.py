"""The config file described: for people as help, for editors as JSON Schema.

`entries` tells every key with the text that stands below its field in `config.schema`, its default and its choices;
`json_schema` gives the same as JSON Schema (draft 2020-12). Whatever loads without a problem fits the schema; what
needs more than one key to judge, and texts that must be safe, only `gateway config validate` knows.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.account import Account
from config.json_schema import for_editors
from config.known import fits
from config.paths import Path
from config.schema import Config
from config.schema.channel import ImessageBlock
from config.schema.channel_parts import HealthMonitor, Markdown
from config.schema.walk import Pattern, is_block, variants, walk

_OF_ACCOUNTS = {info.name: info.default for info in fields(Account) if info.default is not MISSING}
_ELSEWHERE = {(Markdown, "tables"): "markdown_tables", (HealthMonitor, "enabled"): "health_monitor"}
"""Keys that stand deeper in the file than in an account."""


class Entry(NamedTuple):
    """One key. `pattern` holds `*` for any id or index; `default` is None where there is none."""

    pattern: Pattern
    text: str
    default: object
    choices: tuple[str, ...]
    is_secret: bool


def entries() -> Iterator[Entry]:
    """Every key of ours, each before those inside it; a key of several runtimes comes once for each."""
    for place, block, name, info in walk():
        types = variants(info.annotation)
        choices = tuple(choice for each in types if get_origin(each) is Literal for choice in get_args(each))
        yield Entry(place, text_of(block, name), default_of(block, name, info), choices, SecretStr in types)


def entry(path: Path) -> Entry | None:
    """What a path means; None for a key that is not ours, and for what only has an id or index of its own."""
    return next((each for each in entries() if fits(path, each.pattern)), None)


def text_of(block: type[BaseModel], name: str) -> str:
    """What people read about a field."""
    return next(texts[name] for each in block.__mro__ if name in (texts := _texts(each)))


def default_of(block: type[BaseModel], name: str, info: FieldInfo) -> object:
    """The value an absent key stands for, as the file would show it; None where there is none.

    The channel's keys have the defaults of the effective account. An account's have none: it inherits.
    """
    if any(map(is_block, variants(info.annotation))):
        return None
    if block is ImessageBlock or (block, name) in _ELSEWHERE:
        found = _OF_ACCOUNTS.get(_ELSEWHERE.get((block, name), name))
    else:
        found = None if info.is_required() or info.default_factory else info.default
    return list(found) if isinstance(found, tuple) else found


def json_schema() -> dict[str, Any]:
    """JSON Schema of the config file. Built anew on each call; a few hundred milliseconds."""
    schema = Config.model_json_schema(by_alias=True)
    definitions = {"": schema, **schema["$defs"]}
    blocks = {block.__name__: block for _, block, _, _ in walk()}
    for title, block in blocks.items():
        described = definitions["" if block is Config else title]
        described["description"] = " ".join((inspect.getdoc(block) or "").split())
        for name, info in block.model_fields.items():
            _describe(described["properties"][info.alias or name], block, name, info)
    return for_editors(schema)


def _describe(schema: dict[str, Any], block: type[BaseModel], name: str, info: FieldInfo) -> None:
    schema["description"] = text_of(block, name)
    schema.pop("default", None)
    default = default_of(block, name, info)
    if default is not None:
        schema["default"] = default


@cache
def _texts(block: type) -> dict[str, str]:
    """The texts below the fields of a class, read from its source: nobody pays for them at a start."""
    tree = _module(block.__module__)
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == block.__name__), [])
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


@cache
def _module(name: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[name]) if name.startswith("config.") else "")
