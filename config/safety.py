"""Texts that become part of a command line, or a border of what may be read: pure rules.

Every function returns None for a safe text and otherwise what is wrong with it, as the end of a sentence that
starts with the key. The program is spawned without a shell; the rules keep a config value from ever turning
into one, or into an option of ssh and scp.
"""

from __future__ import annotations

import posixpath
import re

DEFAULT_ROOT = "/Users/*/Library/Messages/Attachments"
"""Where Messages keeps attachments (mission page)."""

_SHELL = re.compile(r"[;&|`$<>\"']")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_BARE = re.compile(r"[A-Za-z0-9._+][A-Za-z0-9._+-]*")
_PATH_LIKE = re.compile(r"[.~]|[A-Za-z]:[\\/]|.*[\\/]")
_TOKEN = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*", re.ASCII)
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]")


def executable_fault(text: str) -> str | None:
    """`cliPath`: a path (blanks allowed) or a bare program name."""
    value = text.strip()
    if not value:
        return "must name a program"
    if _CONTROL.search(value) or _SHELL.search(value):
        return "must not hold quotes, control characters or any of ; & | ` $ < >: name one program or script"
    if _PATH_LIKE.match(value) or _BARE.fullmatch(value):
        return None
    return "must be a path, or a program name of letters, digits and . _ + - : put arguments into a wrapper script"


def host_fault(text: str) -> str | None:
    """`remoteHost`: `host` or `user@host`, the host a name, an IPv4 address or an IPv6 address in brackets."""
    user, at, host = text.strip().rpartition("@")
    if at and not _TOKEN.fullmatch(user):
        return "must be host or user@host, with a plain user name"
    if _TOKEN.fullmatch(host) or _IPV6.fullmatch(host):
        return None
    return "must be host or user@host, without blanks, options, slashes or a port"


def root_fault(text: str) -> str | None:
    """`attachmentRoots`: an absolute folder, in which `*` may stand for one whole segment."""
    value = normalize_root(text)
    if "\0" in value:
        return "must not hold a NUL character"
    if not value.startswith("/"):
        return "must be an absolute path"
    if value == "/":
        return "must not be the whole disk"
    if any("*" in segment and segment != "*" for segment in value.split("/")):
        return "may hold * only as a whole segment, and never **"
    return None


def normalize_root(text: str) -> str:
    """A root without surrounding blanks, doubled slashes, dots and trailing slash."""
    value = text.strip()
    return posixpath.normpath(re.sub("/+", "/", value)) if value else ""


def file_fault(text: str) -> str | None:
    """`dbPath`: any file name, but one."""
    if not text.strip():
        return "must name a file"
    return "must not hold control characters" if _CONTROL.search(text) else None
