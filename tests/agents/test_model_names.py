"""Where a model is asked, from its name, the config and the environment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.model.names import Choice, Models, fault, lacks, names, needs_key, split
from actors.agents.model.providers import ANTHROPIC, CHAT, GOOGLE, PROVIDERS, ModelNameError, is_near
from config.redaction import MARKER, redact
from config.schema.root import Config

KEYS = {"OPENAI_API_KEY": "env-openai", "GEMINI_API_KEY": "env-google", "WORK_KEY": "env-work"}


def config(agent: dict[str, Any] | None = None, defaults: Any = None, providers: Any = None) -> Config:
    """A config with one agent."""
    blocks = {
        "agents": {"list": [{"id": "a", **(agent or {})}], "defaults": {"model": defaults} if defaults else {}},
        "models": {"providers": providers or {}},
    }
    return Config.model_validate(blocks, strict=False)


def choice(model: str, providers: Any = None, **runtime: Any) -> Choice:
    """The choice of an agent with this model."""
    found = config({"runtime": {"type": "model", "model": model, **runtime}}, providers=providers)
    return Models.of(found.agents.list[0], found, KEYS).choices[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openai:gpt-5", ("openai", "gpt-5")),
        ("openai/gpt-5", ("openai", "gpt-5")),
        ("openrouter/meta-llama/llama-3:free", ("openrouter", "meta-llama/llama-3:free")),
        ("ollama:llama3.2:3b", ("ollama", "llama3.2:3b")),
        ("ollama/llama3.2:3b", ("ollama", "llama3.2:3b")),
        (" Gemini:gemini-2.5-pro ", ("google", "gemini-2.5-pro")),
        ("gpt-5", ("", "gpt-5")),
        ("openai:", ("openai", "")),
        ("", ("", "")),
    ],
)
def test_a_name_is_split_at_its_first_sign(text: str, expected: tuple[str, str]) -> None:
    assert split(text) == expected


@given(st.sampled_from(sorted(PROVIDERS)), st.text(alphabet="abz09-._:/", min_size=1), st.sampled_from(":/"))
def test_both_ways_to_write_a_name_read_the_same(provider: str, name: str, sign: str) -> None:
    assert split(f"{provider}{sign}{name}") == (provider, name)


@pytest.mark.parametrize(
    ("model", "api", "url", "key"),
    [
        ("openai:gpt-5", CHAT, "https://api.openai.com/v1", "env-openai"),
        ("anthropic/claude", ANTHROPIC, "https://api.anthropic.com", ""),
        ("gemini:pro", GOOGLE, "https://generativelanguage.googleapis.com", "env-google"),
        ("ollama:llama3", CHAT, "http://127.0.0.1:11434/v1", ""),
    ],
)
def test_a_known_provider_needs_no_address(model: str, api: str, url: str, key: str) -> None:
    found = choice(model)
    assert (found.api, found.url, found.key) == (api, url, key)


@pytest.mark.parametrize(
    ("model", "base_url", "url"),
    [
        ("local:x", "http://mac:1234", "http://mac:1234/v1"),
        ("local:x", "http://mac:1234/", "http://mac:1234/v1"),
        ("local:x", "http://mac:1234/api/v3/", "http://mac:1234/api/v3"),
        ("ollama:x", "http://mac:11434/v1/chat/completions", "http://mac:11434/v1"),
        ("anthropic:x", "https://proxy.example.com/v1", "https://proxy.example.com"),
        ("google:x", "https://proxy.example.com/v1beta/", "https://proxy.example.com"),
    ],
)
def test_an_address_is_taken_as_people_write_it(model: str, base_url: str, url: str) -> None:
    assert choice(model, baseUrl=base_url).url == url


def test_runtime_beats_provider_entry_beats_environment() -> None:
    entry = {"openai": {"baseUrl": "https://entry.example.com/v1", "apiKey": "entry-key"}}
    assert choice("openai:x", entry).key == "entry-key"
    assert choice("openai:x", entry).url == "https://entry.example.com/v1"
    own = choice("openai:x", entry, baseUrl="https://own.example.com/v1", apiKey="own-key")
    assert (own.url, own.key) == ("https://own.example.com/v1", "own-key")
    assert choice("openai:x", entry, baseUrl="https://own.example.com/v1").key == "entry-key"


@pytest.mark.parametrize(
    ("api_key", "expected"),
    [
        ("plain", "plain"),
        ("WORK_KEY", "env-work"),
        ("NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE"),
        ({"source": "env", "provider": "default", "id": "WORK_KEY"}, "env-work"),
        ({"source": "file", "id": "WORK_KEY"}, ""),
    ],
)
def test_a_key_may_stand_in_a_variable(api_key: Any, expected: str) -> None:
    assert choice("work:x", {"work": {"baseUrl": "https://w.example.com", "apiKey": api_key}}).key == expected


ODD = "holds a character that is in no key, a line break for one: write it anew"


@pytest.mark.parametrize(
    ("api_key", "remedy"),
    [
        ("${NOPE_KEY}", "set the environment variable NOPE_KEY, which models.providers.Work.apiKey names"),
        ("a${NOPE}b${OTHER}", "set the environment variable NOPE, OTHER, which models.providers.Work.apiKey names"),
        ({"id": "NOPE_KEY"}, "set the environment variable NOPE_KEY, which models.providers.Work.apiKey names"),
        (
            {"source": "exec", "provider": "x", "id": "k"},
            "models.providers.Work.apiKey stands in a source of the kind 'exec', which is not read here",
        ),
        ("sk-secret\nsk-other", f"models.providers.Work.apiKey {ODD}"),
        ("sk-s\u00e9cret", f"models.providers.Work.apiKey {ODD}"),
        ({"id": "ODD_KEY"}, f"the environment variable ODD_KEY {ODD}"),
        ("ODD_KEY", f"the environment variable ODD_KEY {ODD}"),
    ],
)
@pytest.mark.parametrize("url", ["https://w.example.com", "http://127.0.0.1:1234"])
def test_what_is_no_key_is_none_and_told(api_key: Any, remedy: str, url: str) -> None:
    entry = {"Work": {"baseUrl": url, "apiKey": api_key}}
    found = config({"model": "work/x"}, providers=entry)
    (one,) = Models.of(found.agents.list[0], found, {"ODD_KEY": "secret\x01"}).choices
    assert one.key == ""
    assert needs_key(one).startswith(remedy)
    own = choice("work:x", baseUrl=url, apiKey="${NOPE_KEY}").missing
    assert own == "set the environment variable NOPE_KEY, which runtime.apiKey names"


def test_headers_are_sent_or_told() -> None:
    headers = {
        "X-Auth": "secret",
        "X-Work": {"source": "env", "id": "WORK_KEY"},
        "X-Exec": {"source": "exec", "id": "k"},
        "X-List": ["a"],
        "X Blank": "a",
    }
    entry = {"work": {"baseUrl": "http://w", "headers": headers}}
    found = choice("work:x", entry)
    assert (found.headers, found.missing) == ((("X-Auth", "secret"), ("X-Work", "env-work")), "")
    told = lacking({"model": "work/x"}, KEYS, entry)
    where = "models.providers.work.headers"
    assert [line.partition(" is not sent: ")[0] for line in told] == [
        f"{where}.X-Exec",
        f"{where}.X-List",
        f"{where}.X Blank",
    ]
    assert "secret" not in f"{found} {found!r} {told}"


@pytest.mark.parametrize("value", ["Token ${NOPE}", {"id": "NOPE"}])
def test_a_header_whose_variable_is_not_set_costs_the_model(value: Any) -> None:
    found = choice("work:x", {"work": {"baseUrl": "http://w", "apiKey": "k", "headers": {"X-Auth": value}}})
    assert found.headers == ()
    assert needs_key(found) == "set the environment variable NOPE, which models.providers.work.headers.X-Auth names"


def test_a_provider_entry_of_openclaw_is_read_past_what_counts() -> None:
    entry = {
        "baseUrl": "https://x.example.com",
        "api": "anthropic-messages",
        "headers": {"X-Title": "t"},
        "models": [{"id": "m", "contextWindow": 1000}],
    }
    found = choice("Mine/m", {"mine": entry})
    assert (found.api, found.url) == (ANTHROPIC, "https://x.example.com")


def test_the_model_of_an_agent_is_its_own_else_that_of_all() -> None:
    own = config({"model": {"primary": "openai/a", "fallbacks": ["openai/b", "openai/a"]}}, defaults="openai/d")
    assert names(own.agents.list[0], own) == ("openai/a", "openai/b")
    usual = config({"runtime": {"type": "embedded"}}, defaults={"primary": "openai/d", "fallbacks": ["openai/e"]})
    assert names(usual.agents.list[0], usual) == ("openai/d", "openai/e")
    half = config({"model": {"fallbacks": ["openai/b"]}}, defaults="openai/d")
    assert names(half.agents.list[0], half) == ("openai/d", "openai/b")
    runtime = config({"runtime": {"type": "model", "model": "openai:r"}, "model": "openai/a"})
    assert names(runtime.agents.list[0], runtime) == ("openai:r",)
    echo = config({"runtime": {"type": "echo"}}, defaults="openai/d")
    assert names(echo.agents.list[0], echo) == ()
    assert names(config().agents.list[0], config()) == ()


@pytest.mark.parametrize(
    ("agent", "providers", "said"),
    [
        ({}, {}, "has no model: write agents.list[].model or agents.defaults.model"),
        ({"model": "gpt-5"}, {}, "'gpt-5' does not name a model: write it as provider:name"),
        ({"model": "nowhere/x"}, {}, "write models.providers.nowhere.baseUrl"),
        ({"model": "openai-compatible/x"}, {}, "models.providers.openai-compatible.baseUrl"),
        ({"model": {"primary": "nowhere/x", "fallbacks": ["no/y"]}}, {}, "provider 'nowhere' is not known"),
        ({"model": {"primary": "openai/x", "fallbacks": ["nowhere/y"]}}, {}, ""),
        ({"model": {"primary": "nowhere/x", "fallbacks": ["openai/y"]}}, {}, ""),
        ({"model": "a/${MY_MODEL}"}, {"a": {"baseUrl": "http://m"}}, "the environment variable MY_MODEL, which"),
        (
            {"model": "a/x"},
            {"a": {"baseUrl": "http://m/v1?key=hidden"}},
            "leave out all from the ? or #, and write a key",
        ),
        ({"model": "a/x"}, {"a": {"baseUrl": "http://m/v1#key"}}, "baseUrl of provider 'a' goes on behind its path"),
        ({"model": "a/x"}, {"a": {"baseUrl": "mac:1234"}}, "baseUrl of provider 'a' is no address"),
        ({"model": "a/x"}, {"a": {"baseUrl": "http://[oops"}}, "baseUrl of provider 'a' is no address"),
        ({"model": "a/x"}, {"a": {"baseUrl": "http://mac:port"}}, "baseUrl of provider 'a' is no address"),
        ({"model": "a/x"}, {"a": {"baseUrl": "http://me:pw@mac"}}, "holds a password: write it as apiKey"),
        (
            {"model": "a/x"},
            {"a": {"baseUrl": "http://m", "api": "smoke"}},
            "models.providers.a.api: 'smoke' is not spoken",
        ),
        ({"model": "openai/x"}, {}, ""),
    ],
)
def test_what_cannot_be_worked_out_is_said_with_the_remedy(agent: Any, providers: Any, said: str) -> None:
    found = config(agent, providers=providers)
    told = fault(found.agents.list[0], found)
    assert said in told
    assert "hidden" not in told
    assert bool(said) == bool(told)


def lacking(agent: dict[str, Any], environment: dict[str, str], providers: Any = None) -> list[str]:
    """What the models of that agent do without."""
    found = config(agent, providers=providers)
    return list(lacks(found.agents.list[0], found, environment))


def test_what_its_models_lack_is_told() -> None:
    agent = {"model": {"primary": "openai/x", "fallbacks": ["anthropic/y", "nowhere/z"]}}
    assert lacking({"model": "openai/x"}, KEYS) == []
    openai, anthropic, nowhere = lacking(agent, {})
    held = "until then its messages are held"
    remedy = "set the environment variable OPENAI_API_KEY, or models.providers.openai.apiKey"
    assert openai == f"model openai:x needs a key: {remedy}; {held}"
    assert anthropic.startswith("model anthropic:y needs a key: ") and anthropic.endswith(held)
    assert nowhere.startswith("provider 'nowhere' is not known here") and nowhere.endswith(held)
    anthropic, nowhere = lacking(agent, KEYS)
    assert anthropic.endswith("or models.providers.anthropic.apiKey; until then the others are asked")
    assert nowhere.endswith("; until then the others are asked")


def test_some_servers_need_no_key() -> None:
    assert needs_key(choice("openai:x", baseUrl="https://proxy.example.com")) == ""
    assert needs_key(choice("vllm:x")) == ""


def test_a_session_may_name_another_model() -> None:
    runtime = {"type": "model", "model": "openai:a", "baseUrl": "https://own.example.com/v1", "apiKey": "own"}
    found = config({"runtime": runtime}, providers={"openai": {"apiKey": "entry"}})
    models = Models.of(found.agents.list[0], found, KEYS)
    assert [models.named(text).label for text in ("b", "openai/b", "google:g")] == ["openai:b", "openai:b", "google:g"]
    assert (models.named("b").url, models.named("b").key) == ("https://own.example.com/v1", "own")
    # Another provider gets nothing of the agent's own.
    assert (models.named("google:g").url, models.named("google:g").key) == (PROVIDERS["google"].url, "env-google")
    with pytest.raises(ModelNameError, match="nowhere"):
        models.named("nowhere/x")


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("mac", True),
        ("mac-mini.local", True),
        ("192.168.1.7", True),
        ("[::1]", True),
        ("api.openai.com", False),
        ("8.8.8.8", False),
    ],
)
def test_what_runs_in_the_house(host: str, near: bool) -> None:
    assert is_near(f"http://{host}:80/v1") is near


def test_keys_are_never_shown() -> None:
    found = config(
        {"runtime": {"type": "model", "model": "openai:a", "apiKey": "own-secret"}},
        providers={"p": {"apiKey": "entry-secret", "headers": {"Authorization": "other-secret"}}},
    )
    models = Models.of(found.agents.list[0], found, {"OPENAI_API_KEY": "env-secret"})
    assert "-secret" not in f"{models} {models.choices} {found}"
    document = {"models": {"providers": {"p": {"apiKey": "x1", "headers": {"X-Api-Key": "x2"}, "baseUrl": "http://m"}}}}
    shown = {"apiKey": MARKER, "headers": {"X-Api-Key": MARKER}, "baseUrl": "http://m"}
    assert redact(document) == {"models": {"providers": {"p": shown}}}
