"""What of turns the owner is told: each a ``Notice`` in plain words. Pure.

In: a message, its session and what became of its turn. Out: the notice. None quotes what anybody wrote.
"""

from actors.envelopes.inbound import Admitted
from actors.envelopes.steering import Notice

LONGEST_FAILURE = 200


def failed(message: Admitted, session: str, failure: str) -> Notice:
    """A turn had no answer: its messages are held."""
    text = f"agent {message.agent} could not answer a message in session {session}: {_short(failure)}"
    return _about("agent failed", message, session, f"{text}. It is held: see `gateway held list`.")


def broke_off(message: Admitted, session: str, failure: str) -> Notice:
    """A turn failed after it had said something."""
    text = f"agent {message.agent} broke off its answer in session {session}: {_short(failure)}"
    return _about("agent broke off", message, session, f"{text}.")


def quarantined(message: Admitted, session: str, failures: int) -> Notice:
    """Its turns fail all the time."""
    text = f"{failures} turns in a row failed in session {session}, so its messages are held"
    remedy = "Mend its agent, then send /new there, or release one (`gateway held list`)"
    return _about("quarantined", message, session, f"{text}. {remedy}.")


def cut_off(message: Admitted, session: str) -> Notice:
    """A restart came between the parts of an answer."""
    text = f"a restart cut off an answer in session {session}; what was said of it stays, the rest is not made up"
    return _about("cut off", message, session, f"{text}.")


def _about(what: str, message: Admitted, session: str, text: str) -> Notice:
    return Notice(message.row.account, f"{what}: {session}", text)


def _short(failure: str) -> str:
    words = " ".join(failure.split())
    return words if len(words) <= LONGEST_FAILURE else words[: LONGEST_FAILURE - 1] + "…"
