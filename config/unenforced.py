"""Keys that forbid or limit what happens all the same: what is to be said of each, so that nobody relies on one.

In: the last key of a place of the config, and its value. Out: words to stand behind the path and a colon, with what to
do instead where something can be done. Pure. ``PARTLY`` are the places that this version honours, but not in all they
ask for; those that it does not honour at all are in `config.unhonoured`.
"""

from __future__ import annotations

from typing import Final

from config.known import Pattern
from config.schema.channel_parts import Catchup, HealthMonitor, RateLimit

PARTLY: Final[frozenset[Pattern]] = frozenset(
    {
        ("channels", "imessage", "attachmentRoots"),
        ("channels", "imessage", "accounts", "*", "attachmentRoots"),
    }
)
"""Honoured as far as it goes: what is said of them is the rest."""

_WATCHED = "asks for no watch, and this version keeps one all the same: an imsg that hangs is started again"


def why(key: str, value: object, has_files: bool) -> str:
    """What a key forbids or limits that is done all the same; "" where its value asks for nothing of the kind.

    ``has_files``: some account that runs tells agents about files.
    """
    match key, value:
        case "redactPatterns", (_, *_):
            return "asks for texts to be masked, and this version does not do it: they stand in the log as they are"
        case "rateLimit", RateLimit(enforce=enforce) if enforce != "off":
            return "asks for a limit, and this version does not enforce it: nothing limits how much is sent"
        case "allowTo", (_, *_):
            return "says who may be written to first, and this version does not enforce it: nobody is left out"
        case "ownerDisplay", "hash":
            return "asks for a hash, and this version does not make one: agents see the owners' handles as they are"
        case ("healthMonitor", HealthMonitor(enabled=False)) | ("channelHealthCheckMinutes", 0):
            return _WATCHED
        case "catchup", Catchup() as catchup:
            return _of_catchup(catchup)
        case "drop", str():
            return (
                "asks for messages over the cap to be left out, and this version leaves none out: "
                "they wait for the next turn"
            )
        case "text", False:
            return "asks for no commands in texts, and there are some all the same: commands.allowFrom says whose"
    return _of_files(key, value) if has_files else ""


def _of_files(key: str, value: object) -> str:
    match key, value:
        case "attachmentRoots", (_, *_):
            return "limits the files that are read for agents; they are told the paths of all files all the same"
        case "remoteAttachmentRoots", (_, *_):
            return (
                "says where files may come from, and this version does not enforce it: "
                "agents are told the paths of all files"
            )
    return ""


def _of_catchup(catchup: Catchup) -> str:
    if catchup.enabled is False:
        return (
            "asks for no recovery, and missed messages are answered all the same: recovery.replayHours says how old "
            "they may be"
        )
    if catchup.max_age_minutes is not None or catchup.per_run_limit is not None:
        return "limits recovery in a way this version does not: set recovery.replayHours and recovery.maxRows instead"
    return ""
