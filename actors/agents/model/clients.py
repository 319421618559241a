"""From a ``Choice`` to a model of the client library, with an HTTP client of our own.

In: choices. Out: pydantic-ai models that ask exactly once: no retries of theirs, and no time limit of theirs but that
for connecting, because both are ours. Thoughts in the text are not theirs to take out: they see them only where a tag
comes alone. ``load`` imports the libraries, at the first use of each kind and never before. All the rest runs on the
loop of the model agents.
"""

import warnings
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from actors.agents.model.names import Choice, Headers
from actors.agents.model.providers import ANTHROPIC, CHAT, GOOGLE, is_near

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Request, Response
    from pydantic_ai.models import Model

CONNECT_SECONDS: Final = 10.0
NO_KEY: Final = "none"
"""What servers that want no key are sent, because the clients insist on one."""
_LIBRARIES: Final = {
    CHAT: ("pydantic_ai.models.openai", "pydantic_ai.providers.openai_compatible"),
    ANTHROPIC: ("pydantic_ai.models.anthropic",),
    GOOGLE: ("pydantic_ai.models.google",),
}
_NO_TAGS: Final = ("\0<think>", "\0</think>")


@dataclass(slots=True)
class Reply:
    """What the last server that replied within a context said first: an HTTP status, 0 for none, and a content type."""

    status: int = 0
    kind: str = ""

    @property
    def is_moved(self) -> bool:
        """Whether it is a redirection."""
        return 300 <= self.status < 400

    @property
    def is_whole(self) -> bool:
        """Whether it is an answer that is not streamed."""
        return 200 <= self.status < 300 and self.kind.startswith("application/json")


REPLY: Final[ContextVar[Reply | None]] = ContextVar("REPLY", default=None)
"""Set one to learn of the reply to what is asked in the context."""


def load(api: str) -> None:
    """Import what is needed to ask: a second or two, once, on a thread that may take it. Raises ImportError."""
    for name in ("pydantic_ai.direct", *_LIBRARIES[api]):
        import_module(name)
    # What the library has to say about an odd answer would go past the log.
    warnings.filterwarnings("ignore", module=r"pydantic_ai\.(models|usage)\b")


class Clients:
    """The models one agent uses; ``maker`` makes each at its first use."""

    def __init__(self, maker: "Callable[[Choice, AsyncClient], Model] | None" = None) -> None:
        self._make = maker or make
        self._models: dict[Choice, Model] = {}
        self._http: dict[tuple[bool, Headers], AsyncClient] = {}

    @property
    def is_used(self) -> bool:
        """Whether there may be connections."""
        return bool(self._http)

    async def model(self, choice: Choice) -> "Model":
        """The model to ask."""
        if choice not in self._models:
            self._models[choice] = self._make(choice, self._connections(is_near(choice.url), choice.headers))
        return self._models[choice]

    async def close(self) -> None:
        """Close all connections. A model that is asked for afterwards gets new ones."""
        clients, self._http, self._models = self._http, {}, {}
        for http in clients.values():
            await http.aclose()

    def _connections(self, near: bool, headers: Headers) -> "AsyncClient":
        """The HTTP client. The environment's proxy is not for what runs in this house."""
        from httpx2 import AsyncClient, Timeout

        key = near, headers
        if key not in self._http:
            self._http[key] = AsyncClient(
                timeout=Timeout(None, connect=CONNECT_SECONDS),
                trust_env=not near,
                event_hooks={"request": [partial(_add, headers)], "response": [_note]},
            )
        return self._http[key]


async def _add(headers: Headers, request: "Request") -> None:
    """The headers of the config go before those of the libraries."""
    request.headers.update(dict(headers))


async def _note(response: "Response") -> None:
    if (reply := REPLY.get()) is not None:
        reply.status, reply.kind = response.status_code, response.headers.get("content-type", "").strip().lower()


def make(choice: Choice, http: "AsyncClient") -> "Model":
    """The model of the library for ``choice``."""
    key = choice.key or NO_KEY
    if choice.api == ANTHROPIC:
        return _anthropic(choice, key, http)
    return _google(choice, key, http) if choice.api == GOOGLE else _chat(choice, key, http)


def _chat(choice: Choice, key: str, http: "AsyncClient") -> "Model":
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = AsyncOpenAI(base_url=choice.url, api_key=key, http_client=http, timeout=http.timeout, max_retries=0)
    provider = (
        OpenAIProvider(openai_client=client)
        if choice.provider == "openai"
        else OpenAICompatibleProvider(choice.provider, openai_client=client)
    )
    # A stream that does not say why it ends was cut off; and some servers take one system message only.
    profile = OpenAIModelProfile(
        openai_chat_streaming_requires_finish_reason=True,
        openai_chat_supports_multiple_system_messages=False,
        thinking_tags=_NO_TAGS,
    )
    return OpenAIChatModel(choice.name, provider=provider, profile=profile)


def _anthropic(choice: Choice, key: str, http: "AsyncClient") -> "Model":
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(base_url=choice.url, api_key=key, http_client=http, timeout=http.timeout, max_retries=0)
    return AnthropicModel(choice.name, provider=AnthropicProvider(anthropic_client=client))


def _google(choice: Choice, key: str, http: "AsyncClient") -> "Model":
    from google.genai.types import HttpRetryOptions
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    once = HttpRetryOptions(attempts=1)
    provider = GoogleProvider(api_key=key, http_client=http, base_url=choice.url, retry_options=once)
    return GoogleModel(choice.name, provider=provider)
