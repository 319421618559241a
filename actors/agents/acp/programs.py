"""Which program an ACP agent is, and where it works. Pure, but for a look at the folder.

In: the ``runtime`` block of an agent. Out: the command line, or why there is none. ``command`` wins; ``agent`` names a
program: a known one by the name OpenClaw has for it, any other as it is found on PATH.
"""

from collections.abc import Callable
from pathlib import Path

from config.schema.agents import AcpRuntime

KNOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    "claude": (("claude-agent-acp",), ("claude-code-acp",)),
    "codex": (("codex-acp",),),
    "gemini": (("gemini", "--experimental-acp"),),
}
"""The command lines of programs by the names they go by, best first: the first whose program is there is run."""

NOTHING_NAMED = "says neither which agent (runtime.acp.agent) nor which command (runtime.acp.command)"


def fault(runtime: AcpRuntime) -> str:
    """Why ``runtime`` cannot be run, whatever is installed here; empty when it can."""
    options = runtime.acp
    if options.command is None and not (options.agent or "").strip():
        return NOTHING_NAMED
    if options.cwd is not None and not Path(options.cwd).is_absolute():
        return f"runtime.acp.cwd is {options.cwd!r}: it must be an absolute path"
    return ""


def command_of(runtime: AcpRuntime, is_there: Callable[[str], bool]) -> tuple[str, ...]:
    """The command line to run; ``is_there`` tells whether a program is on PATH. Raises ValueError where ``fault``
    has something to say."""
    options = runtime.acp
    if options.command is not None:
        return options.command
    name = (options.agent or "").strip()
    if not name:
        raise ValueError(NOTHING_NAMED)
    candidates = KNOWN.get(name.lower(), ((name,),))
    return next((line for line in candidates if is_there(line[0])), candidates[0])


def folder_of(runtime: AcpRuntime, workspace: str | None) -> str:
    """Where the agent works: ``runtime.acp.cwd``, else its workspace. Raises ValueError, with the key and the remedy,
    where that is no folder."""
    key, folder = ("runtime.acp.cwd", runtime.acp.cwd) if runtime.acp.cwd else ("workspace", workspace)
    if not folder:
        raise ValueError("has no folder to work in: set its workspace, or runtime.acp.cwd")
    if not Path(folder).is_absolute():
        raise ValueError(f"its {key} {folder!r} is no absolute path")
    if not Path(folder).is_dir():
        raise ValueError(f"its {key} {folder} is no folder: make it, or name another")
    return folder
