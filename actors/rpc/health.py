"""How a link to imsg is doing, in words for the operator: ``ok``, ``degraded`` or ``down``, why, and the remedy.

In: what a child said, how it ended, what imsg answered. Out: a ``Problem`` with a code that programs may rely on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from actors.rpc.capabilities import UNKNOWN, Capabilities

FULL_DISK_ACCESS = (
    "System Settings > Privacy & Security > Full Disk Access: allow the program that starts the gateway "
    "(Terminal, or the service), then wait for the next try"
)
PERMISSION_PROMPT = (
    "on the Mac, look for a permission prompt (Contacts, Full Disk Access) and answer it; "
    "behind ssh, use -T and no output from the login shell"
)
INSTALL = "install imsg (brew install steipete/tap/imsg) or point channels.imessage.cliPath at it; now: {}"
UPDATE = "try `{} rpc --help`; without an rpc subcommand, update imsg (brew upgrade imsg)"
BY_HAND = "run `{} rpc` by hand to see why; the gateway tries again by itself"
DATABASE_DOWN = -32002
BROKEN_PIPE = "broken pipe"
"""Why a child takes no requests any more: it ended, or closed its input."""


class Problem(NamedTuple):
    """Why a link is not well. ``code`` is one of a closed set: ``starting``, ``not-installed``, ``unsafe-program``,
    ``no-rpc``, ``no-disk-access``, ``no-automation``, ``hanging``, ``exited``, ``another-gateway``, ``sends-fail``,
    ``sends-blocked``, ``watch-behind``, ``database-replaced``, ``database-unreadable``, ``unclaimed``, ``old-imsg``,
    ``unsteady``.
    """

    code: str
    reason: str
    remedy: str = ""

    @property
    def sentence(self) -> str:
        """Reason and remedy, for the log."""
        return ". ".join(filter(None, (self.reason, self.remedy)))


REPLACED = Problem(
    "database-replaced",
    "another Messages database than before stands there; chat ids in the config may mean other chats now",
    "compare `gateway chats` with the groups and chat_id entries of the config; the next start says no more of it",
)
STARTING = Problem("starting", "imsg is being started", "wait a moment; nothing is lost")


@dataclass(slots=True)
class LinkHealth:
    """Written by the reader, caller and sender of one account, read by reports. Times are unix seconds.

    Reading and sending are told apart: ``down`` means nothing comes in; ``degraded`` that something else is not well.
    """

    reading: Problem | None = STARTING
    sending: Problem | None = None
    notice: Problem | None = None
    """Something to know that stops nothing: an old imsg, a replaced database."""
    last_error: str = ""
    pid: int | None = None
    spawned: int = 0
    junk: int = 0
    dropped: int = 0
    since: float = 0.0
    busy: int = 0
    """Requests that imsg has not answered."""
    capabilities: Capabilities = field(default=UNKNOWN)

    @property
    def problem(self) -> Problem | None:
        """The worst there is to say, None when all is well."""
        return self.reading or self.sending or self.notice

    @property
    def state(self) -> str:
        """``ok``, ``degraded`` or ``down``."""
        return "down" if self.reading else "degraded" if self.sending or self.notice else "ok"

    @property
    def reason(self) -> str:
        """Why it is not ok."""
        return self.problem.reason if self.problem else ""

    @property
    def remedy(self) -> str:
        """What helps."""
        return self.problem.remedy if self.problem else ""

    def up(self, since: float) -> None:
        """The watch runs since then."""
        self.reading, self.since = None, since

    def down(self, problem: Problem) -> None:
        """Nothing comes in."""
        self.reading = problem
        if problem.code != STARTING.code:
            self.last_error = problem.reason

    def sends(self, problem: Problem | None) -> None:
        """A send went out (None), or did not and why: reading may be well all the same."""
        self.sending = problem
        if problem is not None:
            self.last_error = problem.reason

    def note(self, problem: Problem | None) -> None:
        """Something the operator should know, or nothing any more."""
        self.notice = problem
        if problem is not None:
            self.last_error = problem.reason


def off(reason: str, remedy: str = "") -> LinkHealth:
    """The health of an account that does not run, and why."""
    return LinkHealth(Problem("off", reason, remedy), last_error=reason)


def explain_missing(cli: str, error: str) -> Problem:
    """A program that cannot be started."""
    return Problem("not-installed", error, INSTALL.format(cli))


def explain_silence(cli: str, method: str = "watch.subscribe") -> Problem:
    """A child that runs but has not answered anything."""
    return Problem("hanging", f"{cli} does not answer ({method})", PERMISSION_PROMPT)


def explain_refusal(cli: str, error: Mapping[str, Any]) -> Problem:
    """A request that imsg refused before anything worked."""
    text = detail_of(error)
    if error.get("code") == DATABASE_DOWN:
        return explain_database(cli, text)
    return explain_exit(cli, None, [text], answered=True)


def detail_of(error: Mapping[str, Any]) -> str:
    """An error of imsg in its own words."""
    data = error.get("data")
    detail = data.get("detail") if isinstance(data, dict) else data
    return str(detail or error.get("message") or error)


def explain_database(cli: str, detail: str) -> Problem:
    """imsg 0.14+ runs, and its database cannot be read."""
    denied = ("authorization denied", "unable to open", "not permitted", "permission", "full disk access", "code: 14")
    if any(words in detail.lower() for words in denied):
        return Problem("no-disk-access", _no_access(detail), FULL_DISK_ACCESS)
    reason = f"{cli} cannot use the Messages database: {quoted(detail)}"
    return Problem("database-unreadable", reason, "see that the file is there and whole; the gateway looks again")


def explain_unsteady(cli: str, times: int) -> Problem:
    """A child that keeps ending."""
    return Problem("unsteady", f"{cli} ended {times} times in a minute", BY_HAND.format(cli))


def quoted(text: str, most: int = 200) -> str:
    """What imsg said, on one line and in at most ``most`` characters, cut between words; line ends may be escapes."""
    line = " ".join(text.replace("\\r", " ").replace("\\n", " ").split())
    if len(line) <= most:
        return line
    head, _, _ = line[:most].rpartition(" ")
    return (head or line[: most - 1]) + "\u2026"


def _no_access(said: str) -> str:
    return f"imsg cannot read the Messages database (no Full Disk Access); it said: {quoted(said)}"


def explain_exit(cli: str, code: int | None, words: list[str], answered: bool) -> Problem:
    """A child that ended: its exit code, its last lines, whether it ever answered."""
    text = " ".join(words)
    said = f"; it said: {quoted(words[-1])}" if words else ""
    for sign in ("Full Disk Access", "authorization denied"):
        if sign in text:
            telling = next((line for line in words if sign in line), words[0])
            return Problem("no-disk-access", _no_access(telling), FULL_DISK_ACCESS)
    how = "failed" if code is None else "closed" if code == 0 else f"exited ({code})"
    if code is not None and code < 0:
        how = f"ended by signal {-code}"
    if not answered and words and not _is_ssh(text):
        return Problem("no-rpc", f"{cli} {how} without speaking JSON-RPC{said}", UPDATE.format(cli))
    return Problem("exited", f"{cli} {how}{said}", BY_HAND.format(cli))


def explain_no_rpc(cli: str, words: list[str]) -> Problem:
    """A program whose help knows no ``rpc``."""
    said = f"; it said: {quoted(words[-1])}" if words else ""
    return Problem("no-rpc", f"{cli} has no rpc subcommand{said}", UPDATE.format(cli))


def _is_ssh(text: str) -> bool:
    return text.startswith("ssh: ") or any(
        words in text for words in ("Host key verification failed", "Permission denied (", "Connection closed by")
    )
