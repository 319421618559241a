"""The config file: found, read, judged, and turned into effective accounts.

`Places.from_env` says where everything is; `load` reads the file there and returns a `Loaded`: either a
`Config` with its `Account`s, or every `Problem` with key, line and remedy. A `Check` adds to those what only
others know. The file is the JSON5 file OpenClaw users have, plus the keys of this gateway. `config.writer` changes
it and keeps every comment; reloading is not here.
"""

from config.account import Account
from config.checks import Check, Finding
from config.loading import Loaded, load
from config.places import Places
from config.problems import Problem
from config.schema import Config
from config.schema.agents import (
    AcpRuntime,
    Agent,
    AgentDefaults,
    CommandRuntime,
    EchoRuntime,
    EmbeddedRuntime,
    ModelChoice,
    ModelRuntime,
)
from config.schema.bindings import Binding
from config.schema.channel import DmEntry, GroupEntry, OwnerNotice, RateLimit, Recovery
from config.schema.gateway import Retention

__all__ = [
    "Account",
    "AcpRuntime",
    "Agent",
    "AgentDefaults",
    "Binding",
    "Check",
    "CommandRuntime",
    "Config",
    "DmEntry",
    "EchoRuntime",
    "EmbeddedRuntime",
    "Finding",
    "GroupEntry",
    "Loaded",
    "ModelChoice",
    "ModelRuntime",
    "OwnerNotice",
    "Places",
    "Problem",
    "RateLimit",
    "Recovery",
    "Retention",
    "load",
]
