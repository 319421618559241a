"""What the schema cannot say: rules across keys, and texts that must be safe.

Everything is collected: a person gets all problems in one report. What is known elsewhere (which entries of a list
can be used) comes in as further checks. Pure; nothing here looks at the file system.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from config import tree, unhonoured, zones
from config.account import Account
from config.ids import normalize_id
from config.overlay import CHANNEL, DEFAULT_ID, id_faults
from config.paths import Path, dotted
from config.problems import Problem
from config.safety import executable_fault, file_fault, host_fault, root_fault
from config.schema import Config
from config.schema.agents import AcpRuntime, CommandRuntime
from config.schema.channel import AccountBlock
from config.schema.commands import is_owner_entry
from config.tree import Node

_CHAT_KEY = re.compile(r"\s*(?:(?:chat_?id|chat):\s*)?0*[1-9][0-9]{0,18}\s*", re.ASCII | re.IGNORECASE)

Finding = tuple[Path | str, str, Path | str | None]
"""The path of a key, what is wrong with it and what to write, and where to point in the file if not at that key."""

Check = Callable[[Config, tuple[Account, ...]], Iterable[Finding]]
"""A check from elsewhere. It is pure, and leaves out accounts that are `unavailable`."""


def problems(
    config: Config,
    accounts: Iterable[Account],
    root: Node,
    guards: Collection[Path],
    open_paths: Collection[Path],
    further: Iterable[Check] = (),
) -> list[Problem]:
    """All problems of a file the schema accepts.

    `guards` are the restrictions nothing enforces here, `open_paths` the values whose variables are unset: those
    make an account unavailable instead. `further` are asked about the same config and accounts.
    """
    accounts = tuple(accounts)
    found = [*_texts(config, open_paths), *_policies(accounts), *_agents(config), *_sandbox(config, guards)]
    found += _access_groups(config)
    found += (finding for check in further for finding in check(config, accounts))
    reported = [tree.problem(root, path, message, at=at) for path, message, at in found]
    if config.gateway.mode == "remote":
        message = 'this gateway runs here: remove it, or write "local" (to use Messages of another Mac, set cliPath)'
        reported.append(tree.problem(root, "gateway.mode", message))
    return reported


def warnings(config: Config, accounts: Collection[Account], guards: Iterable[Path]) -> Iterator[str]:
    """What is legal and probably not meant."""
    for path in guards:
        yield f"{dotted(path)}: restricts what an agent may do; this gateway does not enforce it"
    agents = config.agents.list
    marked = [agent.id for agent in agents if agent.default]
    if len(marked) > 1:
        yield f"agents.list: {', '.join(marked)} are all marked default; {marked[0]} is used"
    known = {agent.id for agent in agents} or {config.default_agent().id}
    for index, binding in enumerate(config.bindings):
        if binding.agent_id not in known:
            yield f"bindings.{index}.agentId: there is no agent {binding.agent_id}; the default agent answers"
    if config.session.main_key != "main":
        yield "session.mainKey: the main session is always called main"
    yield from zones.warnings(config.agents.defaults)
    yield from unhonoured.warnings(config, accounts)
    yield from _channel_warnings(config, accounts)
    for index, entry in enumerate(config.commands.owner_allow_from):
        if not is_owner_entry(entry):
            yield f"commands.ownerAllowFrom.{index}: wildcards and chats never make an owner; the entry is ignored"


def _blocks(config: Config) -> Iterator[tuple[Path, AccountBlock]]:
    channel = config.channels.imessage
    if channel is not None:
        yield CHANNEL, channel
        for key, block in channel.accounts.items():
            yield (*CHANNEL, "accounts", key), block


def _texts(config: Config, open_paths: Collection[Path]) -> Iterator[Finding]:
    for path, block in _blocks(config):
        checks = (
            ("cliPath", executable_fault, block.cli_path),
            ("dbPath", file_fault, block.db_path),
            ("remoteHost", host_fault, block.remote_host),
        )
        for key, check, text in checks:
            if text is not None and (fault := check(text)):
                yield (*path, key), fault, None
        lists = (
            ("attachmentRoots", block.attachment_roots),
            ("remoteAttachmentRoots", block.remote_attachment_roots),
        )
        for key, roots in lists:
            for index, text in enumerate(roots or ()):
                place = (*path, key, index)
                if place not in open_paths and (fault := root_fault(text)):
                    yield place, fault, None


def _policies(accounts: Iterable[Account]) -> Iterator[Finding]:
    for account in accounts:
        if account.unavailable is not None:
            continue
        policy = account.key_path("dmPolicy")
        has_list = "allowFrom" in account.origins
        path = account.key_path("allowFrom") if has_list else policy.removesuffix("dmPolicy") + "allowFrom"
        at = path if has_list else policy
        if account.dm_policy == "open" and "*" not in account.allow_from:
            yield path, 'dmPolicy "open" needs "*" in allowFrom: add it, or choose "pairing"', at
        elif account.dm_policy == "allowlist" and not account.allow_from:
            yield (
                path,
                'dmPolicy "allowlist" needs at least one entry in allowFrom: add one, or choose "pairing"',
                at,
            )


def _access_groups(config: Config) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for key in config.access_groups:
        name, path = key.strip(" \t\r\n"), ("accessGroups", key)
        if not name:
            yield path, "a group needs a name: it is used as accessGroup:<name>", None
        elif name in seen:
            yield path, f'is the same name as "{seen[name]}": rename one', None
        seen.setdefault(name, key)


def _agents(config: Config) -> Iterator[Finding]:
    channel = config.channels.imessage
    if channel is not None:
        yield from ((path, message, None) for path, message in id_faults(channel))
    places: list[tuple[Path, str]] = [(("agents", "list", i, "id"), a.id) for i, a in enumerate(config.agents.listed)]
    places += [(("agents", "entries", key), normalize_id(key, "main")) for key in config.agents.entries]
    seen: set[str] = set()
    for path, ident in places:
        if ident in seen:
            yield path, f"another agent already has the id {ident}: rename one", None
        seen.add(ident)


def _sandbox(config: Config, guards: Collection[Path]) -> Iterator[Finding]:
    if not guards:
        return
    names = ", ".join(dotted(path) for path in guards)
    places: list[tuple[Path, object]] = [
        *((("agents", "list", i, "runtime"), agent.runtime) for i, agent in enumerate(config.agents.listed)),
        *((("agents", "entries", key, "runtime"), entry.runtime) for key, entry in config.agents.entries.items()),
    ]
    for path, runtime in places:
        if isinstance(runtime, CommandRuntime | AcpRuntime) and not runtime.acknowledge_no_sandbox:
            yield (
                path,
                f"{names} would not be enforced for this agent: remove them, or set acknowledgeNoSandbox: true here",
                None,
            )


def _channel_warnings(config: Config, accounts: Collection[Account]) -> Iterator[str]:
    channel = config.channels.imessage
    if channel is None:
        return
    ids = {account.id for account in accounts}
    if channel.default_account is not None and normalize_id(channel.default_account, DEFAULT_ID) not in ids:
        yield f"channels.imessage.defaultAccount: there is no account of that name; known: {', '.join(sorted(ids))}"
    for path, block in _blocks(config):
        for key in block.groups or {}:
            if key != "*" and not _CHAT_KEY.fullmatch(key):
                yield f'{dotted((*path, "groups", key))}: keys are chat ids (digits) or "*"; this one never matches'
    for account in accounts:
        if account.unavailable is not None:
            yield f"channels.imessage: account {account.id} does not run: {account.unavailable}"
