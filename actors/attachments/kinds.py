"""What a file is: an image, a recording, a film, a document, or a left-over of a link preview (inbound 2.4). Pure."""

from typing import Literal

from actors.envelopes.inbound import Attachment

Kind = Literal["image", "audio", "video", "document"]

_PREVIEW = ".pluginpayloadattachment"
_BY_TYPE: dict[str, Kind] = {"image": "image", "audio": "audio", "video": "video"}
_BY_END: dict[str, Kind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "tif", "tiff", "bmp", "avif"), "image"),
    **dict.fromkeys(("m4a", "caf", "mp3", "wav", "aac", "amr", "aiff", "flac", "ogg", "opus"), "audio"),
    **dict.fromkeys(("mov", "mp4", "m4v", "3gp", "avi", "mkv", "webm"), "video"),
}


def kind_of(file: Attachment) -> Kind:
    """By the MIME type; where there is none by how the name, else the path, ends."""
    if file.mime_type:
        return _BY_TYPE.get(file.mime_type.partition("/")[0].strip().lower(), "document")
    ends = (name.rpartition(".")[2].lower() for name in (file.name, file.path))
    return next((_BY_END[end] for end in ends if end in _BY_END), "document")


def is_preview(file: Attachment) -> bool:
    """Whether this is what Messages keeps of a link preview: nothing that anybody sent."""
    return file.name.lower().endswith(_PREVIEW) or file.path.lower().endswith(_PREVIEW)
