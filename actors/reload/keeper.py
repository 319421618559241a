"""The ConfigKeeper: reads the config when its files changed, and has a valid one taken by all whom it concerns.

Told ``Tick("changed")`` by the watcher, ``Overrule`` by the command desk; tells the journal to ``Number`` databases and
the supervisor to ``Recast`` the children. Files count when they have been still for ``gateway.reload.debounceMs``. What
cannot be used changes nothing but the ``ConfigState``, which says so; what is valid and equal changes nothing. One
config is taken at a time; what changes meanwhile is looked at afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.envelopes.control import Listen, Number, Numbered, Overrule, Overruled, Ref, Tick
from actors.reload.house import House, Watching
from actors.reload.overrides import leaves
from actors.reload.stamps import Stamp, stamps
from actors.reload.state import ConfigState
from actors.reload.watcher import Watcher
from actors.runtime.actor import Actor, Context
from actors.runtime.child import Recast, Recasted
from config import Config, Loaded, changes

LOOK_SECONDS = 2.0
"""Between looks at the files besides what the watcher says."""
LONGEST_SECONDS = 10.0
"""What is waited at most for files to be still, whatever the config says: nobody means to wait for hours."""
RELEASE_SECONDS = 10.0
"""After so long the child of an account that is gone, or reads another database, has ended."""
KEEP_SECONDS = 2.0
"""After so long a start, or a change, went well: the config is kept as the last good one."""
GONE_LOOKS = 3
"""How often a file that was there is looked for again before it counts as gone: some editors remove it first."""
SHOWN_PATHS = 8


class ConfigKeeper(Actor):
    """``loaded`` is what the gateway runs with, over the databases numbered ``sources``; ``state`` is written here."""

    def __init__(
        self,
        context: Context,
        house: House,
        loaded: Loaded,
        sources: Mapping[str, int],
        state: ConfigState,
        journal: Ref,
        desk: Ref | None = None,
        watcher: Callable[[Callable[[], None]], Watching] = Watcher,
    ) -> None:
        super().__init__(context)
        self._house = house
        self._loaded = loaded
        self._sources = sources
        self._state = state
        self._journal = journal
        self._desk = desk
        self._watcher = watcher(self._saw)
        self._watched = loaded.watched
        self._seen = stamps(self._watched)
        self._settling = False
        self._there = _present(self._seen)
        self._missed = 0
        self._next: Loaded | None = None
        """The config that is being taken."""
        self._wanted: Mapping[str, object] | None = None
        """The overrides that come with it."""
        self._again = False
        self._waiting: list[Overrule] = []

    def on_start(self) -> None:
        """Watch. After a restart of this actor the files are looked at: they may have changed meanwhile."""
        self.tell(self._desk, Listen(self.actor_ref))
        self._house.taken(self._loaded, self._sources)
        self._watcher.watch(self._watched)
        self._later(LOOK_SECONDS, "look")
        self._later(KEEP_SECONDS, "keep", self._loaded)
        if self.context.generation > 1:
            self._changed()

    def on_receive(self, message: Any) -> None:
        match message:
            case Tick("changed"):
                self._changed()
            case Tick("settle"):
                self._settle()
            case Tick("look"):
                self._look()
            case Tick("keep", loaded):
                self._keep(loaded)
            case Tick("release") if self._next is None:
                self._house.release()
            case Tick("reload"):
                self._read(asked=True)
            case Overrule():
                self._overrule(message)
            case Numbered(sources):
                self._exchange(dict(sources))
            case Recasted():
                self._taken(message)

    def _saw(self) -> None:
        """On the watcher's thread, perhaps after the end of this actor."""
        self.tell(self.actor_ref, Tick("changed"))

    def _later(self, seconds: float, what: str, subject: Any = None) -> None:
        self.clock.after(seconds, self.actor_ref, Tick(what, subject))

    def _look(self) -> None:
        if stamps(self._watched) != self._seen:
            self._changed()
        self._later(LOOK_SECONDS, "look")

    def _changed(self) -> None:
        """Wait until the files are still."""
        if not self._settling:
            self._settling = True
            self._seen = stamps(self._watched)
            self._later(self._debounce(), "settle")

    def _debounce(self) -> float:
        return min(max(0.05, _config(self._loaded).gateway.reload.debounce_ms / 1000), LONGEST_SECONDS)

    def _settle(self) -> None:
        seen = stamps(self._watched)
        moved, self._seen = seen != self._seen, seen
        self._missed = self._missed + 1 if self._there - _present(seen) else 0
        if moved or 0 < self._missed < GONE_LOOKS:
            self._later(self._debounce(), "settle")
            return
        self._settling, self._missed, self._there = False, 0, _present(seen)
        self._read()

    def _read(self, *, asked: bool = False) -> None:
        """Look at the files. ``asked``: somebody wants what they say, whatever ``gateway.reload.mode`` says."""
        if self._next is not None:
            self._again = True
            return
        loaded = self._house.load(self._house.overrides)
        self._watch(loaded)
        problems = self._problems(loaded)
        if problems:
            self._refuse(problems)
        else:
            self._consider(loaded, "hybrid" if asked else _config(self._loaded).gateway.reload.mode)

    def _watch(self, loaded: Loaded) -> None:
        """Also what a config names that is refused: mending an included file must be seen."""
        watched = tuple(dict.fromkeys((*self._loaded.watched, *loaded.watched)))
        if set(watched) != set(self._watched):
            self._watched = watched
            # One that is new here may have changed since it was read.
            self._changed()
        self._watcher.watch(watched)

    def _problems(self, loaded: Loaded) -> tuple[str, ...]:
        """Why a config is not taken. At a start a missing variable costs its account; here it takes nothing away."""
        lost = (problem for problem in loaded.unset if problem.path not in self._loaded.unresolved)
        return tuple(map(str, loaded.problems or lost))

    def _refuse(self, problems: tuple[str, ...]) -> None:
        if self._state.refused(problems, self.clock.wall()):
            self.log.error("{} was changed and cannot be used; the config from before stays:", self._state.path)
            for problem in problems:
                self.log.error("{}", problem)

    def _consider(self, loaded: Loaded, mode: str) -> None:
        if self._state.problems:
            self.log.info("{} can be used again", loaded.path)
        config, before = _config(loaded), _config(self._loaded)
        paths = changes.diff(before, config)
        if not paths and not changes.accounts(self._loaded.accounts, loaded.accounts):
            # Comments, spaces, another way to write the same.
            self._loaded = loaded
            self._note_taken(loaded)
        elif mode == "off":
            self._state.problems, self._state.refused_at = (), None
            self._state.pending = "gateway.reload.mode is off"
            self.log.warning("{} was changed and is not taken before the next start: {}", loaded.path, _shown(paths))
        elif mode == "restart":
            self.log.info("{} was changed: starting over ({})", loaded.path, _shown(paths))
            self._house.restart()
        else:
            self._begin(loaded)

    def _begin(self, loaded: Loaded, overrides: Mapping[str, object] | None = None) -> None:
        """Take a config, ``overrides`` being what lies over it from then on (None: what does already)."""
        self._next, self._wanted = loaded, overrides
        self.tell(self._journal, Number(self._house.names(loaded), self.actor_ref))

    def _exchange(self, sources: Mapping[str, int]) -> None:
        if self._next is not None:
            self._sources = sources
            children = self._house.children(self._next, sources)
            self.tell(self.context.supervisor, Recast(children, self.actor_ref))

    def _taken(self, message: Recasted) -> None:
        loaded, self._next = self._next, None
        if loaded is None:
            return
        before, self._loaded = self._loaded, loaded
        if self._wanted is not None:
            self._house.overrides = self._wanted
            self._state.overrides = tuple(sorted(leaves(self._wanted)))
        self._house.taken(loaded, self._sources)
        self._later(RELEASE_SECONDS, "release")
        paths = changes.diff(_config(before), _config(loaded))
        self.log.info("the config is taken: {}{}", _shown(paths), _whom(message))
        self._note_taken(loaded)
        self._take_up()

    def _take_up(self) -> None:
        """What came while a config was taken."""
        waiting, self._waiting = self._waiting, []
        if self._again:
            self._again = False
            self._read()
        for asked in waiting:
            self._overrule(asked)

    def _note_taken(self, loaded: Loaded) -> None:
        self._state.took(loaded.digest, self.clock.wall())
        self._later(KEEP_SECONDS, "keep", loaded)

    def _keep(self, loaded: Loaded) -> None:
        """What is in use for a while is the last good config."""
        if loaded is not self._loaded or self._state.last_good or self._house.overrides:
            return
        try:
            self._house.keep(loaded)
        except OSError as error:
            self.log.warning("cannot keep a copy of the config as the last good one: {}", error)

    def _overrule(self, asked: Overrule) -> None:
        """Overrides are taken in place, whatever becomes of changes of the files; with the files as they are now."""
        if self._next is not None:
            self._waiting.append(asked)
            return
        wanted = self._house.overrides
        problems: tuple[str, ...] = ()
        if asked.edits or asked.reset:
            wanted = self._house.overridden(asked.edits, reset=asked.reset)
            problems = self._lay(wanted)
        told = self._house.overrides if problems else wanted
        self.tell(asked.reply_to, Overruled(asked.tag, told, problems))

    def _lay(self, wanted: Mapping[str, object]) -> tuple[str, ...]:
        """Take the files with other overrides; why that cannot be."""
        if self._state.pending or self._state.last_good:
            return (f"the file itself is not in use: {self._state.trouble[0]}",)
        loaded = self._house.load(wanted)
        problems = self._problems(loaded)
        if not problems:
            self._begin(loaded, wanted)
        return problems

    def set_aside(self, message: Any, error: BaseException) -> None:
        """Whoever wants something is told that it came to nothing; a config that cannot be taken is not."""
        if isinstance(message, Overrule):
            self.tell(message.reply_to, Overruled(message.tag, self._house.overrides, (str(error) or repr(error),)))
        elif self._next is not None:
            self._next = None
            self._state.refused((f"it cannot be taken: {error!r}",), self.clock.wall())
            self._take_up()

    def on_failure(self, *_: object) -> None:
        """Nobody listens any more."""
        self._watcher.stop()

    def on_stop(self) -> None:
        """See ``on_failure``."""
        self._watcher.stop()


def _config(loaded: Loaded) -> Config:
    assert loaded.config is not None
    return loaded.config


def _present(seen: tuple[tuple[Path, Stamp], ...]) -> frozenset[Path]:
    return frozenset(path for path, stamp in seen if stamp)


def _shown(paths: Sequence[str]) -> str:
    """Some of the paths; never values."""
    more = f" and {len(paths) - SHOWN_PATHS} more" if len(paths) > SHOWN_PATHS else ""
    return (", ".join(paths[:SHOWN_PATHS]) or "the environment") + more


def _whom(done: Recasted) -> str:
    """Which links start, start over or end because of it."""
    links = {
        "starts": [name for name in done.started if name.startswith("reader:")],
        "starts over": [name for name in done.told if name.startswith("reader:")],
        "ends": [name for name in done.gone if name.startswith("reader:")],
    }
    parts = [f"; account {name.partition(':')[2]} {what}" for what, names in links.items() for name in sorted(names)]
    return "".join(parts)
