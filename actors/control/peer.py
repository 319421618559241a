"""Who is at the other end of a unix socket, by the kernel's word (Linux SO_PEERCRED, macOS LOCAL_PEERCRED)."""

import socket
import struct
import sys

_SO_PEERCRED = getattr(socket, "SO_PEERCRED", 17)
_UCRED = struct.Struct("3i")
"""Linux ``struct ucred``: pid, uid, gid."""

_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1
_XUCRED = struct.Struct("IIh2x16I")
"""macOS ``struct xucred``: version, uid, number of groups, groups."""


class UnknownPeerError(Exception):
    """The kernel does not say who is there."""


def peer_uid(connection: socket.socket, platform: str = sys.platform) -> int:
    """The user id of the process at the other end. Raises ``UnknownPeerError``."""
    try:
        if platform == "darwin":
            version, uid, *_ = _XUCRED.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))
            if version != 0:
                raise UnknownPeerError(f"struct xucred has version {version}")
            return int(uid)
        _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, _UCRED.size))
    except (OSError, struct.error) as error:
        raise UnknownPeerError(str(error)) from error
    return int(uid)


def trusted(uid: int, own: int) -> bool:
    """Whether user ``uid`` may talk to a gateway of user ``own``: the same one, and root who may do anything."""
    return uid in {own, 0}
