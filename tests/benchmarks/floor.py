"""The physical floor: the least a durable answerer can do, in one loop on one thread.

Run as ``floor.py JOURNAL IMSG``: starts the program ``IMSG rpc``, subscribes, and answers every row of an allowed
sender with ``echo: <text>`` until it is told to end (SIGTERM). It keeps the promises that cost a disk: a row, its
verdict and its attempt are committed before the request is written, an answer is committed when it comes, each in
one transaction with everything else that was readable. It knows one policy, no restart, no failure and no operator,
so what it does in a second is what this machine allows and nobody can beat.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any

import msgspec

FROM_ME, FROM_STRANGER, REPLIED = ("dropped", "from me"), ("dropped", "not allowed"), ("replied", None)

TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4000;
CREATE TABLE inbound (
  seq INTEGER PRIMARY KEY, guid BLOB NOT NULL UNIQUE, row_id INTEGER, chat_id INTEGER, received_at REAL,
  outcome TEXT, reason TEXT, body BLOB
);
CREATE TABLE outbox (
  key INTEGER PRIMARY KEY, chat_id INTEGER, text TEXT, state TEXT, attempted_at REAL, guid TEXT
);
"""


class Message(msgspec.Struct):
    """What of a row is looked at."""

    id: int
    guid: str
    chat_id: int
    sender: str
    is_from_me: bool
    text: str


class Params(msgspec.Struct):
    """Of a ``message`` notification."""

    message: Message | None = None


class Result(msgspec.Struct):
    """Of ``send``."""

    guid: str = ""


class Line(msgspec.Struct):
    """A notification or a response."""

    id: int = 0
    params: Params | None = None
    result: Result | None = None


def main(journal: str, imsg: str, allowed: str = "") -> None:
    """Serve until SIGTERM or the end of the child's output. ``allowed``: the one sender to answer, all if empty."""
    database = sqlite3.connect(journal, isolation_level=None)
    database.executescript(TABLES)
    with subprocess.Popen([imsg, "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        stdin, requests, lines = child.stdin, child.stdin.fileno(), child.stdout.fileno()
        # The child answers what it has been asked, then ends, and so does the loop.
        signal.signal(signal.SIGTERM, lambda *_: stdin.close())
        os.write(requests, b'{"jsonrpc":"2.0","id":0,"method":"watch.subscribe","params":{}}\n')
        loop(database, requests, lines, allowed)
    database.close()


def loop(database: sqlite3.Connection, requests: int, lines: int, allowed: str) -> None:
    """Read, validate, write, commit, send, for everything that is readable at once."""
    decode = msgspec.json.Decoder(Line).decode
    encode = msgspec.json.Encoder().encode
    rest, seq = b"", 0
    while data := os.read(lines, 1 << 16):
        now = time.time()
        complete = (rest + data).split(b"\n")
        rest = complete.pop()
        rows: list[tuple[Any, ...]] = []
        chunks: list[tuple[Any, ...]] = []
        sent: list[tuple[Any, ...]] = []
        out: list[bytes] = []
        for raw in complete:
            line = decode(raw)
            if line.params is None or (row := line.params.message) is None:
                if line.id and line.result is not None:
                    sent.append((line.result.guid, line.id))
                continue
            if row.id <= 0 or row.chat_id <= 0 or not row.guid:
                continue
            seq += 1
            outcome = FROM_ME if row.is_from_me else REPLIED if allowed in ("", row.sender) else FROM_STRANGER
            guid = bytes.fromhex(row.guid.replace("-", ""))
            rows.append((seq, guid, row.id, row.chat_id, now, *outcome, raw))
            if outcome is REPLIED:
                text = f"echo: {row.text}"
                chunks.append((seq, row.chat_id, text, "attempted", now))
                params = {"chat_id": row.chat_id, "text": text}
                out.append(encode({"jsonrpc": "2.0", "id": seq, "method": "send", "params": params}))
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT OR IGNORE INTO inbound VALUES (?,?,?,?,?,?,?,?)", rows)
        database.executemany("INSERT INTO outbox (key, chat_id, text, state, attempted_at) VALUES (?,?,?,?,?)", chunks)
        database.executemany("UPDATE outbox SET state = 'sent', guid = ? WHERE key = ?", sent)
        database.execute("COMMIT")
        if out:
            unwritten = memoryview(b"\n".join(out) + b"\n")
            while unwritten:
                unwritten = unwritten[os.write(requests, unwritten) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
