"""What a model is sent: the instructions, the past, and the prompts of this turn with their files.

In: the context of a turn, and files by their roots. Out: a ``Question``, and of it the messages of the client library.
The roles alternate, because some servers insist on it. ``attached`` reads files; the rest is pure.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from actors.agents.briefing.context import TurnContext
from actors.agents.briefing.context_parts import Media
from actors.agents.briefing.prompts import Said, history, instructions, prompt
from actors.attachments.roots import RefusedError, Roots, read

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, UserContent

NOTHING_SAID: Final = "NO_REPLY"
"""Stands for the agent where it said nothing to a message."""
NOT_SHOWN: Final = "Not all files of this turn could be shown to you. Say so where it matters."
MOST_FILES: Final = 10
MOST_BYTES: Final = 20 * 1024 * 1024
"""Of all files of one prompt together: providers refuse larger requests."""
_TYPES: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
}
_OTHER_NAMES: Final = {"image/jpg": "image/jpeg", "application/x-pdf": "application/pdf"}


class Attached(NamedTuple):
    """A file a model may look at."""

    media_type: str
    data: bytes


class Prompt(NamedTuple):
    """What is asked. ``missing``: some of its files are not here."""

    text: str
    files: tuple[Attached, ...] = ()
    missing: bool = False


class Question(NamedTuple):
    """All a model is asked with: ``now`` are the prompts of this turn, ``answers`` its answers to all but the last."""

    instructions: str
    past: tuple[Said, ...]
    now: tuple[Prompt, ...]
    answers: tuple[str, ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether there are files in it."""
        return any(one.files for one in self.now)

    def followed(self, answer: str, then: Prompt) -> "Question":
        """The same, answered so, and asked further."""
        return self._replace(now=(*self.now, then), answers=(*self.answers, answer))


def question(context: TurnContext, tokens: int, asked: Prompt) -> Question:
    """The question of a turn, with earlier turns of at most ``tokens`` tokens."""
    return Question(instructions(context), tuple(_alternating(history(context, tokens).said)), (asked,))


def asked(context: TurnContext, roots: Roots) -> tuple[Prompt, tuple[str, ...]]:
    """The prompt of a turn with its files, read from disk, and for each that is not shown the reason."""
    files: list[Attached] = []
    refused: list[str] = []
    room = MOST_BYTES
    for media in context.media:
        media_type = _type(media)
        if not media_type or len(files) >= MOST_FILES:
            refused.append(f"{media.path!r} is {'one file too many' if media_type else 'no image or PDF'}")
            continue
        try:
            data = read(media.path, roots._replace(most=min(room, roots.most)))
        except RefusedError as error:
            refused.append(str(error))
            continue
        room -= len(data)
        files.append(Attached(media_type, data))
    return Prompt(prompt(context), tuple(files), bool(refused)), tuple(refused)


def messages(of: Question, with_files: bool) -> "list[ModelMessage]":
    """The question as the client library takes it."""
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    found: list[ModelMessage] = []
    for role, text in of.past:
        is_user = role == "user"
        found.append(ModelRequest([UserPromptPart(text)]) if is_user else ModelResponse([TextPart(text)]))
    for number, one in enumerate(of.now):
        content = list(_content(one)) if with_files and one.files else one.text
        found.append(ModelRequest([UserPromptPart(content)]))
        if number < len(of.answers):
            found.append(ModelResponse([TextPart(of.answers[number] or NOTHING_SAID)]))
    short = any(one.missing or (one.files and not with_files) for one in of.now)
    last = found[-1]
    assert isinstance(last, ModelRequest)
    last.instructions = f"{of.instructions}\n\n{NOT_SHOWN}" if short else of.instructions
    return found


def _content(one: Prompt) -> "Iterator[UserContent]":
    from pydantic_ai.messages import BinaryContent

    yield one.text
    for file in one.files:
        yield BinaryContent(file.data, media_type=file.media_type)


def _alternating(said: Iterable[Said]) -> Iterator[Said]:
    """What was said, people first and last the agent, nobody twice in a row."""
    before: Said | None = None
    for one in said:
        if before is None:
            before = one if one.role == "user" else None
        elif before.role == one.role:
            before = Said(one.role, f"{before.text}\n{one.text}")
        else:
            yield before
            before = one
    if before is not None:
        yield before
        if before.role == "user":
            yield Said("assistant", NOTHING_SAID)


def _type(media: Media) -> str:
    """The MIME type of a file models look at; empty for others."""
    declared = media.mime_type.partition(";")[0].strip().lower()
    declared = _OTHER_NAMES.get(declared, declared)
    if declared in _TYPES or declared.startswith(("image/", "audio/", "video/")):
        return declared if declared in _TYPES else ""
    name = (media.name or media.path).lower()
    return next((kind for kind, endings in _TYPES.items() if name.endswith(endings)), "")
