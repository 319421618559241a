"""The way from files to a `Loaded` config.

Read, parse, includes, the gateway's own overlay file, overrides, foreign keys out, variables in, schema, effective
accounts, checks across keys. Each step either goes on or ends with all the problems it found; nothing is
raised for bad input, and an invalid file never counts as an empty one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from config import checks, tree
from config.account import Account
from config.accounts import default_account, effective
from config.checks import Check
from config.dotenv import variables
from config.known import Sifted, sift
from config.paths import Path as Keys
from config.paths import dotted, parse
from config.places import Places
from config.problems import Problem, in_file_order
from config.reading import DEBUG, Reading, read_files
from config.schema import Config
from config.schema.logs import LEVELS
from config.trail import trails
from config.tree import Node
from config.validate import validate
from config.values import Values, fill


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config file as it was read at one moment.

    `config` is None exactly when there are `problems`; then `accounts` is empty. `path` is the main file,
    `files` everything that was read (main file, includes, overlay). `digest` is the SHA-256 of all their bytes
    in that order. `unresolved` maps dotted paths to the unset variables they refer to, and `unset` are these as
    problems, for those to whom they are. `watched` are the paths whose
    change can change any of this, there or not: main file, overlay, every include that is named, `.env` files, and the
    links on the way to them with what they lead to. `variables` are those a reference may name, by precedence: they
    hold secrets.
    """

    config: Config | None
    accounts: tuple[Account, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    path: Path
    digest: str
    files: tuple[Path, ...] = ()
    unresolved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unset: tuple[Problem, ...] = ()
    watched: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def default_account(self) -> Account | None:
        """The account that is meant where none is named."""
        return None if self.config is None else default_account(self.config, self.accounts)


def load(
    places: Places,
    env: Mapping[str, str],
    further: Collection[Check] = (),
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """The config at `places.config` with everything it needs from `env`. Never raises for bad input.

    `further` are checks this package cannot make itself; what they find refuses the file like any other problem.
    `overrides` are plain values in the shape of the file, laid over everything; problems in them name `DEBUG`.
    """
    reading = read_files(places, env, overrides or {})
    if reading.root is None:
        return _refused(places, reading, reading.problems, ())
    names, warnings = variables(env, places.dotenv, reading.root)
    sifted = sift(reading.root)
    filled = fill(sifted.root, names, places.home)
    warnings += _foreign(sifted)
    warnings += _unset(filled)
    document = _without_open(filled)
    config = validate(document)
    if reading.problems:
        found = reading.problems + _elsewhere(reading.broken, filled, config)
        return _refused(places, reading, found, warnings)
    if isinstance(config, list):
        found = _all_problems(config, document, filled, sifted, places, further)
        return _refused(places, reading, found, warnings)
    accounts, remarks = effective(config, filled.unresolved, places.home)
    across = checks.problems(config, accounts, filled.root, sifted.guards, filled.unresolved, further)
    found = filled.problems + across
    warnings += [*remarks, *checks.warnings(config, accounts, sifted.guards)]
    if found:
        return _refused(places, reading, found, warnings)
    return Loaded(
        config=_with_log_level(config, env, warnings),
        accounts=accounts,
        problems=(),
        warnings=tuple(dict.fromkeys(warnings)),
        path=places.config,
        digest=reading.digest,
        files=tuple(reading.files),
        unresolved={dotted(path): names for path, names in filled.unresolved.items()},
        unset=tuple(_unset_at(filled)),
        watched=trails((*reading.named, *places.dotenv)),
        variables=names,
    )


def _refused(places: Places, reading: Reading, found: list[Problem], warnings: Iterable[str]) -> Loaded:
    return Loaded(
        config=None,
        accounts=(),
        problems=in_file_order([_placed(problem) for problem in found]),
        warnings=tuple(dict.fromkeys(warnings)),
        path=places.config,
        digest=reading.digest,
        files=tuple(reading.files),
        watched=trails((*reading.named, *places.dotenv)),
    )


def _placed(problem: Problem) -> Problem:
    """Overrides have no lines."""
    return replace(problem, line=None, column=None) if problem.file == DEBUG else problem


def _foreign(sifted: Sifted) -> list[str]:
    """One line for all of them: a file that serves OpenClaw too may hold dozens."""
    return [f"not used by this gateway, ignored: {', '.join(sifted.ignored)}"] if sifted.ignored else []


def _unset(filled: Values) -> list[str]:
    return [
        f"{dotted(path)}: the environment variable {', '.join(names)} is not set"
        for path, names in filled.unresolved.items()
    ]


def _unset_at(filled: Values) -> Iterator[Problem]:
    """The same as problems with their places, for those to whom a missing variable is one."""
    for path, names in filled.unresolved.items():
        node = tree.find(filled.root, path).node
        message = f"the environment variable {', '.join(names)} is not set"
        yield node.source.problem(dotted(path), message, node.mark.start)


def _without_open(filled: Values) -> Node:
    """The document without channel values whose variables are unset: they cost their account, not the file."""
    root = filled.root
    for path in filled.unresolved:
        if path[:2] == ("channels", "imessage"):
            root = tree.without(root, path)
    return root


def _elsewhere(broken: Collection[Keys], filled: Values, config: Config | list[Problem]) -> list[Problem]:
    """What is wrong besides files that could not be read, where these cannot be the reason."""
    found = filled.problems + (config if isinstance(config, list) else [])
    paths = [parse(problem.path) for problem in found]
    return [
        problem
        for problem, path in zip(found, paths, strict=True)
        if not any(_words(path)[: len(place)] == _words(place) for place in broken)
    ]


def _words(path: Keys) -> tuple[str, ...]:
    """A path with its indexes as text, as `parse` reads those with dots."""
    return tuple(map(str, path))


def _all_problems(
    found: list[Problem],
    document: Node,
    filled: Values,
    sifted: Sifted,
    places: Places,
    further: Collection[Check],
) -> list[Problem]:
    """The schema's problems, and those across keys in the parts the schema accepts."""
    told = {problem.path for problem in filled.problems}
    problems = filled.problems + [problem for problem in found if problem.path not in told]
    removed = [tree.removable(document, parse(problem.path)) for problem in found]
    for path in removed:
        document = tree.without(document, path)
    config = validate(document)
    if isinstance(config, list):
        return problems
    accounts, _ = effective(config, filled.unresolved, places.home)
    if any(path and path[-1] in {"allowFrom", "dmPolicy", "accounts"} for path in removed):
        accounts = ()  # without the broken key their policies cannot be judged
    if any(path[:1] == ("accessGroups",) or path[-1:] == ("groupAllowFrom",) for path in removed):
        further = ()  # nor their lists
    return problems + checks.problems(config, accounts, filled.root, sifted.guards, filled.unresolved, further)


def _with_log_level(config: Config, env: Mapping[str, str], warnings: list[str]) -> Config:
    level = env.get("OPENCLAW_LOG_LEVEL", "").strip().lower()
    if not level:
        return config
    if level not in LEVELS:
        warnings.append(f"OPENCLAW_LOG_LEVEL: must be one of {', '.join(LEVELS)}; ignored")
        return config
    logging = config.logging.model_copy(update={"level": level, "console_level": level})
    return config.model_copy(update={"logging": logging})
