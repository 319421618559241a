"""What the config would be with one file replaced, before it is.

The new text lies in a draft beside its file already, so what is read and judged here is the very file that will be
renamed into place. When it is an included file, drafts of the files that lead to it stand in for them, the same but
for the name after `$include`. Everything made here is removed again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from config import document as documents
from config.checks import Check
from config.document import Broken, Document, Part, includes, real, relinked
from config.drafts import draft
from config.loading import Loaded, load
from config.places import Places
from config.problems import Problem
from config.source import Source, parse_bytes
from config.trail import trails

_ROOTS = "OPENCLAW_INCLUDE_ROOTS"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out: the document as it would be, and how the gateway would take it."""

    document: Document
    loaded: Loaded


def rehearse(
    places: Places,
    env: Mapping[str, str],
    further: Collection[Check],
    candidate: Path,
    file: Path,
    parts: Collection[Part],
) -> Rehearsal | list[Problem]:
    """Reads and judges the config with `candidate` in the place of `file`; problems name the real files.

    `file` and `parts` are as in `Document.parts`. Raises `OSError` when a draft cannot be written.
    """
    with _stage(places, candidate, file, parts) as (stage, stands_for):
        seen = _with_root(env, places.config)
        found = documents.read(stage, seen)
        if isinstance(found, Broken):
            return [_renamed(problem, stands_for) for problem in found.problems]
        outside = _outside(found, places, env, stands_for)
        if outside:
            return outside
        loaded = load(stage, seen, further)
    problems = tuple(_renamed(problem, stands_for) for problem in loaded.problems)
    contents = {part.path: part.content for part in parts} | {file: candidate.read_bytes()}
    shown = [Part(stands_for.get(part.path, part.path), part.content) for part in found.parts]
    true = [Part(part.path, contents.get(part.path, part.content)) for part in shown]
    digest = documents.digest(part.content for part in true)
    files = tuple(part.path for part in true)
    watched = trails(stands_for.get(path, path) for path in loaded.watched)
    named = replace(loaded, problems=problems, path=places.config, files=files, digest=digest, watched=watched)
    return Rehearsal(found, named)


def imagine(
    places: Places, env: Mapping[str, str], candidate: Path, file: Path, parts: Collection[Part]
) -> Document | list[Problem]:
    """The config as it is written with `candidate` (beside `file`, such as a backup) in the place of `file`."""
    with _stage(places, candidate, file, parts) as (stage, stands_for):
        found = documents.read(stage, _with_root(env, places.config))
    return [_renamed(each, stands_for) for each in found.problems] if isinstance(found, Broken) else found


@contextmanager
def _stage(
    places: Places, candidate: Path, file: Path, parts: Collection[Part]
) -> Iterator[tuple[Places, dict[Path, Path]]]:
    """Places at which the candidate is what is read, and which real file each draft stands for."""
    sources = [_source(part, places) for part in parts]
    stand_ins = {real(file): candidate}
    made: list[Path] = []
    try:
        while (source := next(_leading(sources, stand_ins), None)) is not None:
            meant = real(source.path)
            path = draft(meant, relinked(source, stand_ins).encode(), None)
            made.append(path)
            stand_ins[meant] = path
        stage = replace(
            places,
            config=stand_ins.get(real(places.config), places.config),
            overlay=stand_ins.get(real(places.overlay), places.overlay),
        )
        named = {real(places.config): places.config, real(places.overlay): places.overlay}
        yield stage, {path: named.get(meant, meant) for meant, path in stand_ins.items()}
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _source(part: Part, places: Places) -> Source | None:
    found = parse_bytes(part.path, part.content, main=part.path == places.config, part=True)
    return None if isinstance(found, list) else found


def _leading(sources: Collection[Source | None], stand_ins: Mapping[Path, Path]) -> Iterator[Source]:
    """The files that include one which has a stand-in and have none themselves."""
    for source in sources:
        if source is None or real(source.path) in stand_ins:
            continue
        if any(include.file in stand_ins for include in includes(source)):
            yield source


def _with_root(env: Mapping[str, str], config: Path) -> dict[str, str]:
    """The folder of the file's name, too: a draft of a linked file lies in the folder of its target."""
    roots = [root for root in env.get(_ROOTS, "").split(os.pathsep) if root]
    return {**env, _ROOTS: os.pathsep.join((*roots, str(config.parent)))}


def _outside(found: Document, places: Places, env: Mapping[str, str], stands_for: Mapping[Path, Path]) -> list[Problem]:
    """Includes the draft may read and the file in its place could not."""
    roots = [real(Path(root)) for root in env.get(_ROOTS, "").split(os.pathsep) if root]
    roots += [real(places.config.parent), real(places.overlay.parent)]
    files = {part.path for part in found.parts} - stands_for.keys() - {places.config, places.overlay}
    return [
        Problem("<root>", f"{file} is outside the config folder: move it, or add its folder to {_ROOTS}")
        for file in sorted(files)
        if not any(file.is_relative_to(root) for root in roots)
    ]


def _renamed(problem: Problem, stands_for: Mapping[Path, Path]) -> Problem:
    message, file = problem.message, problem.file
    for path, meant in stands_for.items():
        message = message.replace(str(path), str(meant))
        file = str(meant) if file == str(path) else file
    return replace(problem, message=message, file=file)
