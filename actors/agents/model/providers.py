"""Providers of models: how each is spoken to, and where. Pure.

In: names, addresses and protocols as people and OpenClaw's files write them. Out: the same in our terms, or a
``ModelNameError`` that says what to write.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

CHAT: Final = "chat"
"""OpenAI's chat completions, which most servers speak."""
ANTHROPIC: Final = "anthropic"
GOOGLE: Final = "google"


class Provider(NamedTuple):
    """What is known of a provider: its protocol, its address (empty: the config says), the variables of its key.

    A ``local`` one is a server of one's own: it needs no key.
    """

    api: str
    url: str
    keys: tuple[str, ...] = ()
    local: bool = False


PROVIDERS: Final[Mapping[str, Provider]] = {
    "openai": Provider(CHAT, "https://api.openai.com/v1", ("OPENAI_API_KEY",)),
    "anthropic": Provider(ANTHROPIC, "https://api.anthropic.com", ("ANTHROPIC_API_KEY",)),
    "google": Provider(GOOGLE, "https://generativelanguage.googleapis.com", ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
    "openrouter": Provider(CHAT, "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",)),
    "groq": Provider(CHAT, "https://api.groq.com/openai/v1", ("GROQ_API_KEY",)),
    "mistral": Provider(CHAT, "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",)),
    "deepseek": Provider(CHAT, "https://api.deepseek.com", ("DEEPSEEK_API_KEY",)),
    "xai": Provider(CHAT, "https://api.x.ai/v1", ("XAI_API_KEY",)),
    "together": Provider(CHAT, "https://api.together.xyz/v1", ("TOGETHER_API_KEY",)),
    "fireworks": Provider(CHAT, "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",)),
    "cerebras": Provider(CHAT, "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",)),
    "moonshot": Provider(CHAT, "https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",)),
    "ollama": Provider(CHAT, "http://127.0.0.1:11434/v1", ("OLLAMA_API_KEY",), local=True),
    "lmstudio": Provider(CHAT, "http://127.0.0.1:1234/v1", ("LMSTUDIO_API_KEY",), local=True),
    "vllm": Provider(CHAT, "http://127.0.0.1:8000/v1", ("VLLM_API_KEY",), local=True),
    "openai-compatible": Provider(CHAT, "", ("OPENAI_COMPATIBLE_API_KEY",), local=True),
}
ELSEWHERE = Provider(CHAT, "", local=True)
"""Any other name: the config says where it is."""
_OTHER_NAMES = {
    "gemini": "google",
    "x-ai": "xai",
    "lm-studio": "lmstudio",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
}
_APIS = {
    "openai-completions": CHAT,
    # Who speaks OpenAI's newer protocol speaks the older one, too.
    "openai-responses": CHAT,
    "ollama": CHAT,
    "anthropic-messages": ANTHROPIC,
    "google-generative-ai": GOOGLE,
}
# What people put behind the address; the client adds it again.
_ENDINGS = {CHAT: ("/chat/completions",), ANTHROPIC: ("/messages", "/v1"), GOOGLE: ("/v1beta", "/v1")}


class ModelNameError(ValueError):
    """It cannot be worked out where a model is asked. The message names the key of the config and the remedy."""


def canonical(text: str) -> str:
    """A provider's name as it stands in ``PROVIDERS``."""
    lower = text.strip().lower()
    return _OTHER_NAMES.get(lower, lower)


def api_of(provider: str, text: str | None) -> str:
    """The protocol of a provider, whose ``api`` the config gives as ``text``. Raises ModelNameError."""
    if text is None:
        return PROVIDERS.get(provider, ELSEWHERE).api
    if text not in _APIS:
        raise ModelNameError(
            f"models.providers.{provider}.api: {text!r} is not spoken here; there are {', '.join(_APIS)}"
        )
    return _APIS[text]


def url_of(provider: str, api: str, text: str) -> str:
    """The address the config gives as ``text``, else the provider's own, without what the client adds.

    Raises ModelNameError.
    """
    known = PROVIDERS.get(provider, ELSEWHERE)
    if not text:
        if not known.url:
            raise ModelNameError(
                f"provider {provider!r} is not known here: write models.providers.{provider}.baseUrl, "
                f"or take one of {', '.join(PROVIDERS)}"
            )
        return known.url
    url = text.strip().rstrip("/")
    if not _is_address(url):
        raise ModelNameError(f"the baseUrl of provider {provider!r} is no address: write it as http://host:port/v1")
    if "@" in urlsplit(url).netloc:
        raise ModelNameError(f"the baseUrl of provider {provider!r} holds a password: write it as apiKey")
    if "?" in url or "#" in url:
        # It would be shown wherever the address is, and paths go behind it.
        raise ModelNameError(
            f"the baseUrl of provider {provider!r} goes on behind its path: leave out all from the ? or #, "
            "and write a key as apiKey"
        )
    for ending in _ENDINGS[api]:
        url = url.removesuffix(ending)
    # Servers of this kind serve it below /v1, and people leave that out.
    return f"{url}/v1" if api == CHAT and not urlsplit(url).path else url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_near(url: str) -> bool:
    """Whether an address is on this computer or in the network of this house, as far as it shows."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host.endswith((".local", ".lan", ".internal")) or "." not in host
    return address.is_private or address.is_loopback or address.is_link_local
