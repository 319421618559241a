"""What some agents need beyond the gateway's own packages, and whether it is there. Pure: nothing is imported.

Libraries for models are large and many; who answers with a program of their own does not need them.
"""

from importlib.util import find_spec
from typing import NamedTuple


class Extra(NamedTuple):
    """An extra of the package: its name, the module that shows it is there, and what it is for."""

    name: str
    module: str
    purpose: str

    @property
    def is_here(self) -> bool:
        """Whether it can be imported."""
        return find_spec(self.module) is not None

    @property
    def remedy(self) -> str:
        """How to get it, as a sentence."""
        return (
            f"{self.purpose} need more packages: run `bin/gateway extras`, "
            f"or pip install 'imessage-gateway[{self.name}]'"
        )


MODEL = Extra("model", "pydantic_ai", "model agents")
ACP = Extra("acp", "acp", "ACP agents")
EXTRAS = (MODEL, ACP)
