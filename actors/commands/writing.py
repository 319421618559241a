"""The desk's hands: what a command wants of the config file is done here, by the one writer of that file.

In: edits, or how to make them from the document, and who wants them. Out: an ``Outcome``, or what is said instead.
Whatever is refused here is put on record, as the writer does with what it refuses itself. The last change is kept on
disk, so that it can be taken back, after a restart too, while nobody else has changed the file.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path as FilePath

from actors.commands import permission, undo
from actors.commands.answers import Answer, Refusal, unwritten
from actors.commands.config import UNDO_SECONDS
from actors.commands.view import Asked, DeskView
from config import audit
from config.document import Document
from config.steps import Edit
from config.writer import Outcome, WriteRefusedError

CONFLICTS = 5
"""How often a change is tried again while others write too."""

NOTHING = "Nothing to undo: no change by chat is known. At the computer: gateway config rollback --list"
_UNREADABLE = "Nothing to undo: what was kept for that cannot be read. At the computer: gateway config rollback --list"
_CHANGED = "Not undone: the config was changed since. At the computer: gateway config rollback --list"
_TOO_LATE = "Not undone: that was more than ten minutes ago. At the computer: gateway config rollback"


class Scribe:
    """Writes for the desk. ``wall`` is the clock's; for one thread."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._kept: Outcome | None = None
        """What would be taken back, where this one made it."""

    def read(self, view: DeskView) -> Document | Answer:
        """The config as it is written."""
        try:
            return view.writer.read()
        except WriteRefusedError as error:
            return Answer(unwritten(error).removeprefix("Not changed: "))

    def change(
        self, view: DeskView, asked: Asked, plan: Callable[[object], Sequence[Edit] | str]
    ) -> Outcome | Answer | Refusal:
        """Make the edits ``plan`` gives for the document, all of them or none. A text of it is said instead.

        A ``Refusal`` is on record when this returns; so is what the writer refused, which is an ``Answer``. What
        somebody else wrote in the same moment is looked at anew.
        """
        made = self._change(view, asked, plan)
        for _ in range(CONFLICTS):
            if not isinstance(made, WriteRefusedError):
                return made
            made = self._change(view, asked, plan)
        return Answer(unwritten(made)) if isinstance(made, WriteRefusedError) else made

    def _change(
        self, view: DeskView, asked: Asked, plan: Callable[[object], Sequence[Edit] | str]
    ) -> Outcome | Answer | Refusal | WriteRefusedError:
        """The same once; the error where another's change came first."""
        try:
            found = view.writer.read()
        except WriteRefusedError as error:
            return self.refused(view, asked, Refusal(unwritten(error), error.code))
        edits = plan(found.value)
        if isinstance(edits, str):
            return Answer(edits)
        refusal = permission.off_limits(found.value, edits) or _locks_out(found.value, edits, asked, view)
        if refusal is not None:
            return self.refused(view, asked, refusal, found.value)
        try:
            outcome = view.writer.change(edits, _actor(asked), found.digest)
        except WriteRefusedError as error:
            return error if error.code == "conflict" else Answer(unwritten(error))
        if outcome.changed_paths:
            self._keep(view, found, outcome, edits)
        return outcome

    def _keep(self, view: DeskView, found: Document, outcome: Outcome, edits: Sequence[Edit]) -> None:
        """Keep the change for ``undo``; where that fails there is none to take back."""
        self._kept = None
        before = next((part.content for part in found.parts if part.path == outcome.file), None)
        with suppress(OSError, ValueError):
            if before is None or outcome.backup is None:
                undo.forget(view.places.undo)
                return
            paths = tuple(edit.path for edit in edits)
            change = undo.Change(str(outcome.file), undo.digest(before), outcome.digest, paths, self._wall())
            undo.keep(view.places.undo, change)
            self._kept = outcome

    def undo(self, view: DeskView, asked: Asked) -> Outcome | Answer | Refusal:
        """Take the last change back, if that is what putting its backup back does. As ``change`` does, otherwise."""
        try:
            last = undo.read(view.places.undo)
        except (OSError, ValueError):
            return Answer(_UNREADABLE)
        if last is None:
            return Answer(NOTHING)
        refusal = permission.config_writes(asked, view, last.paths)
        if refusal is not None:
            return self.refused(view, asked, refusal)
        if abs(self._wall() - last.at) > UNDO_SECONDS:  # either way: a clock may be set back
            return self.refused(view, asked, Refusal(_TOO_LATE, "undo", last.paths))
        file = FilePath(last.file)
        try:
            if view.writer.read().digest != last.after or _newest_backup(view, file) != last.before:
                return self.refused(view, asked, Refusal(_CHANGED, "undo", last.paths))
            outcome = view.writer.rollback(1, _actor(asked), file, last.after)
        except WriteRefusedError as error:
            return Answer(unwritten(error).replace("Not changed", "Not undone", 1))
        with suppress(OSError):
            undo.forget(view.places.undo)
        return outcome

    def can_undo(self, outcome: Outcome) -> bool:
        """Whether ``outcome`` is what would be taken back."""
        return self._kept is outcome

    def refused(self, view: DeskView, asked: Asked, refusal: Refusal, document: object = None) -> Refusal:
        """Put a refusal on record; it is said all the same where that fails."""
        paths = audit.safe_paths(document, refusal.paths)
        entry = audit.Record(
            self._wall(), _actor(asked), "rejected", view.places.config, paths=paths, code=refusal.code
        )
        with suppress(OSError):
            audit.record(view.places, entry)
        return refusal


def _newest_backup(view: DeskView, file: FilePath) -> str | None:
    """The digest of it."""
    with suppress(OSError):
        return next((undo.digest(each.path.read_bytes()) for each in view.writer.backups(file)), None)
    return None


def _actor(asked: Asked) -> str:
    return f"chat:{asked.handle}"


def _locks_out(document: object, edits: Sequence[Edit], asked: Asked, view: DeskView) -> Refusal | None:
    account = view.account(asked.account)
    return permission.locks_out(document, edits, asked, None if account is None else account.region)
