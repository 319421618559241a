"""Who may have what done by chat, and what nobody may: the checks of config-ops 3.3, in their order. Pure.

Each gives None, or what is said instead. The order: a direct chat and authority (no group confers any to write), the
switch of the command; then its syntax, which is its own affair; then ``config_writes`` and ``off_limits``. The writer
of the config has the last word.
"""

from collections.abc import Iterable

from actors.access.commands import OWNER
from actors.access.entries import Kind, parse
from actors.commands.answers import Answer, Refusal, shortened
from actors.commands.view import Asked, DeskView
from config import forbidden, steps
from config.edit import CannotEditError, Set
from config.ids import normalize_id
from config.overlay import CHANNEL, DEFAULT_ID
from config.paths import Path, dotted
from config.steps import Edit

_UNKNOWN = "unknown key"
_TOO_MUCH = {("channels",), CHANNEL, (*CHANNEL, "accounts")}
"""Objects of which nobody can tell whose ``configWrites`` counts."""
DIRECT = "Not in a group: settings are for a direct chat with me."


def may(
    asked: Asked, view: DeskView, switch: str, *, as_owner: bool, paths: tuple[Path, ...] = ()
) -> Answer | Refusal | None:
    """Whether the command is heard at all: ``switch`` is a key of ``commands``, ``""`` for none.

    ``as_owner``: it is for owners alone. ``paths`` are what it means to change, for the record.
    """
    if asked.is_group:
        return Refusal(DIRECT, "group", paths) if as_owner else Answer(DIRECT)
    if as_owner and asked.authority != OWNER:
        return Refusal(owners_only(asked, view), "owner", paths)
    if switch and not getattr(view.config.commands, switch):
        text = f"Switched off: commands.{switch} is false. At the computer: gateway config set commands.{switch} true"
        return Refusal(text, "off", paths) if as_owner else Answer(text)
    return None


def config_writes(asked: Asked, view: DeskView, paths: Iterable[Path]) -> Refusal | None:
    """Whether chats may write at all here: the account the command came in by, and what each path aims at."""
    paths = tuple(paths)
    origin = view.account(asked.account)
    if origin is None:
        return Refusal(f"Not changed: account {asked.account} is not in the config any more.", "config-writes", paths)
    if not origin.config_writes:
        return Refusal(_no_writes(origin.key_path("configWrites")), "config-writes", paths)
    for path in paths:
        if tuple(map(str, path)) in _TOO_MUCH:
            whole = dotted(path)
            text = f"Not changed: {whole} is too much at once. Name the key inside: /config set {whole}.key=value"
            return Refusal(text, "ambiguous", paths)
        refused = _target(path, view)
        if refused is not None:
            return Refusal(refused, "config-writes", paths)
    return None


def off_limits(before: object, edits: Iterable[Edit]) -> Refusal | None:
    """Whether the edits touch what no chat may change. ``before`` is the document they are made to."""
    edits = tuple(edits)
    paths = tuple(edit.path for edit in edits)
    for path in paths:
        why = forbidden.why(path)
        if why is not None:
            return Refusal(_forbidden(path, why), "forbidden", paths)
    try:
        after = merged(before, edits)
    except (CannotEditError, KeyError, IndexError):
        return None  # it leads nowhere, and the writer says so
    touched = forbidden.touches(before, after)
    return Refusal(_forbidden(*touched[0]), "forbidden", paths) if touched else None


def locks_out(before: object, edits: Iterable[Edit], asked: Asked, region: str | None) -> Refusal | None:
    """Whether whoever asks would be no owner any more: they could not take that back."""
    edits = tuple(edits)
    try:
        owners, then = _owners(before), _owners(merged(before, edits))
    except (CannotEditError, KeyError, IndexError):
        return None  # as above
    if (
        owners == then
        or not _is_block(merged(before, edits))
        or any(parse(entry, region).kind is Kind.ACCESS_GROUP for entry in then)
    ):
        return None
    if asked.handle in {parse(entry, region).value for entry in then}:
        return None
    text = f"Not changed: you would be no owner any more, and could not take it back. {forbidden.REMEDY.capitalize()}."
    return Refusal(text, "owner", tuple(edit.path for edit in edits))


def _is_block(document: object) -> bool:
    """Whether there is a ``commands`` block, or none: anything else no config may say."""
    return not isinstance(document, dict) or isinstance(document.get("commands", {}), dict)


def _owners(document: object) -> tuple[str, ...]:
    try:
        found = steps.value_at(document, ("commands", "ownerAllowFrom"))
    except KeyError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def merged(document: object, edits: Iterable[Edit]) -> object:
    """The document after the edits, objects merged as the writer does.

    Raises ``CannotEditError``, ``KeyError`` or ``IndexError`` for a path that leads nowhere.
    """
    for edit in edits:
        document = _set(document, edit) if isinstance(edit, Set) else steps.applied(document, [edit])
    return document


def _set(document: object, edit: Set) -> object:
    try:
        old = steps.value_at(document, edit.path)
    except KeyError:
        old = None
    if not isinstance(old, dict) or not isinstance(edit.value, dict):
        return steps.applied(document, [edit])
    for key, value in edit.value.items():
        document = _set(document, Set((*edit.path, key), value))
    return document


def _target(path: Path, view: DeskView) -> str | None:
    words = tuple(map(str, path))
    channel = view.config.channels.imessage
    if words[:2] != CHANNEL or channel is None:
        return None
    if words[2:3] == ("accounts",):
        named = view.account(words[3])
        if named is not None and normalize_id(words[3], DEFAULT_ID) == named.id:
            return None if named.config_writes else _no_writes(named.key_path("configWrites"))
    return _no_writes(f"{dotted(CHANNEL)}.configWrites") if channel.config_writes is False else None


def owners_only(asked: Asked, view: DeskView) -> str:
    """What is said to somebody who would have to be an owner for it."""
    place = f"commands.ownerAllowFrom[{len(view.config.commands.owner_allow_from)}]"
    return f"Only an owner may do that. To make you one, at the computer: gateway config set '{place}' {asked.handle}"


def _no_writes(key: str) -> str:
    return f"Not changed: {key} is false, so no chat may change this. At the computer: gateway config set {key} true"


def _forbidden(path: Path, why: str) -> str:
    text = f"Not changed: {shortened(dotted(path))}: {why}"
    if why.startswith(_UNKNOWN):
        return text
    return f"{text}. No chat may change that, not even an owner: {forbidden.REMEDY}."
