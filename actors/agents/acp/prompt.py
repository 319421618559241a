"""What an ACP agent is prompted with: text, and images where it takes them.

In: a ``TurnContext``; for a process that is new to the session also what was said before. Out: content blocks of the
protocol, and which images may not be read: those are left out. Files are read here, under the account's roots.
"""

import base64
from typing import TYPE_CHECKING

from actors.agents.briefing.context import TurnContext
from actors.agents.briefing.prompts import FENCE, UNTRUSTED, fenced, history, instructions, prompt
from actors.attachments.roots import RefusedError, Roots, read

if TYPE_CHECKING:
    from acp.schema import ImageContentBlock, TextContentBlock

Prompt = list["TextContentBlock | ImageContentBlock"]

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What models see; anything else is named in the text, with its path."""
EARLIER = "What was said here before you were started"


def blocks_of(context: TurnContext, fresh: bool, tokens: int, roots: Roots | None) -> tuple[Prompt, list[str]]:
    """The prompt, and why files are left out. ``fresh``: with the instructions and the earlier turns, as far as
    ``tokens`` reach. ``roots`` None: without images. Reads files: for threads that may wait.
    """
    from acp.helpers import image_block, text_block

    text = opening(context, tokens) if fresh else prompt(context)
    images, refused = ([], []) if roots is None else _images(context, roots)
    return [text_block(text), *(image_block(data, kind) for kind, data in images)], refused


def opening(context: TurnContext, tokens: int) -> str:
    """The first prompt of a process: who it is, what was said before, what to answer now."""
    return "\n\n".join(part for part in (instructions(context), _earlier(context, tokens), prompt(context)) if part)


def _earlier(context: TurnContext, tokens: int) -> str:
    told = history(context, tokens)
    if not told.said:
        return ""
    older = f", without {told.left_out} older turns" if told.left_out else ""
    lines = ",\n".join(
        fenced({"by": "you" if one.role == "assistant" else "people", "text": one.text}) for one in told.said
    )
    return f"{EARLIER}{older} {UNTRUSTED}\n{FENCE}json\n[\n{lines}\n]\n{FENCE}"


def _images(context: TurnContext, roots: Roots) -> tuple[list[tuple[str, str]], list[str]]:
    """Type and content (base64) of the images that may be read; why the others may not."""
    images, refused = list[tuple[str, str]](), list[str]()
    for file in context.media:
        kind = file.mime_type.lower()
        if kind in IMAGES:
            try:
                images.append((kind, base64.b64encode(read(file.path, roots)).decode("ascii")))
            except RefusedError as error:
                refused.append(str(error))
    return images, refused
