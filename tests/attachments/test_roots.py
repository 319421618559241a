"""Which files may be read: by their text, by where they really lie, by what they are, by their size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.attachments.roots import RefusedError, Roots, lies_under, read
from config.account import Account
from config.safety import DEFAULT_ROOT

MOST = 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a file ``a.txt`` in it."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_bytes(b"hello")
    return root


def roots(*patterns: object, most: int = MOST) -> Roots:
    return Roots(tuple(map(str, patterns)), most)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/Users/alice/Library/Messages/Attachments/1/2/IMG.jpeg", True),
        ("/Users/alice/Library/Messages/Attachments/x", True),
        ("/Users//alice/./Library/Messages/Attachments/x", True),
        ("\\Users\\alice\\Library\\Messages\\Attachments\\x", True),
        ("/Users/alice/Library/Messages/Attachments", False),
        ("/Users/alice/Library/Messages/Attachments/", False),
        ("/Users/a/b/Library/Messages/Attachments/x", False),
        ("/Users/Library/Messages/Attachments/x", False),
        ("/users/alice/Library/Messages/Attachments/x", False),
        ("/Users/alice/Library/Messages/Attachments/../../../.ssh/id", False),
        ("/Users/alice/Library/Messages/AttachmentsEvil/x", False),
        ("Users/alice/Library/Messages/Attachments/x", False),
        ("~/Library/Messages/Attachments/x", False),
        ("/etc/passwd", False),
        ("/Users/alice/Library/Messages/Attachments/x\0.jpg", False),
        ("/", False),
        ("", False),
    ],
)
def test_the_default_root_admits_what_lies_in_it(path: str, allowed: bool) -> None:
    assert lies_under(path, (DEFAULT_ROOT,)) is allowed


@pytest.mark.parametrize("root", ["/", "", "a/b", "./x", "~/x", "/a/**/b", "/a/x*", "/a\0b"])
def test_what_can_be_no_root_admits_nothing(root: str) -> None:
    assert not lies_under("/a/b/c/x1/y", (root,))


@pytest.mark.parametrize("root", ["/a/", "//a", "  /a  ", "/b/../a", "/*"])
def test_a_root_is_put_right_first(root: str) -> None:
    assert lies_under("/a/x", (root,))


@given(st.text())
def test_no_path_breaks_the_reading_of_it(text: str) -> None:
    assert isinstance(lies_under(text, (DEFAULT_ROOT, "/*")), bool)
    with pytest.raises(RefusedError):
        read(f"/nowhere/{text}", roots("/nowhere"))


def test_a_file_in_a_root_is_read(folder: Path) -> None:
    assert read(str(folder / "a.txt"), roots(folder)) == b"hello"
    assert read(f"{folder}//./a.txt", roots("/nowhere", folder)) == b"hello"


def test_a_star_is_one_folder(folder: Path) -> None:
    assert read(str(folder / "a.txt"), roots(folder.parent.parent / "*" / "root")) == b"hello"
    with pytest.raises(RefusedError, match="outside attachmentRoots"):
        read(str(folder / "a.txt"), roots(folder.parent.parent.parent / "*" / "root"))


def test_a_root_that_is_a_link_is_the_operators_word(folder: Path, tmp_path: Path) -> None:
    """As ``/var`` is one on macOS."""
    (tmp_path / "link").symlink_to(folder)
    assert read(str(tmp_path / "link" / "a.txt"), roots(tmp_path / "link")) == b"hello"


def test_a_link_that_stays_is_followed_and_one_that_leaves_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").write_bytes(b"secret")
    (folder / "stays").symlink_to(folder / "a.txt")
    (folder / "leaves").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path / "out")
    assert read(str(folder / "stays"), roots(folder)) == b"hello"
    for name in ("leaves", "folder/x"):
        with pytest.raises(RefusedError, match="by a symbolic link"):
            read(str(folder / name), roots(folder))


def test_a_link_behind_a_star_is_nobodys_word(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "eve").symlink_to(folder)
    with pytest.raises(RefusedError, match="by a symbolic link"):
        read(str(tmp_path / "people" / "eve" / "a.txt"), roots(tmp_path / "people" / "*"))


def test_dots_that_climb_over_a_link_are_refused(folder: Path, tmp_path: Path) -> None:
    """``root/deep/../a.txt`` reads well; the system goes up from where the link leads."""
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "a.txt").write_bytes(b"secret")
    (folder / "deep").symlink_to(tmp_path / "far" / "deep")
    with pytest.raises(RefusedError, match="by a symbolic link"):
        read(f"{folder}/deep/../a.txt", roots(folder))


def test_only_regular_files_are_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    for name in ("pipe", "sub"):
        with pytest.raises(RefusedError, match="no regular file"):
            read(str(folder / name), roots(folder))


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(RefusedError, match=r"gone\.jpg.*cannot be read: No such file"):
        read(str(folder / "gone.jpg"), roots(folder))


def test_the_size_limit_is_exact(folder: Path) -> None:
    (folder / "fits").write_bytes(b"x" * MOST)
    (folder / "over").write_bytes(b"x" * (MOST + 1))
    assert len(read(str(folder / "fits"), roots(folder))) == MOST
    with pytest.raises(RefusedError, match="larger than mediaMaxMb"):
        read(str(folder / "over"), roots(folder))
    with pytest.raises(RefusedError, match=r"allows \(2 MB\)"):
        os.truncate(folder / "over", 2 * 1024 * 1024 + 1)
        read(str(folder / "over"), roots(folder, most=2 * 1024 * 1024))


def test_an_account_gives_its_roots_and_none_for_another_mac() -> None:
    here = Roots.of(Account(id="default", media_max_mb=2))
    assert here == Roots((DEFAULT_ROOT,), 2 * 1024 * 1024)
    there = Roots.of(Account(id="default", remote_host="mac"))
    assert there.patterns == ()
    with pytest.raises(RefusedError, match="not on this computer"):
        read("/Users/a/Library/Messages/Attachments/x", there)


def test_no_descriptor_is_left_open(folder: Path, tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for name in ("a.txt", "nothing", "."):
        try:
            read(str(folder / name), roots(folder, most=2))
        except RefusedError:
            continue
    assert len(os.listdir("/dev/fd")) == before
