"""Keys and headers of models, from where the config says they stand. Pure.

In: what the config holds, where it stands there, the environment. Out: what is sent, or what to do about it. What
cannot be a key is none: a ``${NAME}`` whose variable is not set, a kind of source that is not read here, a line break.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pydantic import SecretStr

from config.schema.models import SecretReference

Headers = tuple[tuple[str, str], ...]
Value = SecretStr | SecretReference | None

_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]+")
_UNSET: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_SENDABLE: Final = re.compile(r"[ -~]*")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Secret(NamedTuple):
    """A key, or what to do so that there is one; neither where the config does not speak of any."""

    text: str = ""
    missing: str = ""

    @classmethod
    def of(cls, text: str, where: str) -> "Secret":
        """One that stands there as it is."""
        if names := unset(text):
            return cls(missing=f"set the environment variable {names}, which {where} names")
        if not _SENDABLE.fullmatch(text):
            return cls(missing=f"{where} holds a character that is in no key, a line break for one: write it anew")
        return cls(text)


def unset(text: str) -> str:
    """The variables a text of the config names still: those that are not set."""
    return ", ".join(dict.fromkeys(_UNSET.findall(text)))


def key_of(value: SecretStr | SecretReference, where: str, environment: Mapping[str, str]) -> Secret:
    """The key that ``value`` means."""
    if isinstance(value, SecretReference):
        return _referred(value, where, environment)
    text = value.get_secret_value().strip()
    # OpenClaw's files may name the variable instead of holding the key.
    named = environment.get(text, "").strip() if _VARIABLE.fullmatch(text) else ""
    return Secret.of(named, f"the environment variable {text}") if named else Secret.of(text, where)


def headers_of(headers: Mapping[str, Value], where: str, environment: Mapping[str, str]) -> tuple[Headers, str]:
    """What is sent besides, and what to do about headers whose variables are not set; ``unsent`` tells of others."""
    found = {name: _header(name, value, f"{where}.{name}", environment) for name, value in headers.items()}
    missing = (one.missing for name, one in found.items() if one.missing and not _is_foreign(name, headers[name]))
    return tuple((name, one.text) for name, one in found.items() if not one.missing), next(missing, "")


def unsent(headers: Mapping[str, Value], where: str, environment: Mapping[str, str]) -> Iterator[str]:
    """One line for each header that is never sent."""
    for name, value in headers.items():
        if _is_foreign(name, value):
            yield f"{where}.{name} is not sent: {_header(name, value, 'it', environment).missing}"


def _header(name: str, value: Value, where: str, environment: Mapping[str, str]) -> Secret:
    if value is None or not _HEADER.fullmatch(name):
        return Secret(missing=f"{where} is no header: write a name, and a text or a reference to a variable")
    if isinstance(value, SecretReference):
        return _referred(value, where, environment)
    return Secret.of(value.get_secret_value().strip(), where)


def _is_foreign(name: str, value: Value) -> bool:
    """Whether a header cannot be sent whatever the environment holds."""
    return (
        value is None or not _HEADER.fullmatch(name) or (isinstance(value, SecretReference) and value.source != "env")
    )


def _referred(value: SecretReference, where: str, environment: Mapping[str, str]) -> Secret:
    if value.source != "env":
        remedy = 'write it as "${NAME}", the name of a variable'
        return Secret(
            missing=f"{where} stands in a source of the kind {value.source!r}, which is not read here: {remedy}"
        )
    text = environment.get(value.id, "").strip()
    if not text:
        return Secret(missing=f"set the environment variable {value.id}, which {where} names")
    return Secret.of(text, f"the environment variable {value.id}")
