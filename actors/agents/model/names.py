"""From a model's name to where it is asked: provider, protocol, address and key.

In: names as ours (`provider:name`) and as OpenClaw's files have them (`provider/name`, the name may hold slashes), the
config's `models.providers`, the environment. Out: a `Choice`, or a `ModelNameError` that says what to write. Pure.
A variable that is not set costs the model that needs it, and nothing else (config-ops 1.4).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from actors.agents.model.keys import Headers, Secret, headers_of, key_of, unsent, unset
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
from config.schema.models import ModelProvider
from config.schema.root import Config

__all__ = ["Choice", "Headers", "ModelNameError", "Models", "fault", "lacks", "names", "needs_key", "split"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One model, and where it is asked. ``api`` is ``chat``, ``anthropic`` or ``google``; the key is never shown.

    ``near`` is whether it runs in this house: then it may think for long before it says a word. ``headers`` are sent
    besides. ``missing`` says what to do about a key that the config means and that is not there.
    """

    provider: str
    name: str
    api: str
    url: str
    key: str = field(repr=False)
    near: bool
    headers: Headers = field(default=(), repr=False)
    missing: str = ""

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
        """Those of an agent of the config, without those that cannot be worked out. ModelNameError if no other is."""
        runtime = agent.runtime if isinstance(agent.runtime, ModelRuntime) else None
        bare = cls(runtime, config.models.providers, environment)
        found = names(agent, config)
        if not found:
            raise ModelNameError("it has no model: write agents.list[].model or agents.defaults.model as provider/name")
        tried = tuple(map(bare._tried, found))
        usable = tuple(one for one in tried if isinstance(one, Choice))
        if not usable:
            raise next(one for one in tried if isinstance(one, ModelNameError))
        return cls(runtime, bare.providers, environment, usable)

    def _tried(self, text: str) -> Choice | ModelNameError:
        try:
            return self.named(text)
        except ModelNameError as error:
            return error

    def named(self, text: str) -> Choice:
        """The model of that name; a name without its provider is one of the agent's own. Raises ModelNameError."""
        provider, name = split(text)
        if not provider and self.choices:
            provider = self.choices[0].provider
        if found := unset(text):
            raise ModelNameError(f"the environment variable {found}, which the model {text!r} names, is not set")
        if not provider or not name:
            raise ModelNameError(f"{text!r} does not name a model: write it as provider:name, openai:gpt-5 for one")
        # The address and key of the runtime are those of its own provider.
        own = self.runtime if self.runtime is not None and split(self.runtime.model)[0] == provider else None
        name_of_entry, entry = self.entry(provider)
        known = PROVIDERS.get(provider, ELSEWHERE)
        api = api_of(provider, entry.api)
        url = url_of(provider, api, (own and own.base_url) or entry.base_url or "")
        key = self._key(own, name_of_entry, entry, known)
        headers, missing = headers_of(entry.headers, f"models.providers.{name_of_entry}.headers", self.environment)
        return Choice(provider, name, api, url, key.text, is_near(url), headers, key.missing or missing)

    def entry(self, provider: str) -> tuple[str, ModelProvider]:
        """What the config says about a provider, and how it calls it."""
        found = ((key, one) for key, one in self.providers.items() if canonical(key) == provider)
        return next(found, (provider, ModelProvider()))

    def _key(self, own: ModelRuntime | None, name: str, entry: ModelProvider, known: Provider) -> Secret:
        if own is not None and own.api_key is not None:
            return key_of(own.api_key, "runtime.apiKey", {})
        if entry.api_key is not None:
            return key_of(entry.api_key, f"models.providers.{name}.apiKey", self.environment)
        usual = ((one, key) for one in known.keys if (key := self.environment.get(one, "").strip()))
        return next((Secret.of(key, f"the environment variable {one}") for one, key in usual), Secret())


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


def fault(agent: Agent, config: Config) -> str:
    """Why no model of an agent can be used, as far as the config says, with the remedy; "" when one can."""
    try:
        Models.of(agent, config, {})
    except ModelNameError as error:
        return str(error)
    return ""


def lacks(agent: Agent, config: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """What the models of an agent do without, each with the remedy: those that cannot be asked, and headers."""
    models = Models(
        agent.runtime if isinstance(agent.runtime, ModelRuntime) else None, config.models.providers, environment
    )
    tried = [models._tried(text) for text in names(agent, config)]
    others = any(isinstance(one, Choice) and not needs_key(one) for one in tried)
    end = "until then the others are asked" if others else "until then its messages are held"
    for one in tried:
        if isinstance(one, ModelNameError):
            yield f"{one}; {end}"
        elif remedy := needs_key(one):
            yield f"model {one.label} needs a key: {remedy}; {end}"
    for provider in dict.fromkeys(one.provider for one in tried if isinstance(one, Choice)):
        name, entry = models.entry(provider)
        yield from unsent(entry.headers, f"models.providers.{name}.headers", environment)


def needs_key(choice: Choice) -> str:
    """What to do about a missing key; "" when there is one, or none is needed there."""
    if choice.missing:
        return choice.missing
    known = PROVIDERS.get(choice.provider, ELSEWHERE)
    if choice.key or known.local or choice.url != known.url:
        return ""
    return f"set the environment variable {known.keys[0]}, or models.providers.{choice.provider}.apiKey"


def split(text: str) -> tuple[str, str]:
    """Provider and name; the provider is empty where the text does not say one."""
    at = min((at for sign in ":/" if (at := text.find(sign)) >= 0), default=-1)
    return canonical(text[: max(at, 0)]), text[at + 1 :].strip()
