"""What the verbs that read and change the config share: the writer, paths as typed, refusals as lines."""

import argparse
import os
import sys
from pathlib import Path

from actors.control.cli.common import remark
from actors.control.cli.exits import ERROR, USAGE, VerbError
from actors.control.config_file import writer as writer_of
from actors.runtime.logs import visible
from config import Places
from config.paths import Path as Keys
from config.paths import PathError, dotted, typed
from config.writer import Writer, WriteRefusedError


def writer(where: Places) -> Writer:
    """The writer of the config file in use, with the checks a start makes."""
    return writer_of(where, os.environ)


def keys(text: str | None) -> Keys:
    """The path a person typed; () for none. Raises ``VerbError``, which repeats nothing behind an equals sign."""
    try:
        return typed(text or "")
    except PathError as error:
        path, equals, value = (text or "").partition("=")
        why = str(error).replace(text or "", f"{path}=...") if equals and value else str(error)
        raise VerbError(why, USAGE) from error


def named_file(args: argparse.Namespace) -> Path | None:
    """The file ``--file`` names."""
    return Path(args.file).expanduser().absolute() if args.file else None


def refuse(error: WriteRefusedError, path: Keys = ()) -> int:
    """Say why nothing was written at ``path``, every problem on its line; the exit code."""
    remark(str(error))
    for problem in error.problems:
        print(visible(str(problem)), file=sys.stderr)
    if path and error.problems and not any(problem.path.startswith(dotted(path)) for problem in error.problems):
        remark("settings that belong together go in at once: gateway config set PATH '{ key: value, other: value }'")
    return ERROR
