"""What a file is, by its type or its name."""

from __future__ import annotations

import pytest

from actors.attachments.kinds import is_preview, kind_of
from actors.envelopes.inbound import Attachment


def file(mime: str = "", name: str = "", path: str = "/x") -> Attachment:
    return Attachment(path, mime, name, 1, False)


@pytest.mark.parametrize(
    ("mime", "name", "path", "kind"),
    [
        ("image/jpeg", "", "", "image"),
        ("IMAGE/HEIC", "", "", "image"),
        ("audio/x-caf", "a.jpg", "", "audio"),
        ("video/quicktime", "", "", "video"),
        ("application/pdf", "a.jpg", "", "document"),
        ("text/plain", "", "", "document"),
        ("", "a.HEIC", "", "image"),
        ("", "", "/x/a.m4a", "audio"),
        ("", "a", "/x/a.mov", "video"),
        ("", "a.pdf", "/x/a.pdf", "document"),
        ("", "", "", "document"),
    ],
)
def test_a_file_is_what_its_type_or_its_name_says(mime: str, name: str, path: str, kind: str) -> None:
    assert kind_of(file(mime, name, path)) == kind


@pytest.mark.parametrize(
    ("name", "path", "preview"),
    [
        ("x.pluginPayloadAttachment", "/y", True),
        ("", "/a/B.PLUGINPAYLOADATTACHMENT", True),
        ("pluginPayloadAttachment.jpg", "/y", False),
    ],
)
def test_what_is_kept_of_a_link_preview_is_known(name: str, path: str, preview: bool) -> None:
    assert is_preview(file("", name, path)) is preview
