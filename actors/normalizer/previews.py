"""Link previews: rows of their own in Messages, which imsg joins with the message they belong to (imsg protocol 12.6).

Read from a cursor that stands between the two, a preview comes alone and would be answered as a message of its own.
So a message that brings its preview along leaves a mark under the preview's GUID, and what comes under it later is
known already. The mark has the message's own row number: rows between the two may still be on their way. It is never
from me, whoever wrote the message: a row without words is no evidence that we sent something. Pure.
"""

import msgspec
from msgspec.structs import replace

from actors.envelopes.inbound import Dropped, Inbound, Judged

LINK_PREVIEW = "link preview"
PREVIEW = b'"url_preview"'
"""What a row holds that brings a preview along."""


class _Preview(msgspec.Struct):
    guid: str = ""


class _Row(msgspec.Struct):
    url_preview: _Preview | None = None


_decode = msgspec.json.Decoder(_Row).decode


def mark_of_preview(row: Inbound) -> Judged | None:
    """The mark to leave for the preview that ``row`` brought along; None when it brought none."""
    if PREVIEW not in row.raw:
        return None
    try:
        preview = _decode(row.raw).url_preview
    except (ValueError, RecursionError):
        return None
    if preview is None or not preview.guid or preview.guid == row.guid:
        return None
    raw = b'{"guid":%b}' % msgspec.json.encode(preview.guid)
    mark = replace(row, guid=preview.guid, text="", attachments=(), raw=raw, is_from_me=False)
    return Judged(mark, Dropped(LINK_PREVIEW))
