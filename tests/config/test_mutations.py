"""Ten thousand damaged configs: each loads or is reported with path and line, and none lets in more than it says."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import json5 as reference
import pytest

from actors.access.list_check import unusable_lists
from config import Loaded, Places, load
from tests.config import mutants
from tests.config.mutants import BASES, MAIN, Base
from tests.config.strictness import admitted, allowed_at_most

LONGEST = 2.0
"""Seconds of work one config may take."""

OVERLAY = "gateway/gateway.json5"


class Bench:
    """A folder to load configs from, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.places = Places.from_env({"HOME": str(folder)})
        self.places.gateway.mkdir(parents=True)
        self._written: set[str] = set()

    def load(self, files: Mapping[str, bytes], env: Mapping[str, str]) -> Loaded:
        """Loads these files and no others, in time, and looks at the report."""
        for name in self._written - files.keys():
            (self.places.state / name).unlink()
        self._written = set(files)
        for name, data in files.items():
            overwrite(self.places.state / name, data)
        with within(LONGEST):
            loaded = load(self.places, env, (unusable_lists,))
        assert (loaded.config is None) is bool(loaded.problems)
        for problem in loaded.problems:
            assert problem.path
            assert problem.message
            assert problem.line is not None
            written = files[MAIN if problem.file is None else str(Path(problem.file).relative_to(self.places.state))]
            assert 1 <= problem.line <= written.count(b"\n") + 1
            assert problem.column is not None
        return loaded


def overwrite(file: Path, data: bytes) -> None:
    """Writes a file in place: cutting it to nothing first costs a file system more than all the rest."""
    with open(file, "r+b" if file.exists() else "wb") as stream:
        stream.write(data)
        stream.truncate()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when the block works for longer."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"still at it after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("mutants")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # where no .env of the host is read
        yield Bench(folder)


def written(files: Mapping[str, Any], rng: Random) -> dict[str, bytes]:
    return {name: mutants.json5(value, rng).encode("utf-8", "surrogatepass") for name, value in files.items()}


def compact(files: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: json.dumps(value, separators=(",", ":")).encode() for name, value in files.items()}


def parsed(data: bytes) -> Any:
    """What a file holds, by the reference parser."""
    return reference.loads(data.decode("utf-8-sig"), allow_duplicate_keys=False)


def whole(values: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """The document of several files, put together by the rules of the page."""

    def merge(base: Any, over: Any, joins: bool = True) -> Any:
        if isinstance(base, dict) and isinstance(over, dict):
            return base | {key: merge(base[key], over[key], joins) if key in base else over[key] for key in over}
        return base + over if joins and isinstance(base, list) and isinstance(over, list) else over

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        if isinstance(value, str):
            return re.sub(r"\$(\$?)\{([A-Z_]+)\}", lambda m: m[0][1:] if m[1] else env.get(m[2], m[0]), value)
        if not isinstance(value, dict):
            return value
        beside = {key: fill(item) for key, item in value.items() if key != "$include"}
        names = value.get("$include", [])
        result: Any = None
        for name in [names] if isinstance(names, str) else names:
            part = fill(values[name])
            result = part if result is None else merge(result, part)
        return beside if result is None else merge(result, beside) if beside else result

    return dict(merge(fill(values[MAIN]), fill(values.get(OVERLAY, {})), joins=False))


part = pytest.mark.parametrize("part", [1], ids=["all"])
"""All of the ten thousand are judged each time."""


def cases(count: int, seed: int) -> Iterator[tuple[str, Base, Random]]:
    for number in range(count):
        name = sorted(BASES)[number % len(BASES)]
        yield f"{name} {seed}:{number}", BASES[name], Random(f"{seed}:{number}")


def intruders(loaded: Loaded, files: Mapping[str, Any], env: Mapping[str, str]) -> set[object]:
    """Who gets in although the files do not say so. Files that are bytes are read by the reference parser."""
    found = admitted(loaded)
    if not found:
        return set()
    values = {name: parsed(value) if isinstance(value, bytes) else value for name, value in files.items()}
    return set(found - allowed_at_most(whole(values, env)))


def test_the_bases_let_in_what_they_say_and_no_more(bench: Bench) -> None:
    for name, base in BASES.items():
        files = written(base.files, Random(0))
        loaded = bench.load(files, base.env)
        assert loaded.problems == (), name
        assert intruders(loaded, base.files, base.env) == set()
        assert bool(admitted(loaded)) is (name != "shut")


@part
def test_how_it_is_written_changes_nothing(part: int, bench: Bench) -> None:
    plain = {id(base): bench.load(written(base.files, Random(1)), base.env) for base in BASES.values()}
    for name, base, rng in cases(1500 // part, 1):
        loaded = bench.load(written(mutants.shuffled(base.files, rng), rng), base.env)
        expected = plain[id(base)]
        assert (loaded.config, loaded.accounts, loaded.problems) == (expected.config, expected.accounts, ()), name
        assert set(loaded.warnings) == set(expected.warnings), name


@part
def test_a_spoilt_security_key_lets_nobody_else_in(part: int, bench: Bench) -> None:
    before = {id(base): admitted(bench.load(written(base.files, Random(1)), base.env)) for base in BASES.values()}
    ends: Counter[bool] = Counter()
    for name, base, rng in cases(2500 // part, 2):
        files = deepcopy(base.files)
        mutants.spoil(files, rng)
        data = written(files, rng)
        loaded = bench.load(data, base.env)
        assert admitted(loaded) <= before[id(base)], (name, data)
        ends[loaded.config is None] += 1
    assert ends[True] > ends[False] > 50 / part


@part
def test_a_second_security_key_is_refused(part: int, bench: Bench) -> None:
    wider = {key: json.dumps("open") for key in mutants.POLICIES} | {"groups": "{}"}
    for name, base, rng in cases(500 // part, 3):
        data = {file: text.decode() for file, text in compact(base.files).items()}
        keys = [(file, at) for file, text in data.items() for at in re.finditer(r'"(\w+)":', text)]
        file, at = rng.choice([(file, at) for file, at in keys if at[1] in mutants.SECURITY])
        twin = f"{at[0]}{wider.get(at[1], json.dumps(['*']))}, "
        data[file] = data[file][: at.start()] + twin + data[file][at.start() :]
        loaded = bench.load({file: text.encode() for file, text in data.items()}, base.env)
        assert any("twice" in problem.message for problem in loaded.problems), (name, data)


@part
@pytest.mark.parametrize(("mutate", "count"), [(mutants.delete, 1000), (mutants.change, 2500)])
def test_a_changed_file_lets_in_only_whom_it_says(mutate: Any, count: int, part: int, bench: Bench) -> None:
    ends: Counter[bool] = Counter()
    for name, base, rng in cases(count // part, 4):
        files = deepcopy(base.files)
        mutate(files, rng)
        data = written(files, rng)
        loaded = bench.load(data, base.env)
        assert intruders(loaded, files, base.env) == set(), (name, data)
        ends[loaded.config is None] += 1
    assert min(ends[True], ends[False]) > count / part / 20


@part
def test_damaged_bytes_let_in_only_whom_they_say(part: int, bench: Bench) -> None:
    ends: Counter[bool] = Counter()
    for name, base, rng in cases(2000 // part, 5):
        data = written(base.files, rng) if rng.random() < 0.4 else compact(base.files)
        file = rng.choice(sorted(data))
        data[file] = mutants.bruise(data[file], rng)
        loaded = bench.load(data, base.env)
        assert intruders(loaded, data, base.env) == set(), (name, data)
        ends[loaded.config is None] += 1
    assert min(ends[True], ends[False]) > 50 / part
