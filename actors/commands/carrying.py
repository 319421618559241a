"""What the desk does with a command: asks the pure module of its name, and has the effect it wants.

In: an ``Asked`` and the view. Out: what is ``Done`` about it: words, or what other actors are asked for. The config
file is written here, by the ``Scribe``; every line that is logged names a command and a path, and never a value.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

from actors.commands import (
    allowlist,
    config,
    debug,
    listed,
    manual,
    overlaid,
    permission,
    restart,
    session,
    settings,
    status,
)
from actors.commands.answers import Answer, Refusal
from actors.commands.errands import Done, Enrolment, Errand
from actors.commands.parse import OF_A_SESSION
from actors.commands.status import Surroundings
from actors.commands.view import Asked, DeskView
from actors.commands.writing import Scribe
from actors.envelopes.control import Enrolled, Overruled
from config import audit
from config import paths as config_paths
from config.paths import Path, PathError
from config.steps import Edit
from config.writer import Outcome


class Clerk:
    """Carries commands out, one after the other. ``log`` takes one line, ``around`` says what else is known of a
    command's session and link.

    ``overrides`` is what of /debug lies over the config, as far as it is known.
    """

    def __init__(self, scribe: Scribe, log: Callable[[str], None], around: Callable[[Asked], Surroundings]) -> None:
        self._scribe = scribe
        self._log_line = log
        self._around = around
        self.overrides: Mapping[str, object] = {}

    def carry_out(self, asked: Asked, view: DeskView) -> Done:
        """Have the command's effect. Raises nothing that is expected; ``KeyError`` for a command of nobody here."""
        return _COMMANDS[asked.name](self, asked, view)

    def _config(self, asked: Asked, view: DeskView) -> str:
        match config.request(asked, view):
            case Answer(text):
                return text
            case Refusal() as refusal:
                return self._refused(asked, view, refusal)
            case config.Show(path):
                return self._show(asked, view, path)
            case config.Undo():
                undone = self._scribe.undo(view, asked)
                if not isinstance(undone, Outcome):
                    return self._unwritten(asked, "undo", undone)
                self._log(asked, "undo")
                return config.undone(undone, view, self._over(_parsed(undone.changed_paths)))
            case config.Change(edits):
                made = self._scribe.change(view, asked, lambda _: edits)
                if not isinstance(made, Outcome):
                    return self._unwritten(asked, "change", made)
                self._log(asked, "change", edits[0].path)
                over = self._over(edit.path for edit in edits)
                return config.changed(made, view, self._scribe.can_undo(made), over)

    def _show(self, asked: Asked, view: DeskView, path: Path) -> str:
        self._log(asked, "show", path)
        found = self._scribe.read(view)
        if isinstance(found, Answer):
            return found.text
        return config.shown(found.value, path, view.places.config.name, view.room(asked.account))

    def _debug(self, asked: Asked, view: DeskView) -> Done:
        overlay = debug.request(asked, view)
        if isinstance(overlay, Answer):
            return overlay.text
        if isinstance(overlay, Refusal):
            return self._refused(asked, view, overlay)
        found = self._scribe.read(view) if overlay.edits else None
        document = {} if found is None or isinstance(found, Answer) else found.value
        refusal = permission.off_limits(document, overlay.edits) or overlaid.people(document, overlay.edits)
        if refusal is not None:
            return self._refused(asked, view, refusal)
        self._log(asked, "reset" if overlay.reset else "overlay", *(edit.path for edit in overlay.edits))
        room = view.room(asked.account)

        def finish(answer: Overruled) -> str:
            return debug.told(overlay, answer.overrides, answer.problems, room)

        return Errand(overlay, finish, "/debug show")

    def _allowlist(self, asked: Asked, view: DeskView) -> Done:
        order = allowlist.request(asked, view)
        if isinstance(order, Answer):
            return order.text
        if isinstance(order, Refusal):
            return self._refused(asked, view, order)
        if order.verb == "list":
            self._log(asked, "list")
            finish = partial(listed.listing, order, view.config, room=view.room(asked.account))
            return _enrolling(order, "list", finish) if order.store else finish(None)
        done = listed.Done(order, view.config, tuple(view.accounts))
        if order.config:
            made = self._listed(asked, view, order)
            if not isinstance(made, listed.Done):
                return self._unwritten(asked, order.verb, made)
            done = made
        self._log(asked, order.verb)
        if order.store:
            return _enrolling(order, order.verb, done.told)
        # Whoever was taken off a list may be in by pairing all the same.
        looks = order.verb == "remove" and order.is_person
        return _enrolling(order, "list", done.told) if looks else done.told(None)

    def _listed(self, asked: Asked, view: DeskView, order: allowlist.Order) -> listed.Done | Answer | Refusal:
        """Change the config's lists."""
        lines: tuple[str, ...] = ()

        def edits(document: object) -> tuple[Edit, ...] | str:
            nonlocal lines
            plan = allowlist.plan(order, document, view.config)
            if isinstance(plan, str):
                return plan
            lines = plan.lines
            return plan.edits

        made = self._scribe.change(view, asked, edits)
        if not isinstance(made, Outcome):
            return made
        over = self._over(allowlist.place(order.account, key, view.config) for key in order.keys)
        done = listed.Done(order, view.config, tuple(view.accounts), lines, self._scribe.can_undo(made), over)
        if made.loaded is not None and made.loaded.config is not None:
            return done._replace(config=made.loaded.config, accounts=made.loaded.accounts)
        return done

    def _over(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """What is said of a change at ``paths`` that /debug lies over."""
        return overlaid.over(self.overrides, paths)

    def _restart(self, asked: Asked, view: DeskView) -> Done:
        wanted = restart.request(asked, view)
        if isinstance(wanted, Answer):
            return wanted.text
        self._log(asked, "now")
        return wanted

    def _help(self, asked: Asked, view: DeskView) -> Done:
        return manual.short(asked, view)

    def _commands(self, asked: Asked, view: DeskView) -> Done:
        return manual.whole(asked, view)

    def _status(self, asked: Asked, view: DeskView) -> Done:
        return status.status(asked, view, self._around(asked))

    def _whoami(self, asked: Asked, view: DeskView) -> Done:
        return status.whoami(asked, view)

    def _begin(self, asked: Asked, view: DeskView) -> Done:
        self._log(asked, "begin anew")
        return session.begin(asked, view)

    def _stop(self, asked: Asked, _view: DeskView) -> Done:
        self._log(asked, "stop")
        return session.stop(asked)

    def _set(self, asked: Asked, view: DeskView) -> Done:
        done = settings.request(asked, view, self._around(asked).standing)
        if isinstance(done, Errand):
            self._log(asked, "set")
        return done

    def _refused(self, asked: Asked, view: DeskView, refusal: Refusal) -> str:
        """Put a refusal of a pure module on record."""
        return self._unwritten(asked, "write", self._scribe.refused(view, asked, refusal))

    def _unwritten(self, asked: Asked, what: str, said: Answer | Refusal) -> str:
        code, paths = (said.code, said.paths) if isinstance(said, Refusal) else ("not written", ())
        self._log(asked, f"{what} refused ({code})", *paths)
        return said.text

    def _log(self, asked: Asked, what: str, *paths: Path) -> None:
        """A key that is no plain word may be a value in the wrong place, and is left out."""
        told = "".join(f" {path}" for path in audit.safe_paths({}, paths))
        self._log_line(f"/{asked.name}: {what}{told}, by ...{asked.handle[-4:]}")


def _parsed(paths: Iterable[str]) -> tuple[Path, ...]:
    """Paths of an outcome; it may say things in the place of one that are none."""
    found: list[Path] = []
    for path in paths:
        with suppress(PathError):
            found.append(config_paths.parse(path))
    return tuple(found)


def _enrolling(order: allowlist.Order, what: str, finish: Callable[[Enrolled], str]) -> Errand:
    handle = order.entry.value if what != "list" else ""
    return Errand(Enrolment(what, order.account.id, handle), finish, "/allowlist list")


_COMMANDS: dict[str, Callable[[Clerk, Asked, DeskView], Done]] = {
    "config": Clerk._config,
    "debug": Clerk._debug,
    "allowlist": Clerk._allowlist,
    "restart": Clerk._restart,
    "help": Clerk._help,
    "commands": Clerk._commands,
    "status": Clerk._status,
    "whoami": Clerk._whoami,
    "new": Clerk._begin,
    "reset": Clerk._begin,
    "stop": Clerk._stop,
    **dict.fromkeys(OF_A_SESSION, Clerk._set),
}
