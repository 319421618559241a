"""What an operator is told about the config of a running gateway. Written by the keeper, read by reports."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class ConfigState:
    """``digest`` is that of the files in use, taken at ``taken_at`` (unix seconds).

    ``problems``: why the files as they stand now are not used (since ``refused_at``), one line each. ``pending``: why a
    valid change is not taken, or not yet. ``last_good``: the gateway runs with the copy of the last config that worked.
    ``overrides`` lie over the files, in memory only, by dotted path.
    """

    path: str
    digest: str = ""
    taken_at: float = 0.0
    refused_at: float | None = None
    problems: tuple[str, ...] = ()
    pending: str = ""
    last_good: bool = False
    overrides: tuple[str, ...] = ()

    @property
    def trouble(self) -> tuple[str, str]:
        """Reason and remedy for the overall state; empty when the files are what the gateway runs with."""
        if self.last_good:
            why = f": {self.problems[0]}" if self.problems else ""
            return (
                f"running with the last good config, not with {self.path}{why}",
                "mend what `gateway config validate` names; the file is taken as soon as it can be used",
            )
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return (
                f"{self.path} was changed and cannot be used, the config from before stays: {self.problems[0]}{more}",
                "mend what `gateway config validate` names; it is taken as soon as it can be used",
            )
        if self.pending:
            return (
                f"{self.path} was changed and is not taken: {self.pending}",
                "send SIGHUP, or start the gateway again",
            )
        return "", ""

    def took(self, digest: str, at: float) -> None:
        """The files with this digest are in use."""
        self.digest, self.taken_at = digest, at
        self.problems, self.refused_at, self.pending, self.last_good = (), None, "", False

    def refused(self, problems: tuple[str, ...], at: float) -> bool:
        """The files cannot be used; True when that is news."""
        is_news = problems != self.problems
        if is_news:
            self.problems, self.refused_at = problems, at
        return is_news

    def as_json(self, stamp: Any) -> dict[str, Any]:
        """``{path, digest, takenAt, refusedAt, problems, pending, lastGood, overrides}``; ``stamp`` makes times."""
        return {
            "path": self.path,
            "digest": self.digest,
            "takenAt": stamp(self.taken_at),
            "refusedAt": None if self.refused_at is None else stamp(self.refused_at),
            "problems": list(self.problems),
            "pending": self.pending or None,
            "lastGood": self.last_good,
            "overrides": list(self.overrides),
        }
