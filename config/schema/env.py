"""`env`: variables the config file brings along for its `${NAME}` references."""

from __future__ import annotations

from pydantic import ConfigDict, Field, SecretStr

from config.schema.base import Block, Count


class ShellEnv(Block):
    """OpenClaw's import of variables from a login shell; read and not used."""

    enabled: bool = False
    """Read and not used: start the gateway from an environment that has them, or use a .env file."""
    timeout_ms: Count | None = None
    """Read and not used."""


class Env(Block):
    """Variables for `${NAME}` references; a variable that is already set wins."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, SecretStr] = Field(init=False)

    vars: dict[str, SecretStr] = Field(default_factory=dict)
    """The variables by name."""
    shell_env: ShellEnv | None = None
    """OpenClaw's import of variables from a login shell; read and not used."""
