"""``gateway sessions export``: transcripts to stdout or into a new private file, one session after the other.

A file is 0600 from its first byte and stays only when it is whole; one that is there already is left alone, without
``--force``.
"""

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from actors.control import sessions_export
from actors.control.cli.common import remark
from actors.control.cli.exits import OK, USAGE, VerbError

HELP = """\
Write the transcript of a session, or of all, as it is in the journal. Times are UTC.
jsonl: one JSON object a line, oldest first, in one of three kinds:
  {type: "turn", session, seq, agent, outcome: "replied"|"absorbed"|"failed", why, beganAt, endedAt, messages: [{seq, \
guid, sender, senderName, at, text, files, forgotten}], text, forgotten, model, inputTokens, outputTokens}: what was \
put before the agent together, and what it said
  {type: "renewal", session, at, why: "asked"|"daily"|"idle"|"operator"}: from here on the agent is not told what was \
said before
  {type: "message", session, seq, guid, sender, senderName, at, text, files, forgotten, outcome, why, endedAt}: a \
message in no turn: stopped, discarded, held, or (outcome null) not answered yet
  seq is the number of `gateway held` and `gateway explain`; files are MIME types; what is not known is null; \
forgotten: the words are gone, by age or purged.
markdown: a page to read.
"""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC

Session = tuple[Mapping[str, Any], Iterable[Mapping[str, Any]]]


def add_options(parser: argparse.ArgumentParser, key: str) -> None:
    """Which, how and where to; ``key`` is the help text of a session's key."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("key", metavar="KEY", nargs="?", help=key)
    which.add_argument("--all", action="store_true", help="all sessions, the latest first")
    parser.add_argument("--format", choices=sessions_export.FORMATS, default="jsonl", help="see above (jsonl)")
    parser.add_argument("--output", metavar="F", help="write into this file (0600), not to stdout")
    parser.add_argument("--force", action="store_true", help="in place of a file that is there")


def export(args: argparse.Namespace, found: Iterable[Session]) -> int:
    """Write these sessions, each as it is read. Raises ``VerbError``."""
    render = sessions_export.jsonl if args.format == "jsonl" else sessions_export.markdown
    if args.output is None:
        if args.force:
            raise VerbError("--force needs --output F", USAGE)
        for session, entries in found:
            for line in render(session, entries):
                print(line)
        return OK
    path = Path(args.output)
    count = 0
    try:
        with _opened(path, args.force) as file:
            for session, entries in found:
                file.writelines(f"{line}\n" for line in render(session, entries))
                count += 1
    except FileExistsError as error:
        raise VerbError(f"{path} is there already, and stays as it is: name another file, or --force") from error
    except OSError as error:
        raise VerbError(f"cannot write {path}: {error.strerror or error}") from error
    remark(f"{count} session{'' if count == 1 else 's'} written to {path}")
    return OK


@contextmanager
def _opened(path: Path, force: bool) -> Iterator[IO[str]]:
    """A new file, taken away where it is not finished; with ``force`` it takes the place of another in the end."""
    if force and path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp") if force else path
    descriptor = os.open(fresh, _NEW, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
        if force:
            fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
