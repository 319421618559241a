"""Files of a message: what imsg says of them, and how a sent one is filed (imsg protocol 5, 7).

In: a connection and a message ROWID, or a path to send. Out: attachment objects, the transcription of a
voice message, or a copy in the attachments folder beside the database.
"""

import mimetypes
import plistlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

_FILES = """
SELECT coalesce(a.filename, ''), coalesce(a.transfer_name, ''), coalesce(a.uti, ''),
  coalesce(a.mime_type, ''), coalesce(a.total_bytes, 0), coalesce(a.is_sticker, 0)
FROM message_attachment_join j JOIN attachment a ON a.ROWID = j.attachment_id
WHERE j.message_id = ? ORDER BY a.ROWID
"""
_USER_INFO = """
SELECT a.user_info FROM message_attachment_join j JOIN attachment a ON a.ROWID = j.attachment_id
WHERE j.message_id = ? AND a.user_info IS NOT NULL ORDER BY a.ROWID
"""
_UTIS = {"image/png": "public.png", "image/jpeg": "public.jpeg", "image/gif": "com.compuserve.gif"}


class StagedFile(NamedTuple):
    """A copied file with what the attachment table keeps of it; `size` in bytes."""

    path: Path
    name: str
    mime_type: str
    uti: str
    size: int


def list_attachments(connection: sqlite3.Connection, message_id: int) -> list[dict[str, Any]]:
    """The attachment objects of a message, with imsg's key names; `missing` looks at the disk now."""
    listed = []
    for filename, transfer_name, uti, mime_type, total_bytes, is_sticker in connection.execute(_FILES, (message_id,)):
        path = Path(filename).expanduser()
        listed.append(
            {
                "filename": filename,
                "transfer_name": transfer_name,
                "uti": uti,
                "mime_type": mime_type,
                "total_bytes": total_bytes,
                "is_sticker": bool(is_sticker),
                "original_path": str(path) if filename else "",
                "missing": not filename or not path.exists(),
            }
        )
    return listed


def transcription(connection: sqlite3.Connection, message_id: int) -> str:
    """The text of a voice message, empty when it has none (key `audio-transcription` of user_info)."""
    for (user_info,) in connection.execute(_USER_INFO, (message_id,)):
        try:
            found = plistlib.loads(user_info).get("audio-transcription")
        except (plistlib.InvalidFileException, ValueError, AttributeError):
            continue
        if isinstance(found, str) and found:
            return found
    return ""


def stage(source: Path, database: Path) -> StagedFile:
    """Copy a file to send to `Attachments/imsg/<UUID>/` beside the database. Raises FileNotFoundError."""
    if not source.is_file():
        raise FileNotFoundError(source)
    target = database.parent / "Attachments" / "imsg" / str(uuid4()).upper() / source.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(source, target)
    mime_type = mimetypes.guess_type(source.name)[0] or "application/octet-stream"
    return StagedFile(target, source.name, mime_type, _UTIS.get(mime_type, "public.data"), target.stat().st_size)
