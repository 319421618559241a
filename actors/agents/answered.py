"""An agent is asked, and whatever it does is one result: an answer that is well formed, or a failure in words.

Out: a ``TurnEnded`` (text without lone surrogates, which no wire carries), and the error where the agent broke, for
the log. What an agent raises ends its turn and nothing else, be it a ``SystemExit``.
"""

from collections.abc import Callable

from actors.agents.base import Agent, AgentError, Job, Said
from actors.envelopes.outbound import TurnEnded, Usage

LONGEST_FAILURE = 500
"""Characters of a failure that are kept."""


def answered(agent: Agent, job: Job) -> tuple[TurnEnded, BaseException | None]:
    """The agent's answer to ``job.turn``, on the calling thread; with it what broke, if anything did."""
    number = job.turn.number
    try:
        return _checked(number, agent.answer(job)), None
    except AgentError as error:
        return TurnEnded(number, None, failure(str(error))), None
    except BaseException as error:  # a bug in an agent is that turn's failure, not the gateway's
        return TurnEnded(number, None, failure(f"broke: {error!r}")), error


def raised(call: Callable[..., object], *arguments: object) -> BaseException | None:
    """Call what must not break its caller: what it raised, None if nothing."""
    try:
        call(*arguments)
    except Exception as error:  # for the log
        return error
    return None


def _checked(number: int, said: Said) -> TurnEnded:
    """Raises TypeError for what is no answer."""
    if type(said) is not Said:
        raise TypeError(f"answered with {type(said).__name__}")
    if said.usage is None and said.media == () and said.taken == () and type(said.text) is str:
        return TurnEnded(number, readable(said.text), "")
    text, media = part(said.text, said.media)
    taken = tuple(seq for seq in said.taken if type(seq) is int)
    return TurnEnded(number, text, "", media, taken, None if said.usage is None else _usage(said.usage))


def part(text: str, media: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What an agent says, made well formed. Raises TypeError when it is no text, or the files are no paths."""
    if not isinstance(text, str):
        raise TypeError(f"said {type(text).__name__} instead of text")
    if not isinstance(media, tuple | list) or not all(isinstance(path, str) for path in media):
        raise TypeError("files are a tuple of their paths")
    return readable(text), tuple(media)


def _usage(usage: Usage) -> Usage:
    """What was counted, as far as it can be."""
    tokens = (usage.input_tokens, usage.output_tokens)
    counted = (count if type(count) is int and 0 <= count < 1 << 53 else 0 for count in tokens)
    return Usage(readable(str(usage.model)), *counted)


def failure(text: str) -> str:
    """A failure's reason, readable and not too long. Never empty: an empty one would be none."""
    return readable(text)[:LONGEST_FAILURE].strip() or "failed without a reason"


def readable(text: str) -> str:
    """``text`` with U+FFFD for each lone surrogate; two that are a pair become their character."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
