"""Putting the files of a set-up in their places: all of them, or nothing.

In: the text of the config file, the script for another Mac. Out: the files, 0600 and 0700, in folders that are 0700
when they are new. Whatever goes wrong on the way, Ctrl-C included, what was made is removed again. A file that is there
is never replaced.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from actors.control.config_file import CHECKS, writer
from config import Places, audit
from config.commit import Commit, Outcome
from config.document import Broken, read, real
from config.drafts import private_folder
from config.lockfile import PATIENCE, BusyError, locked
from config.refusals import WriteRefusedError, not_writable, unreadable

ACTOR = "setup"


@contextmanager
def new_folders_undone(*files: Path, always: bool = False) -> Iterator[None]:
    """On failure (or ``always``) folders that were made for ``files`` go again, as far as they are empty."""
    missing = {folder for file in files for folder in file.parents if not folder.exists()}
    undo = True
    try:
        yield
        undo = always
    finally:
        for folder in sorted(missing, key=lambda folder: len(folder.parts), reverse=True) if undo else ():
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def script_placed(path: Path, text: str) -> Iterator[None]:
    """A script is at ``path``, only its owner's, for the block; it stays when the block succeeds.

    One with the same text is used as it is. Raises ``WriteRefusedError`` when something else is there.
    """
    made = False
    try:
        try:
            private_folder(path.parent)
            made = _create(path, text.encode())
        except OSError as error:
            raise not_writable(path, error) from None
        yield
    except BaseException:
        if made:
            path.unlink(missing_ok=True)
        raise


def create(places: Places, env: Mapping[str, str], text: str, *, dry_run: bool = False) -> Outcome:
    """Write the config file where none is, judged as at a start. Raises ``WriteRefusedError``; then none is there."""
    file, content = real(places.config), text.encode()
    # Asks, without changing anything: is the config managed elsewhere, and can the gateway's own file be read?
    writer(places, env).change((), ACTOR, dry_run=dry_run)
    was_there = file.exists()
    try:
        with locked(file.with_name(f"{file.name}.lock")):
            before = read(places, env)
            if isinstance(before, Broken):
                raise unreadable(places.config, before.problems)
            if file.exists():
                raise WriteRefusedError("conflict", f"{places.config} is there already: run this again")
            commit = Commit(places, env, CHECKS, time.time, before, places.config, ACTOR)
            return commit.run(content, dry_run=dry_run)
    except BusyError as error:
        raise WriteRefusedError("busy", f"{error} for {PATIENCE:g} s: try again, or remove it") from None
    except OSError as error:
        raise not_writable(places.config, error) from None
    except BaseException:
        if not was_there:
            _take_back(file, content)
        raise


def touched(places: Places) -> tuple[Path, ...]:
    """The files whose folders a set-up may have to make."""
    return places.config, real(places.config), audit.path(places)


def _create(path: Path, content: bytes) -> bool:
    """Whether the file had to be made."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    except FileExistsError:
        if not path.is_file() or path.read_bytes() != content:
            message = f"{path} is there and is another script: to use it as it is, name it with --cli-path"
            raise WriteRefusedError("conflict", message) from None
        path.chmod(0o700)
        return False
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o700)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _take_back(file: Path, content: bytes) -> None:
    """Remove what this process just wrote, and nothing else."""
    with suppress(OSError):
        if file.read_bytes() == content:
            file.unlink()
