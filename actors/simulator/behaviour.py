"""What a simulator run is told to be like: one frozen value, read once at the start.

In: the environment (`IMSG_SIM_*`) and the flags of the command line; a flag wins. Out: a `Behaviour`.
Every later knob is one more field here, so no other module reads the environment.
"""

from collections.abc import Mapping
from typing import NamedTuple

from actors.simulator.generations import DEFAULT, DEFAULT_VERSION, Generation, generation

DEFAULT_OWN_ADDRESS = "+15550009999"


class BehaviourError(Exception):
    """A knob has a value that means nothing; the text names the knob."""


class Behaviour(NamedTuple):
    """How this run behaves.

    own_address: the account's own handle, on own rows and as the address a message came to.
    send_delay_ms: how long Messages takes over one send before its row appears.
    send_ids: whether send results carry `id` and `guid`; without them the own row keeps its text only in
        attributedBody, which is why newer macOS has none up to 0.9 (imsg protocol 7).
    generation: the version of imsg that is played.
    bridge: whether the bridge into Messages is ready (imsg protocol 8, 12.4).
    poll_rows, fallback_ms: the most rows of one poll of a watch, and the time between its regular polls.
    flip_ms: how long an own row passes for the peer's before Messages corrects it; 0 never does.
    twin_ms: how long the second row of a note to oneself takes to arrive; 0 is the same commit.
    """

    own_address: str = DEFAULT_OWN_ADDRESS
    send_delay_ms: int = 0
    send_ids: bool = True
    generation: Generation = DEFAULT
    bridge: bool = False
    poll_rows: int = 100
    fallback_ms: int = 5000
    flip_ms: int = 0
    twin_ms: int = 0


def read_behaviour(environment: Mapping[str, str], flags: Mapping[str, str]) -> Behaviour:
    """Combine `IMSG_SIM_OWN_ADDRESS`, `.._SEND_DELAY_MS`, .. with the flags of the same names; the flag
    `--imsg-version` goes with `IMSG_SIM_VERSION`.

    `flags` maps flag names without dashes (`send-delay-ms`) to their text. Raises BehaviourError.
    """

    def knob(name: str, default: str) -> str:
        return flags.get(name, environment.get("IMSG_SIM_" + name.upper().replace("-", "_"), default))

    return Behaviour(
        own_address=knob("own-address", DEFAULT_OWN_ADDRESS),
        send_delay_ms=_milliseconds("send-delay-ms", knob("send-delay-ms", "0")),
        send_ids=_switch("send-ids", knob("send-ids", "true")),
        generation=_generation(flags.get("imsg-version", knob("version", DEFAULT_VERSION))),
        bridge=_switch("bridge", knob("bridge", "false")),
        poll_rows=_rows("poll-rows", knob("poll-rows", "100")),
        fallback_ms=_milliseconds("fallback-ms", knob("fallback-ms", "5000")),
        flip_ms=_milliseconds("flip-ms", knob("flip-ms", "0")),
        twin_ms=_milliseconds("twin-ms", knob("twin-ms", "0")),
    )


def _generation(version: str) -> Generation:
    try:
        return generation(version)
    except ValueError as error:
        raise BehaviourError(f"imsg-version: {error}") from error


def _rows(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise BehaviourError(f"{name}: {text!r} is not a whole number of rows above 0")
    return int(text)


def _milliseconds(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BehaviourError(f"{name}: {text!r} is not a whole number of milliseconds")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise BehaviourError(f"{name}: {text!r} is neither true nor false")
