"""`agents`: who answers, and with what.

Agents stand in `agents.list[]`, or in the newer `agents.entries{}` keyed by id; both read the same. `runtime`
says what runs for an agent: `embedded` and `acp` as OpenClaw means them, `echo`, `command` and `model` of this
gateway. Without a runtime the agent's `model` (else the one of the defaults) makes it a model agent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from config.ids import normalize_id
from config.schema.base import Block, Count, File, Phrase, Positive, Reach, Text, Word

AgentId = Annotated[str, Reach.NOTHING, AfterValidator(lambda text: normalize_id(text, "main"))]


class ModelChoice(Block):
    """A model, with what to try when it fails."""

    primary: Word | None = None
    """The model, as `provider/name`."""
    fallbacks: tuple[Phrase, ...] = ()
    """What to try when it fails, in this order."""


Tokens = Annotated[int, Field(ge=1, le=10_000_000)]


def _choice(value: Any) -> Any:
    return {"primary": value} if isinstance(value, str) else value


Model = Annotated[ModelChoice, BeforeValidator(_choice, json_schema_input_type=ModelChoice | str)]


class _Runtime(Block):
    acknowledge_no_sandbox: bool = False
    """Run it although `sandbox` and `tools` are not enforced here."""


class EchoRuntime(_Runtime):
    """Answers `echo: <text>`."""

    type: Literal["echo"] = "echo"
    """Answers with the text it got."""


class CommandRuntime(_Runtime):
    """A program: the turn as JSON on stdin, the reply on stdout."""

    type: Literal["command"] = "command"
    """A program of yours."""
    command: Annotated[tuple[Text, ...], Field(min_length=1)]
    """The program and its arguments; no shell looks at them."""
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """Seconds one turn may take; `agents.defaults.timeoutSeconds` when unset."""


class ModelRuntime(_Runtime):
    """A model by `<provider>:<name>`."""

    type: Literal["model"] = "model"
    """A model over the network."""
    model: Text
    """The model, as `provider:name`."""
    base_url: Text | None = None
    """Where it is asked; the provider's address when unset."""
    api_key: SecretStr | None = None
    """The key for it; best as a variable, `${NAME}`."""
    system_prompt: str | None = None
    """The agent's instructions."""


class EmbeddedRuntime(_Runtime):
    """OpenClaw's own agent loop: the agent's model answers."""

    type: Literal["embedded"] = "embedded"
    """The agent's `model` answers."""


class AcpOptions(Block):
    """Which Agent Client Protocol program to talk to, and how."""

    agent: str | None = None
    """The program's name."""
    command: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """The program and its arguments, where `agent` does not name one; no shell looks at them."""
    backend: str | None = None
    """Read and not used: this gateway runs it."""
    mode: Literal["persistent", "oneshot"] | None = None
    """One process for the whole session, or one for each turn."""
    cwd: File | None = None
    """The folder it works in."""


class AcpRuntime(_Runtime):
    """A program that speaks the Agent Client Protocol."""

    type: Literal["acp"] = "acp"
    """A program that speaks the Agent Client Protocol."""
    acp: AcpOptions = Field(default_factory=AcpOptions)
    """Which program, and how."""


Runtime = EchoRuntime | CommandRuntime | ModelRuntime | EmbeddedRuntime | AcpRuntime


class Identity(Block):
    """Who the agent appears to be."""

    name: Phrase | None = None
    """Its name; also how people mention it in groups."""
    emoji: Phrase | None = None
    """Its emoji; also a mention."""


class AgentGroupChat(Block):
    """The agent in groups."""

    mention_patterns: tuple[Phrase, ...] | None = None
    """Regular expressions that count as a mention; an empty list switches mentions off for this agent."""
    history_limit: Count | None = None
    """Messages of a group kept as context for this agent where the channel does not say, at most 200."""


class AgentEntry(Block):
    """One agent."""

    default: bool = False
    """Whether it answers where no binding says otherwise; the first agent when none is marked."""
    name: Phrase | None = None
    """A label for people."""
    workspace: Annotated[Text, Reach.FILE] | None = None
    """The folder it works in."""
    identity: Identity = Field(default_factory=Identity)
    """Who it appears to be."""
    group_chat: AgentGroupChat | None = None
    """Its settings in groups."""
    model: Model | None = None
    """The model that answers when there is no `runtime`."""
    context_tokens: Tokens | None = None
    """Tokens of earlier turns it is told; `agents.defaults.contextTokens` when unset."""
    runtime: Annotated[Runtime, Field(discriminator="type"), Reach.AGENT] | None = None
    """What answers."""


class Agent(AgentEntry):
    """One agent with its id."""

    id: AgentId
    """Its id: lower case letters, digits and dashes."""


class AgentDefaults(Block):
    """What agents share."""

    max_concurrent: Positive = 4
    """Turns that may run at the same time."""
    timeout_seconds: Positive = 600
    """Seconds one turn may take."""
    workspace: Annotated[Text, Reach.FILE] | None = None
    """The folder of agents without their own."""
    model: Model | None = None
    """The model of agents without their own."""
    context_tokens: Tokens = 16_000
    """Tokens of earlier turns a model, or a new process of an acp agent, is told; an estimate."""
    user_timezone: Phrase | None = None
    """The time zone of the people, also for `session.reset`, such as Europe/Berlin; this computer's when unset."""
    envelope_timezone: Phrase | None = None
    """The time zone of times in an envelope: local, utc, user, or a name such as Europe/Berlin."""
    envelope_timestamp: Literal["on", "off"] = "on"
    """Whether an envelope says when a message was written."""
    envelope_elapsed: Literal["on", "off"] = "on"
    """Whether an envelope says how long ago the last message was."""


class Agents(Block):
    """Who answers, and with what."""

    defaults: AgentDefaults = Field(default_factory=AgentDefaults)
    """What agents share."""
    listed: tuple[Agent, ...] = Field(default=(), alias="list")
    """The agents."""
    entries: dict[str, AgentEntry] = Field(default_factory=dict)
    """The agents by id, as newer OpenClaw files have them; reads as `list`."""

    @property
    def list(self) -> tuple[Agent, ...]:
        """All agents, those of `entries` after those of `list`."""
        return self.listed + tuple(
            Agent.model_construct(entry.model_fields_set | {"id"}, id=normalize_id(key, "main"), **dict(entry))
            for key, entry in self.entries.items()
        )
