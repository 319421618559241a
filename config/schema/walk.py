"""The schema as a tree: which keys there are at which place, whatever the types are wrapped in. Pure.

Places are patterns: keys as the file has them, `*` for any id or index. The variants of a union share one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.schema.base import Reach
from config.schema.root import Config

Pattern = tuple[str, ...]


class Entry(NamedTuple):
    """One key: where it stands, the block it belongs to, its attribute there, and what pydantic knows of it."""

    pattern: Pattern
    block: type[BaseModel]
    name: str
    info: FieldInfo


def walk(annotation: Any = Config, pattern: Pattern = ()) -> Iterator[Entry]:
    """Every key of the schema, each before those inside it."""
    for variant in variants(annotation):
        if is_block(variant):
            for name, info in variant.model_fields.items():
                place = (*pattern, info.alias or name)
                yield Entry(place, variant, name, info)
                yield from walk(info.annotation, place)
        elif (item := item_of(variant)) is not None:
            yield from walk(item, (*pattern, "*"))


def variants(annotation: Any) -> list[Any]:
    """The types a value may have, without None and annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return variants(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [variant for part in get_args(annotation) for variant in variants(part)]
    return [] if annotation in (None, NoneType) else [annotation]


def child(container: Any, key: int | str) -> Any:
    """The type of what stands under a key or index of a type; None where nothing may."""
    if is_block(container):
        fields = container.model_fields.items()
        return next((info.annotation for name, info in fields if (info.alias or name) == key), None)
    return item_of(container)


def item_of(container: Any) -> Any:
    """The type of the items of a map or list type; None for other types."""
    arguments = get_args(container)
    if get_origin(container) is dict:
        return arguments[1]
    return arguments[0] if get_origin(container) is tuple else None


def reach_of(info: FieldInfo) -> Reach | None:
    """What a key's value reaches, as its type says: the farthest of several. None where it says nothing."""
    return max(_reaches((*info.metadata, info.annotation)), key=lambda reach: reach is not Reach.NOTHING, default=None)


def takes_text(annotation: Any) -> bool:
    """Whether a value of a type is free text, or a list or map of such."""
    return any(
        kind is str or (item_of(kind) is not None and takes_text(item_of(kind))) for kind in variants(annotation)
    )


def _reaches(parts: Iterable[Any]) -> Iterator[Reach]:
    """The marks among the parts of a type, blocks not gone into."""
    for part in parts:
        if isinstance(part, Reach):
            yield part
        else:
            yield from _reaches(get_args(part))


def is_block(variant: Any) -> bool:
    """Whether a type is a block with named keys."""
    return isinstance(variant, type) and issubclass(variant, BaseModel)
