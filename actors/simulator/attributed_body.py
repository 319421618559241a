"""attributedBody: the typedstream archive in which Messages keeps a body (imsg protocol 9).

Pure. `encode` writes what a Mac writes for plain text; `decode_exactly` reads it back, as imsg does from 0.15.1
on. `decode` reads as imsg did before, with its faults: leading newlines are lost, a body of 8,192 to 32,767
bytes keeps one stray character in front, and a character whose UTF-8 contains 86 84 ends the body early.
"""

_START = b"\x01\x2b"
_END = b"\x86\x84"
_UTF16 = b"\xff\xfe"
_HEADER = (
    b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x12NSAttributedString\x00"
    b"\x84\x84\x08NSObject\x00\x85\x92\x84\x84\x84\x08NSString\x01\x94\x84"
)
_ATTRIBUTES = (
    b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x01\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName"
    b"\x86\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86\x86"
)
_DROPPED_IN_FRONT = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)))


def encode(text: str) -> bytes:
    """The archive of `text` as one unformatted message part. The run length is in UTF-16 units."""
    body = text.encode()
    units = len(text.encode("utf-16-le")) // 2
    return b"".join((_HEADER, _START, _integer(len(body)), body, _END, b"\x02iI\x01", _integer(units), _ATTRIBUTES))


def decode(blob: bytes) -> str:
    """The text imsg finds in an archive; never raises, at worst the whole blob as repaired UTF-8."""
    if blob.startswith(_UTF16):
        return blob[2:].decode("utf-16-le", "replace")
    best = ""
    at = blob.find(_START)
    while at >= 0:
        end = blob.find(_END, at + 2)
        if end >= 0:
            best = max(best, _readable(_without_length(blob[at + 2 : end])), key=len)
        at = blob.find(_START, at + 2)
    return best or blob.decode("utf-8", "replace").lstrip(_DROPPED_IN_FRONT)


def decode_exactly(blob: bytes) -> str:
    """The text of an archive; of anything else what `decode` finds."""
    start = blob.find(_START)
    found = _body(blob, start + len(_START)) if start >= 0 and not blob.startswith(_UTF16) else None
    return decode(blob) if found is None else found.decode("utf-8", "replace")


def _body(blob: bytes, at: int) -> bytes | None:
    """The bytes behind the length at `at`, None when the archive ends before they do."""
    if at >= len(blob):
        return None
    width = {0x81: 2, 0x82: 4}.get(blob[at], 0)
    start = at + 1 + width
    size = int.from_bytes(blob[at + 1 : start], "little") if width else int.from_bytes(blob[at:start], "little")
    body = blob[start : start + size]
    return body if len(body) == size else None


def _integer(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    if value < 0x8000:
        return b"\x81" + value.to_bytes(2, "little")
    return b"\x82" + value.to_bytes(4, "little")


def _without_length(segment: bytes) -> bytes:
    # One byte too few is cut for the long forms. What remains of the length is usually a control character
    # and goes with the leading ones, but not always: that is the stray character.
    first = segment[0] if segment else 0
    if first == 0x81:
        return segment[2:]
    if first == 0x82:
        return segment[3:]
    return segment[1:] if first == len(segment) - 1 and first < 0x80 else segment


def _readable(segment: bytes) -> str:
    return segment.decode("utf-8", "replace").lstrip(_DROPPED_IN_FRONT)
