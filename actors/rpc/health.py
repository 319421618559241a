"""How a link to imsg is doing, in words for the operator: ``ok``, ``degraded`` or ``down``, why, and the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FULL_DISK_ACCESS = (
    "System Settings > Privacy & Security > Full Disk Access: allow the program that starts the gateway "
    "(Terminal, or the service), then wait for the next try"
)

PERMISSION_PROMPT = (
    "on the Mac, look for a permission prompt (Contacts, Full Disk Access) and answer it; "
    "behind ssh, use -T and no output from the login shell"
)


@dataclass(slots=True)
class LinkHealth:
    """Written by the reader and caller of one account, read by the status report. Times are unix seconds."""

    state: str = "down"
    reason: str = "starting"
    remedy: str = ""
    last_error: str = ""
    pid: int | None = None
    spawned: int = 0
    junk: int = 0
    dropped: int = 0
    since: float = 0.0

    def up(self, since: float) -> None:
        """The watch runs since then."""
        self.state, self.reason, self.remedy, self.since = "ok", "", "", since

    def sends(self, well: bool, reason: str = "", remedy: str = "") -> None:
        """A send went out, or did not and why: reading may be well all the same."""
        if well and self.state == "degraded":
            self.state, self.reason, self.remedy = "ok", "", ""
        elif not well:
            self.last_error = reason
            if self.state != "down":
                self.state, self.reason, self.remedy = "degraded", reason, remedy

    def down(self, reason: str, remedy: str) -> None:
        """Nothing comes in, and why, and what helps."""
        self.state, self.reason, self.remedy, self.last_error = "down", reason, remedy, reason


def explain_silence(cli: str) -> tuple[str, str]:
    """``(reason, remedy)`` for a child that runs but has not answered anything."""
    return f"{cli} does not answer (watch.subscribe)", PERMISSION_PROMPT


def explain_refusal(cli: str, error: Mapping[str, Any]) -> tuple[str, str]:
    """``(reason, remedy)`` for a watch that imsg refused."""
    return explain_exit(cli, None, [str(error.get("data") or error.get("message") or error)], answered=True)


def explain_exit(cli: str, code: int | None, words: list[str], answered: bool) -> tuple[str, str]:
    """``(reason, remedy)`` for a child that ended: its exit code, its last lines, whether it ever answered."""
    text = " ".join(words)
    said = f"; it said: {words[-1][:200]}" if words else ""
    if "Full Disk Access" in text or "authorization denied" in text:
        return (
            f"imsg cannot read the Messages database (no Full Disk Access){said}",
            FULL_DISK_ACCESS,
        )
    how = "failed" if code is None else "closed" if code == 0 else f"exited ({code})"
    if code is not None and code < 0:
        how = f"ended by signal {-code}"
    if not answered and words:
        return (
            f"{cli} {how} without speaking JSON-RPC{said}",
            f"try `{cli} rpc --help`; without an rpc subcommand, update imsg (brew upgrade imsg)",
        )
    return f"{cli} {how}{said}", f"run `{cli} rpc` by hand to see why; the gateway tries again by itself"
