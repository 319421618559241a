"""Whatever the file holds: an answer, never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import json5
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import Loaded, Places, load
from config.known import CHANNELS, IGNORED
from config.positions import Mark, scan
from config.schema.channel import ImessageBlock
from config.source import Source, parse_bytes
from tests.config.pages import EXAMPLES
from tests.support.examples import examples

KEYS = sorted(
    {
        "channels",
        "imessage",
        "accounts",
        "agents",
        "list",
        "entries",
        "runtime",
        "type",
        "$include",
        "env",
        "vars",
    }
    | {"messages", "session", "commands", "gateway", "retention", "bindings", "match", "id", "*", "42", "bot"}
    | {info.alias or name for name, info in ImessageBlock.model_fields.items()}
    | IGNORED[()]
    | CHANNELS
)
TEXTS = st.sampled_from(
    ["*", "open", "allowlist", "echo", "command", "+1555", "${X}", "a.json5", "", "\ud800"]
) | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner, max_size=4),
    max_leaves=12,
)
FILES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
CHANNEL_FILES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5).map(
    lambda inside: {"channels": {"imessage": inside}, "agents": {"list": [inside]}}
)


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("config")
    (folder / ".openclaw" / "gateway").mkdir(parents=True)
    return Places.from_env({"HOME": str(folder)})


def loaded(places: Places, data: bytes) -> Loaded:
    places.config.write_bytes(data)
    result = load(places, {})
    assert (result.config is None) is bool(result.problems)
    assert result.config is not None or result.accounts == ()
    for problem in result.problems:
        assert str(problem).startswith("- ")
    return result


relaxed = settings(deadline=None, max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(data=st.binary(max_size=80))
def test_random_bytes(somewhere: Places, data: bytes) -> None:
    loaded(somewhere, data)


@relaxed
@given(text=st.text(st.sampled_from("{}[]:,'\"\\/*+-0x1eE.\n abNaInfinity$_\u2028"), max_size=40))
def test_random_punctuation(somewhere: Places, text: str) -> None:
    loaded(somewhere, text.encode())


@relaxed
@given(value=FILES | CHANNEL_FILES)
def test_random_structures(somewhere: Places, value: dict[str, object]) -> None:
    loaded(somewhere, json.dumps(value).encode())


@relaxed
@given(data=st.data())
def test_damaged_examples(somewhere: Places, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(sorted(set(EXAMPLES.values()))))
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 4))
    put = data.draw(st.text(st.sampled_from("{}[]:,'\"\\/*1a\n"), max_size=2))
    loaded(somewhere, (text[:at] + put + text[at + cut :]).encode())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@relaxed
@given(value=st.dictionaries(st.text(max_size=4), JSON_VALUES, max_size=3), indent=st.sampled_from([None, 2]))
def test_every_value_is_found_where_it_is_written(value: dict[str, object], indent: int | None) -> None:
    found = parse_bytes(Path("/x"), json.dumps(value, indent=indent).encode())
    assert isinstance(found, Source)
    assert found.value == value
    todo: list[tuple[object, Mark]] = [(found.value, found.root)]
    while todo:
        item, mark = todo.pop()
        assert json.loads(found.written(mark)) == item
        children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        todo.extend((child, mark.children[key]) for key, child in children)


@relaxed
@given(keys=st.lists(st.sampled_from(["a", "'a'", '"a"', '"\\u0061"', "b", '"b"']), min_size=1, max_size=4))
def test_the_scanner_and_the_parser_agree_on_duplicates(keys: list[str]) -> None:
    text = "{" + ",".join(f"{key}:1" for key in keys) + "}"
    try:
        json5.loads(text, allow_duplicate_keys=False)
        refused = False
    except ValueError:
        refused = True
    assert bool(scan(text).faults) is refused


@given(text=st.text(max_size=60))
def test_the_scanner_takes_any_text(text: str) -> None:
    scan(text)
