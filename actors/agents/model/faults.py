"""What went wrong between us and a model, and what may be done about it.

In: whatever the client library raised, and who was asked. Out: a ``Fault``: words for the operator, which never hold a
key, and whether asking again, asking for less, or asking another model may help. Pure; the library is imported late.
"""

from typing import Any, Final, NamedTuple

from actors.agents.model.names import Choice
from config.redaction import redact

LONGEST: Final = 300
"""Characters of what a provider says about a failure."""
_SHAPE: Final = frozenset({400, 404, 413, 415, 422})
"""What a server answers that does not take files, or does not stream: some say 404."""


class Fault(NamedTuple):
    """``again``: the same request may succeed later, not before ``wait`` seconds where the server says so.

    ``shape``: the request may be too much for it as it is: it streams, or files are in it. ``status`` is that of HTTP,
    0 without one. ``elsewhere``: another model may answer, which is what people name others for.
    """

    words: str
    again: bool = False
    elsewhere: bool = True
    shape: bool = False
    status: int = 0
    wait: float = 0.0


class EmptyError(Exception):
    """The answer came and says nothing; the message says why it ended."""


class BrokenError(Exception):
    """The answer stopped before its end."""


def failures() -> tuple[type[Exception], ...]:
    """What may come up while a model is asked; the library stumbles over JSON of a wrong shape in any way."""
    from httpx2 import HTTPError, StreamError
    from pydantic_ai.exceptions import AgentRunError, UserError

    ours = (EmptyError, BrokenError, TimeoutError)
    shapes = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
    return *ours, AgentRunError, UserError, HTTPError, StreamError, *shapes


def fault_of(error: BaseException, choice: Choice) -> Fault:
    """What ``error`` means, which came up while ``choice`` was asked."""
    from pydantic_ai import exceptions as found

    match error:
        case found.ModelQuotaExceededError():
            words = f"{choice}: its quota or credit is used up{_said(error, choice)}; look at the account there"
            return Fault(words, status=_status(error))
        case found.ModelContextWindowExceededError():
            words = "the conversation is too long for it: lower agents.defaults.contextTokens, or begin anew with /new"
            return Fault(f"{choice}: {words}", status=_status(error))
        case found.ModelAuthenticationError():
            return _locked(_status(error), choice)
        case found.ModelHTTPError(status_code=status):
            return _http(error, status, choice)
        case found.ModelTimeoutError() | TimeoutError():
            return Fault(f"{choice}: no answer in time", again=True)
        case found.ModelConnectionError():
            return Fault(f"{choice}: {_unreachable(error, choice)}", again=True)
        case found.ModelRequestRejectedError() | found.UserError():
            return Fault(f"{choice}: the request is refused{_said(error, choice)}", shape=True)
        case EmptyError():
            return Fault(f"{choice}: the answer is empty{_said(error, choice)}", again=True)
        case BrokenError():
            return Fault(f"{choice}: the answer broke off", again=True)
        case RecursionError():
            return Fault(f"{choice}: the answer cannot be read: it is nested too deep", again=True)
    return Fault(f"{choice}: the answer cannot be read{_said(error, choice)}", again=True)


def moved(choice: Choice, status: int) -> Fault:
    """The server says with an HTTP ``status`` of 3xx that this is not its address."""
    return Fault(f"{choice}: it says that it is elsewhere ({status}): check baseUrl", status=status)


def _locked(status: int, choice: Choice) -> Fault:
    # What is said about a key may repeat it.
    what = (
        "the key is not allowed to ask it"
        if status == 403
        else "the key is refused"
        if choice.key
        else "it needs a key"
    )
    remedy = f"runtime.apiKey, models.providers.{choice.provider}.apiKey or the environment"
    return Fault(f"{choice}: {what} ({status}): look at {remedy}", status=status)


def _http(error: Any, status: int, choice: Choice) -> Fault:
    said = _said(error, choice)
    if status in (401, 403):
        return _locked(status, choice)
    if status == 404:
        remedy = "check the model's name and baseUrl"
        return Fault(f"{choice}: not found (404{said}): {remedy}", shape=True, status=status)
    if status in (408, 409, 425, 429) or status >= 500:
        wait = max(0.0, error.retry_after or 0.0)
        return Fault(f"{choice}: status {status}{said}", again=True, status=status, wait=wait)
    return Fault(f"{choice}: the request is refused ({status}{said})", shape=status in _SHAPE, status=status)


def _unreachable(error: Any, choice: Choice) -> str:
    if error.phase == "connect":
        return "nobody answers there: is it running?" if choice.near else "it cannot be reached"
    return "the connection broke"


def _status(error: BaseException) -> int:
    return getattr(error, "status_code", 0)


def _said(error: Any, choice: Choice) -> str:
    """What the other side says about it, in one line, led in by a colon; empty where it says nothing."""
    text = _message(getattr(error, "body", None)) or getattr(error, "message", "") or str(error)
    text = " ".join(text.split())
    if choice.key:
        text = text.replace(choice.key, "...")
    return f": {redact(text[:LONGEST])}" if text else ""


def _message(body: object) -> str:
    """The message in an error body: OpenAI, Anthropic and Google all have one, at one of two places."""
    match body:
        case {"error": {"message": str(text)}} | {"message": str(text)} | {"error": str(text)} | {"detail": str(text)}:
            return text
        case str(text):
            return text
    return ""
