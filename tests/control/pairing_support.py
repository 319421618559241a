"""People who ask for access, and a config for the pairing verbs."""

from __future__ import annotations

import json
import time
from typing import Any

from actors.pairing.store import PairingStore
from config import Places

ALICE, BOB, CAROL = "+15550001111", "bob@example.com", "+15550003333"


def ask(places: Places, who: str = ALICE, account: str = "default", sender: str = "Alice") -> str:
    """``who`` asks for access; the code."""
    code, created = PairingStore(places.credentials).challenge(account, who, time.time(), {"sender": sender})
    assert created
    return code


def let_in(places: Places, who: str = ALICE, account: str = "default") -> None:
    """``who`` was approved before."""
    assert PairingStore(places.credentials).admit(account, (who,), time.time()) == (who,)


def allowed(places: Places, account: str = "default") -> frozenset[str]:
    """Whom the pairing store lets in."""
    return PairingStore(places.credentials).allowed(account)


def waiting(places: Places) -> list[str]:
    """Who waits with a code, in any account."""
    return [one.id for one in PairingStore(places.credentials).requests(now=time.time())]


def configure(places: Places, channel: dict[str, Any] | None = None, **blocks: Any) -> None:
    """Write the config file."""
    places.config.parent.mkdir(parents=True, exist_ok=True)
    places.config.write_text(json.dumps({"channels": {"imessage": channel or {}}, **blocks}))
