"""What ``gateway setup`` says: what would be written, what was written, whether it works, what comes next."""

import sys
import time
from pathlib import Path
from typing import NamedTuple

from actors.control import channels
from actors.control.cli.common import print_json, remark
from actors.control.config_file import cautions
from actors.control.setup.probe import Probed
from actors.control.setup.wrapper import destination
from actors.runtime.logs import visible
from config import Places
from config.commit import Outcome
from config.redaction import without_secrets

OPENCLAW = (
    "if OpenClaw reads this file too: it refuses runtimes of this gateway (echo, command); they may stand at the same "
    "path in {} instead"
)


class Script(NamedTuple):
    """The script that runs imsg on another Mac."""

    path: Path
    text: str
    host: str


def preview(config: Path, text: str, script: Script | None) -> str:
    """The files that are to be written, without their secrets."""
    shown = f"--- {config}\n{without_secrets(text)}"
    return shown if script is None else f"{shown}--- {script.path}\n{script.text}"


def diff(planned: Outcome, script: Script | None) -> None:
    """What would be added to a file that is there."""
    for line in planned.diff_lines:
        print(visible(line))
    if script is not None:
        print(f"--- {script.path}\n{script.text}", end="")


def written(where: Places, outcome: Outcome, script: Script | None) -> None:
    """Which files are new or changed, and what is odd about the result."""
    if not outcome.changed_paths:
        print(f"{where.config} has all that is needed")
    else:
        print(f"written: {outcome.file}")
        if script is not None:
            print(f"written: {script.path}")
    for text in warnings(where, outcome):
        remark(f"warning: {text}")
    if outcome.backup is not None:
        print("undo: gateway config rollback")
        if any(path.startswith("agents") for path in outcome.changed_paths):
            remark(OPENCLAW.format(where.overlay))


def tell(
    where: Places,
    outcome: Outcome,
    script: Script | None,
    probed: Probed | None,
    option: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> bool:
    """Print the result; whether imsg works, as far as it was asked. ``option``: what names the config file, or ""."""
    well = probed is None or channels.well(probed.accounts)
    following = _next(probed, well, option)
    if as_json:
        print_json(
            {
                "path": str(where.config),
                "written": bool(outcome.changed_paths) and not dry_run,
                "script": None if script is None else str(script.path),
                "changed": list(outcome.changed_paths),
                "diff": list(outcome.diff_lines),
                "warnings": warnings(where, outcome),
                "dryRun": dry_run,
                "accounts": None if probed is None else probed.accounts,
                "next": following,
            }
        )
        return well
    if dry_run:
        print("nothing was written")
        return well
    if probed is not None:
        _accounts(probed)
        if script is not None and not well:
            print(f"once by hand, so that the host is known and a key lets you in: ssh {destination(script.host)} true")
    print(f"next: {following}")
    return well


def warnings(where: Places, outcome: Outcome) -> list[str]:
    """What is legal in the file and probably not meant."""
    found = list(outcome.warnings)
    return [*found, *cautions(outcome.loaded, where)] if outcome.loaded is not None else found


def _accounts(probed: Probed) -> None:
    from actors.control import lists, tables

    print("asked inside the running gateway:" if probed.inside else "asked from this terminal:")
    lists.channels(tables.console(sys.stdout), probed.accounts, time.time())


def _next(probed: Probed | None, well: bool, option: str) -> str:
    if not well:
        return f"gateway{option} channels status --probe"
    if probed is not None and probed.running:
        return f"gateway{option} status"
    return f"gateway{option} run"
