"""Who is at the other end: both systems' ways, the other one played by a fake."""

from __future__ import annotations

import os
import socket
import struct
from typing import cast

import pytest

from actors.control.peer import UnknownPeerError, peer_uid, trusted


class Kernel:
    """Answers one ``getsockopt`` with ``reply``; remembers what it was asked."""

    def __init__(self, reply: bytes | OSError) -> None:
        self._reply = reply
        self.asked: tuple[int, ...] = ()

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        self.asked = (level, option, size)
        if isinstance(self._reply, OSError):
            raise self._reply
        return self._reply


def asked(kernel: Kernel, platform: str) -> int:
    return peer_uid(cast(socket.socket, kernel), platform)


def test_the_real_kernel_names_this_user() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_uid(ours) == os.geteuid()


def test_linux_is_asked_for_struct_ucred() -> None:
    kernel = Kernel(struct.pack("3i", 4711, 501, 20))
    assert asked(kernel, "linux") == 501
    assert kernel.asked == (socket.SOL_SOCKET, getattr(socket, "SO_PEERCRED", 17), 12)


def test_macos_is_asked_for_struct_xucred() -> None:
    kernel = Kernel(struct.pack("IIh2x16I", 0, 501, 1, 20, *[0] * 15))
    assert asked(kernel, "darwin") == 501
    assert kernel.asked == (0, 1, 76)


@pytest.mark.parametrize(
    ("platform", "reply"),
    [
        ("linux", b"short"),
        ("darwin", b"short"),
        ("darwin", struct.pack("IIh2x16I", 9, 501, 1, *[0] * 16)),
        ("linux", OSError("no")),
    ],
)
def test_an_answer_that_makes_no_sense_names_nobody(platform: str, reply: bytes | OSError) -> None:
    with pytest.raises(UnknownPeerError):
        asked(Kernel(reply), platform)


def test_only_the_same_user_and_root_are_trusted() -> None:
    assert [trusted(uid, own=501) for uid in (501, 0, 502)] == [True, True, False]
