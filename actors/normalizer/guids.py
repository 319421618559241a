"""A GUID as the journal keeps it. Pure."""

from hashlib import blake2b


def guid_key(guid: str) -> bytes:
    """16 bytes that identify a message: its UUID, in any case; a digest of any other GUID."""
    if len(guid) == 36:
        try:
            return bytes.fromhex(guid.replace("-", ""))
        except ValueError:
            pass
    return blake2b(guid.encode("utf-8", "surrogatepass"), digest_size=16).digest()
