"""The one way in which this gateway changes the config file, whoever asks: the command line, a chat, a wizard.

Edits come in, an `Outcome` or a `WriteRefusedError` goes out. Under a lock the files are read again, the text of the
one file concerned is patched into a draft beside it, the draft is read and judged as the gateway would at its start,
and only then renamed into place, after a backup. So the file is whole at every moment, the old one or the new one; a
symlink stays one; nothing that would not load is ever written. Each change leaves a line in the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace as with_
from pathlib import Path

from config import audit, backups, document, edit, steps
from config.changes import same
from config.checks import Check
from config.commit import Commit, Outcome
from config.document import Broken, Document, real
from config.dotenv import variables
from config.drafts import private_folder
from config.locating import AmbiguousError, Spot, locate
from config.lockfile import PATIENCE, BusyError, locked
from config.paths import dotted
from config.places import Places
from config.refusals import WriteRefusedError, not_writable, unreadable
from config.rehearsal import imagine
from config.steps import Edit

__all__ = ["Outcome", "WriteRefusedError", "Writer"]

_MANAGED = ("OPENCLAW_NIX_MODE", "OPENCLAW_CONFIG_READONLY")


class Writer:
    """Changes the config at `places`. `further` are the checks `load` is given, `clock` tells epoch seconds."""

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        further: Collection[Check] = (),
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._places = places
        self._env = env
        self._further = further
        self._clock = clock
        self._patience = patience

    def read(self) -> Document:
        """The config as it is written now. Raises `WriteRefusedError` (`unreadable`) with all problems."""
        found = document.read(self._places, self._env)
        if isinstance(found, Broken):
            raise unreadable(self._places.config, found.problems)
        return found

    def change(
        self,
        edits: Sequence[Edit],
        actor: str,
        expected: str | None = None,
        *,
        dry_run: bool = False,
        replace: bool = False,
        force: bool = False,
    ) -> Outcome:
        """Make the edits, all of them or none.

        `expected` is the digest of what the caller saw: anything else now is a conflict. Objects merge unless
        `replace`; `force` lets through what looks like an accident. A dry run does all but the writing. Raises
        `WriteRefusedError`; the files then are as they were.
        """
        before = None
        try:
            self._refuse_managed()
            refused = steps.refusal(edits)
            if refused is not None:
                raise WriteRefusedError(*refused)
            with self._locked():
                before = self.read()
                self._refuse_changed(before, expected)
                return self._change(before, edits, actor, dry_run=dry_run, replace=replace, force=force)
        except WriteRefusedError as error:
            if not dry_run:
                value = before.value if before is not None else {}
                self._audit_refusal(error, actor, audit.safe_paths(value, [each.path for each in edits]))
            raise

    def rollback(
        self,
        number: int = 1,
        actor: str = "cli",
        file: Path | None = None,
        expected: str | None = None,
        *,
        dry_run: bool = False,
    ) -> Outcome:
        """Put back backup `number` (1 is the newest) of `file`, the main file when None, by the same way.

        What is there now becomes a backup first, so a rollback can be rolled back. `expected` is as in `change`.
        Raises `WriteRefusedError`.
        """
        try:
            self._refuse_managed()
            with self._locked():
                found = document.read(self._places, self._env)
                self._refuse_changed(found, expected)
                name = self._known(file, found)
                content = self._backup(name, number).read_bytes()
                return self._commit(found, name, actor).run(content, dry_run=dry_run)
        except WriteRefusedError as error:
            if not dry_run:
                self._audit_refusal(error, actor, ())
            raise

    def earlier(self, number: int = 1, file: Path | None = None) -> Document:
        """The config with backup `number` in the place of `file`, the main file when None. Changes nothing.

        Raises `WriteRefusedError` when there is no such backup or it cannot be read.
        """
        found = document.read(self._places, self._env)
        name = self._known(file, found)
        backup = self._backup(name, number)
        try:
            earlier = imagine(self._places, self._env, backup, name, found.parts)
        except OSError as error:
            raise not_writable(name, error) from None
        if isinstance(earlier, list):
            raise unreadable(backup, earlier)
        return earlier

    def backups(self, file: Path | None = None) -> list[backups.Backup]:
        """The backups of a file of this config, the newest first. Raises `WriteRefusedError` for any other file."""
        return backups.listed(self._known(file, document.read(self._places, self._env)))

    def _change(
        self, before: Document, edits: Sequence[Edit], actor: str, *, dry_run: bool, replace: bool, force: bool
    ) -> Outcome:
        names, _ = variables(self._env, self._places.dotenv, before.root)
        try:
            made = steps.concrete(edits, before.root, names, self._places.home, replace=replace)
            if not made:
                return Outcome(file=self._places.config, digest=before.digest)
            spots = [locate(before, each.path) for each in made]
            content = _patched(before, made, spots)
            wanted = steps.applied(before.value, made)
        except edit.NotThereError as error:
            raise WriteRefusedError("absent", str(error)) from None
        except edit.CannotEditError as error:
            raise WriteRefusedError("path", str(error)) from None
        except AmbiguousError as error:
            raise WriteRefusedError("ambiguous", str(error)) from None

        def expected(after: Document) -> str | None:
            sides = (steps.pruned(side, made) for side in (after.value, wanted))
            paths = ", ".join(dotted(each.path) for each in made)
            return None if same(*sides) else f"{paths} would not get this value: another file has a part in it"

        commit = self._commit(before, spots[0].file, actor)
        return commit.run(content, dry_run=dry_run, expected=expected, guarded=not force)

    def _commit(self, before: Document | Broken, file: Path, actor: str) -> Commit:
        return Commit(self._places, self._env, self._further, self._clock, before, file, actor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        file = real(self._places.config)
        lock = file.with_name(f"{file.name}.lock")
        try:
            private_folder(lock.parent)
            with locked(lock, self._patience):
                yield
        except BusyError as error:
            raise WriteRefusedError("busy", f"{error} for {self._patience:g} s: try again, or remove it") from None
        except OSError as error:
            raise not_writable(self._places.config, error) from None

    def _refuse_changed(self, found: Document | Broken, expected: str | None) -> None:
        if expected is not None and (isinstance(found, Broken) or found.digest != expected):
            raise WriteRefusedError("conflict", f"{self._places.config} was changed meanwhile: look again")

    def _refuse_managed(self) -> None:
        for name in _MANAGED:
            if self._env.get(name, "").strip().lower() in {"1", "true", "yes", "on"}:
                raise WriteRefusedError("read-only", f"{name} is set: the config is managed elsewhere, change it there")

    def _known(self, file: Path | None, found: Document | Broken) -> Path:
        """The name under which a file belongs to this config; its last part will do."""
        if file is None:
            return self._places.config
        known = (self._places.config, *(part.path for part in found.parts), self._places.overlay)
        same_file = (path for path in known if real(path) == real(file))
        same_name = (path for path in known if path.name == file.name and not file.exists())
        name = next(same_file, None) or next(same_name, None)
        if name is None:
            raise WriteRefusedError("path", f"{file} is no file of this config")
        return name

    def _backup(self, file: Path, number: int) -> Path:
        for backup in backups.listed(file):
            if backup.number == number:
                return backup.path
        raise WriteRefusedError("absent", f"{file} has no backup {number}: see gateway config rollback --list")

    def _audit_refusal(self, error: WriteRefusedError, actor: str, paths: tuple[str, ...]) -> None:
        refused = audit.Record(
            self._clock(),
            actor,
            "failed" if error.code in {"io", "busy"} else "rejected",
            self._places.config,
            paths=paths,
            code=error.code,
        )
        with suppress(OSError):  # the refusal is what the caller needs to hear
            audit.record(self._places, refused)


def _patched(before: Document, made: Sequence[Edit], spots: Sequence[Spot]) -> bytes:
    """The new content of the one file all edits are in."""
    files = sorted({str(spot.file) for spot in spots})
    if len(files) > 1:
        raise AmbiguousError(f"these keys stand in {' and '.join(files)}: change them one at a time")
    local = [with_(each, path=spot.keys) for each, spot in zip(made, spots, strict=True)]
    return edit.apply(before.text(spots[0].file), local).encode()
