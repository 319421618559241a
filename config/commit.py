"""One new content of one config file on its way to the disk: drafted, judged, backed up, renamed, written down.

Runs under the writer's lock. Until the rename nothing has happened; after it the change has, and what still fails
(the audit log) is a warning.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config import audit, backups, changes
from config.checks import Check
from config.document import Broken, Document, real
from config.drafts import draft, private_folder, status, sweep, sync
from config.loading import Loaded
from config.paths import dotted
from config.places import Places
from config.redaction import MARKER
from config.refusals import WriteRefusedError, invalid, not_writable
from config.rehearsal import Rehearsal, rehearse

_LARGE = 512
"""Bytes of a file whose loss would be noticed (config-ops 1.6)."""

Expected = Callable[[Document], "str | None"]
"""Why a document is not what was meant; None when it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did, or would do in a dry run. Without `changed_paths` nothing had to be written.

    `file` is the one that changed, `backup` where its former content is. `digest` is that of all files now, as in
    `Loaded.digest`. `diff_lines` are redacted. `loaded` is the config as the gateway takes it now, `warnings` are its.
    `unrecorded` says why the change is not in the audit log.
    """

    file: Path
    digest: str
    changed_paths: tuple[str, ...] = ()
    diff_lines: tuple[str, ...] = ()
    backup: Path | None = None
    warnings: tuple[str, ...] = ()
    loaded: Loaded | None = None
    unrecorded: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A content for `file`, which is one of the files of `before`."""

    places: Places
    env: Mapping[str, str]
    further: Collection[Check]
    clock: Callable[[], float]
    before: Document | Broken
    file: Path
    actor: str

    def run(self, content: bytes, *, dry_run: bool, expected: Expected | None = None, guarded: bool = False) -> Outcome:
        """Write `content`. `guarded` refuses what looks like an accident. Raises `WriteRefusedError`."""
        target = real(self.file)
        try:
            old = _content(target)
            if not self._is_known(old):
                raise _conflict(self.file)
            self._refuse_stranger(target)
            private_folder(target.parent)
            for path in {target, *(real(part.path) for part in self.before.parts)}:
                sweep(path)
            candidate = draft(target, content, status(target))
            try:
                return self._judged(target, old, content, candidate, expected, dry_run=dry_run, guarded=guarded)
            finally:
                candidate.unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(self.file, error) from None

    def _judged(
        self,
        target: Path,
        old: bytes | None,
        content: bytes,
        candidate: Path,
        expected: Expected | None,
        *,
        dry_run: bool,
        guarded: bool,
    ) -> Outcome:
        found = rehearse(self.places, self.env, self.further, candidate, self.file, self.before.parts)
        if isinstance(found, list):
            raise invalid(self.file, found)
        wrong = expected(found.document) if expected is not None else None
        if wrong is not None:
            raise WriteRefusedError("ambiguous", wrong)
        if found.loaded.problems:
            raise invalid(self.file, found.loaded.problems)
        suspicious = self._suspicious(old, content, found.document)
        if suspicious and guarded:
            raise WriteRefusedError("shrink", f"{self.file}: {'; '.join(suspicious)}; if that is meant, force it")
        if MARKER.encode() in content and MARKER.encode() not in (old or b""):
            raise WriteRefusedError("marker", f"{self.file} would hold {MARKER} in the place of a secret")
        outcome = self._outcome(found)
        return outcome if dry_run else self._written(target, old, content, candidate, outcome, suspicious)

    def _outcome(self, found: Rehearsal) -> Outcome:
        paths: tuple[str, ...] = ("<root>",)
        lines: tuple[str, ...] = ("the former content could not be read",)
        if isinstance(self.before, Document):
            differing = list(changes.between(self.before.value, found.document.value))
            paths, lines = tuple(dotted(each.path) for each in differing), tuple(changes.shown(differing))
        loaded = found.loaded
        return Outcome(self.file, loaded.digest, paths, lines, warnings=loaded.warnings, loaded=loaded)

    def _written(
        self,
        target: Path,
        old: bytes | None,
        content: bytes,
        candidate: Path,
        outcome: Outcome,
        suspicious: tuple[str, ...],
    ) -> Outcome:
        backup = None if old is None else backups.keep(self.file, old)
        # As late as can be: an editor takes no lock, and what it saved must not be lost.
        if _content(target) != old or real(self.file) != target:
            raise _conflict(self.file)
        candidate.replace(target)
        unrecorded = None
        try:
            sync(target.parent)
            self._audit(old, content, outcome, suspicious)
        except OSError as error:
            unrecorded = f"the change is made, but not on record: {error.strerror or error}"
        return replace(outcome, backup=backup, unrecorded=unrecorded)

    def _audit(self, old: bytes | None, content: bytes, outcome: Outcome, suspicious: tuple[str, ...]) -> None:
        record = audit.Record(
            self.clock(),
            self.actor,
            "rename",
            self.places.config,
            file=self.file,
            paths=outcome.changed_paths,
            before=old,
            after=content,
            suspicious=suspicious,
        )
        audit.record(self.places, record)

    def _is_known(self, content: bytes | None) -> bool:
        """Whether this is what the file held when `before` was read; one that could not be read may hold anything."""
        seen = next((part.content for part in self.before.parts if part.path == self.file), None)
        return seen == content or (seen is None and isinstance(self.before, Broken))

    def _refuse_stranger(self, target: Path) -> None:
        """A replaced file would be ours, and 0600: its owner could read it no more."""
        found, user = status(target), os.geteuid()
        if found is not None and user not in {0, found.st_uid}:
            message = f"{self.file} belongs to user id {found.st_uid}, this is {user}: run this as that user"
            raise WriteRefusedError("read-only", message)

    def _suspicious(self, old: bytes | None, content: bytes, after: Document) -> tuple[str, ...]:
        """What hardly anybody means to do (config-ops 1.6)."""
        if old is None or not isinstance(self.before, Document):
            return ()
        found = []
        if len(old) >= _LARGE and 2 * len(content) < len(old):
            found.append(f"more than half of it would be gone ({len(old)} bytes, then {len(content)})")
        if _has_mode(self.before) and not _has_mode(after):
            found.append("gateway.mode would be gone, without which OpenClaw does not start")
        return tuple(found)


def _has_mode(found: Document) -> bool:
    block = found.root.get("gateway")
    return block is not None and block.get("mode") is not None


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _conflict(file: Path) -> WriteRefusedError:
    return WriteRefusedError("conflict", f"{file} was changed by somebody else meanwhile: look again, then repeat it")
