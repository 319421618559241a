"""From the JSON Schema of the models to one that fits the file as people write it. Pure.

Added: `$include` in every object and in the place of every list, `${VAR}` where a choice is asked for, and the keys of
OpenClaw that are read past (`config.known`). Taken out: titles, and `null`, which the file never holds.
"""

from __future__ import annotations

from typing import Any

from config.expand import INCLUDE
from config.known import GUARDS, IGNORED, Pattern

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: Schema = {
    "description": "A file to read in this place, or several: later ones win. Keys beside it win over theirs.",
    "type": ["string", "array"],
    "items": {"type": "string"},
}
_IN_PLACE: Schema = {
    "type": "object",
    "properties": {INCLUDE: {"$ref": "#/$defs/Include"}},
    "required": [INCLUDE],
    "additionalProperties": False,
}
_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{[A-Z_][A-Z0-9_]*\}"}
_FOREIGN = "Of another part of OpenClaw; this gateway does not use it."
_GUARD = "Restricts what an agent may do; this gateway does not enforce it."
_NOISE = ("title", "discriminator")


def for_editors(schema: Schema) -> Schema:
    """The schema pydantic gives for the whole file, made fit for editors."""
    definitions = {name: _fit(each) for name, each in schema.pop("$defs").items()}
    root = {
        "$schema": DIALECT,
        "title": "Configuration of the iMessage gateway",
        **_fit(schema),
        "$defs": definitions | {"Include": _FILES, "Included": _IN_PLACE},
    }
    for table, text in ((IGNORED, _FOREIGN), (GUARDS, _GUARD)):
        for pattern, keys in table.items():
            for block in _at(root, root, pattern):
                for key in sorted(keys):
                    block["properties"].setdefault(key, {"description": text})
    return root


def _fit(schema: Any) -> Any:
    """One schema and all inside it."""
    if isinstance(schema, list):
        return [_fit(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    fitted: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            fitted[key] = {name: _fit(each) for name, each in value.items()}
        elif key not in _NOISE:
            fitted["anyOf" if key == "oneOf" else key] = value if key in ("default", "enum", "const") else _fit(value)
    return _open(_without_null(fitted))


def _without_null(schema: Schema) -> Schema:
    found = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(found) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**found[0], **rest}
    return {**schema, "anyOf": found} if found else schema


def _open(schema: Schema) -> Schema:
    """Lets includes and variables stand where the file may hold them."""
    if "enum" in schema:
        choice = {"enum": schema.pop("enum")}
        schema.pop("type", None)
        return {"anyOf": [choice, _VARIABLE], **schema}
    if schema.get("type") == "array":
        notes: Schema = {key: schema.pop(key) for key in ("description", "default") if key in schema}
        return {"anyOf": [schema, {"$ref": "#/$defs/Included"}], **notes}
    if schema.get("type") == "object":
        properties = schema.setdefault("properties", {})
        properties[INCLUDE] = {"$ref": "#/$defs/Include"}
        needed = [*schema.pop("required", ()), *(key for key, each in properties.items() if "const" in each)]
        if needed:
            schema["anyOf"] = [{"required": sorted(set(needed))}, {"required": [INCLUDE]}]
    return schema


def _at(root: Schema, schema: Schema, pattern: Pattern) -> list[Schema]:
    """The object schemas a pattern leads to."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema and "properties" not in schema:
        return [found for each in schema["anyOf"] for found in _at(root, each, pattern)]
    if not pattern:
        return [schema] if "properties" in schema else []
    inner = schema.get("items") or schema.get("additionalProperties") if pattern[0] == "*" else None
    inner = inner or schema.get("properties", {}).get(pattern[0])
    return _at(root, inner, pattern[1:]) if isinstance(inner, dict) else []
