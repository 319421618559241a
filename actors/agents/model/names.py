"""From a model's name to where it is asked: provider, protocol, address and key.

In: names as ours (`provider:name`) and as OpenClaw's files have them (`provider/name`, the name may hold slashes), the
config's `models.providers`, the environment. Out: a `Choice`, or a `ModelNameError` that says what to write. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from actors.agents.model.providers import (
    ELSEWHERE,
    PROVIDERS,
    ModelNameError,
    Provider,
    api_of,
    canonical,
    is_near,
    url_of,
)
from config.schema.agents import Agent, EmbeddedRuntime, ModelRuntime
from config.schema.models import ModelProvider, SecretReference
from config.schema.root import Config

__all__ = ["Choice", "ModelNameError", "Models", "fault", "names", "needs_key", "split"]

_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One model, and where it is asked. ``api`` is ``chat``, ``anthropic`` or ``google``; the key is never shown.

    ``near`` is whether it runs in this house: then it may think for long before it says a word.
    """

    provider: str
    name: str
    api: str
    url: str
    key: str = field(repr=False)
    near: bool

    @property
    def label(self) -> str:
        """The model as we write it."""
        return f"{self.provider}:{self.name}"

    def __str__(self) -> str:
        return f"model {self.label} at {self.url}"


@dataclass(frozen=True, slots=True)
class Models:
    """The models one agent may use. ``choices`` is the agent's own and what to try when it fails."""

    runtime: ModelRuntime | None
    providers: Mapping[str, ModelProvider] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    choices: tuple[Choice, ...] = ()

    @classmethod
    def of(cls, agent: Agent, config: Config, environment: Mapping[str, str]) -> "Models":
        """Those of an agent of the config. Raises ModelNameError."""
        runtime = agent.runtime if isinstance(agent.runtime, ModelRuntime) else None
        bare = cls(runtime, config.models.providers, environment)
        found = names(agent, config)
        if not found:
            raise ModelNameError("it has no model: write agents.list[].model or agents.defaults.model as provider/name")
        return cls(runtime, bare.providers, environment, tuple(map(bare.named, found)))

    def named(self, text: str) -> Choice:
        """The model of that name; a name without its provider is one of the agent's own. Raises ModelNameError."""
        provider, name = split(text)
        if not provider and self.choices:
            provider = self.choices[0].provider
        if not provider or not name:
            raise ModelNameError(f"{text!r} does not name a model: write it as provider:name, openai:gpt-5 for one")
        # The address and key of the runtime are those of its own provider.
        own = self.runtime if self.runtime is not None and split(self.runtime.model)[0] == provider else None
        entry = next((one for key, one in self.providers.items() if canonical(key) == provider), ModelProvider())
        known = PROVIDERS.get(provider, ELSEWHERE)
        api = api_of(provider, entry.api)
        url = url_of(provider, api, (own and own.base_url) or entry.base_url or "")
        return Choice(provider, name, api, url, self._key(own, entry, known), is_near(url))

    def _key(self, own: ModelRuntime | None, entry: ModelProvider, known: Provider) -> str:
        if own is not None and own.api_key is not None:
            return own.api_key.get_secret_value().strip()
        if isinstance(entry.api_key, SecretReference):
            return self.environment.get(entry.api_key.id, "").strip() if entry.api_key.source == "env" else ""
        if entry.api_key is not None:
            text = entry.api_key.get_secret_value().strip()
            # OpenClaw's files may name the variable instead of holding the key.
            return self.environment.get(text, text) if _VARIABLE.fullmatch(text) else text
        return next((key for name in known.keys if (key := self.environment.get(name, "").strip())), "")


def names(agent: Agent, config: Config) -> tuple[str, ...]:
    """The models of an agent as the config has them, the first one first; none for an agent of another kind."""
    match agent.runtime:
        case ModelRuntime(model=model):
            return (model,)
        case EmbeddedRuntime() | None:
            usual = config.agents.defaults.model
            own = agent.model or usual
            if own is None:
                return ()
            primary = own.primary or (usual.primary if usual else None)
            return tuple(dict.fromkeys(name for name in (primary, *own.fallbacks) if name))
    return ()


def fault(agent: Agent, config: Config, environment: Mapping[str, str] | None = None) -> str:
    """Why the model of an agent cannot be used, with the remedy; "" when it can.

    With an ``environment`` a missing key is told, too; without one only what the config itself says counts.
    """
    try:
        choices = Models.of(agent, config, environment or {}).choices
    except ModelNameError as error:
        return str(error)
    return next(_keyless(choices), "") if environment is not None else ""


def needs_key(choice: Choice) -> str:
    """What to do about a missing key; "" when there is one, or none is needed there."""
    known = PROVIDERS.get(choice.provider, ELSEWHERE)
    if choice.key or known.local or choice.url != known.url:
        return ""
    return f"set the environment variable {known.keys[0]}, or models.providers.{choice.provider}.apiKey"


def _keyless(choices: tuple[Choice, ...]) -> Iterator[str]:
    for choice in choices:
        if remedy := needs_key(choice):
            yield f"model {choice.label} needs a key: {remedy}"


def split(text: str) -> tuple[str, str]:
    """Provider and name; the provider is empty where the text does not say one."""
    at = min((at for sign in ":/" if (at := text.find(sign)) >= 0), default=-1)
    return canonical(text[: max(at, 0)]), text[at + 1 :].strip()
