"""What each version of imsg is, as far as a gateway can tell (imsg protocol 1 and 12.1): one frozen row each.

Pure. In: a version, short (`0.15`) or full (`0.15.9`). Out: its `Generation`; whoever behaves differently by version
looks at one of its fields, never at the number. A version between two rows behaves like the lower one.

Not played: 0.10 to 0.13, and of the others what needs contacts, stickers, polls or Messages' private parts.
"""

import re
from typing import NamedTuple

DEFAULT_VERSION = "0.9"
SHORT = {"0.5": "0.5.0", "0.6": "0.6.0", "0.9": "0.9.0", "0.15": "0.15.9"}
PLAYED = "0.5.0 to 0.9.x or 0.14.0 to 0.15.x"

_CORE = ("chats.list", "messages.history", "watch.subscribe", "watch.unsubscribe", "send")
_OF_THE_DATABASE = ("messages.after", "messages.search", "message.send_status")
_ANSWERING_FOR_ITSELF = ("initialize", "status")


class Generation(NamedTuple):
    """One version.

    methods: what it serves, as far as the simulator plays it; also its `rpc_methods` and `supported_methods`.
    strict: exact framing and parameters, lanes, typed errors, a start without a database (12.2 to 12.4), and the
        watch of 12.7: bounded, after its answer, waiting for half-written rows.
    opens_gracefully: a database that cannot be opened is answered to each request; before, a banner and exit 1.
    debounce_ms, settable_debounce: what a watch waits after a write, and whether the request may say so.
    falls_back: a poll at regular times besides those after writes.
    replays_at_once: a full poll is followed by the next, whatever the debounce.
    reads_bodies_exactly: without the faults of section 9.
    lists_rows_once: a row in several chats is one message, with the lowest chat id.
    drops_repeated_links, merges_previews: what becomes of the second row of a link.
    reactions_with: the parameter that fills `reactions` ("" when they are always there).
    reply_context, routing_details, read_state: groups of fields in messages and chats (5, 12.5, 12.6).
    names_unnamed_chats: the identifier stands for an empty chat name, not only for a missing one.
    names_transport, names_sent_row, names_sent_chat: what a send result carries.
    verifies_files: the own row of a file alone is looked up too.
    status_verb: `imsg status` exists. status_version: it tells the version.
    any_tapback: any emoji may be a tapback, and `status` says so.
    errors_on_stderr: command line errors go there, not to stdout.
    """

    version: str
    methods: tuple[str, ...]
    strict: bool = False
    opens_gracefully: bool = False
    debounce_ms: int = 500
    settable_debounce: bool = True
    falls_back: bool = True
    replays_at_once: bool = False
    reads_bodies_exactly: bool = False
    lists_rows_once: bool = False
    drops_repeated_links: bool = True
    merges_previews: bool = False
    reactions_with: str = "include_reactions"
    reply_context: bool = False
    routing_details: bool = False
    read_state: bool = False
    names_unnamed_chats: bool = False
    names_transport: bool = False
    names_sent_row: bool = True
    names_sent_chat: bool = False
    verifies_files: bool = False
    status_verb: bool = False
    status_version: bool = False
    any_tapback: bool = False
    errors_on_stderr: bool = False


_V0_5_0 = Generation(
    version="0.5.0",
    methods=(*_CORE, "typing.start", "typing.stop"),
    debounce_ms=250,
    settable_debounce=False,
    falls_back=False,
    drops_repeated_links=False,
    reactions_with="attachments",
    names_sent_row=False,
)
_V0_6_0 = Generation(version="0.6.0", methods=_CORE)
_V0_7_3 = _V0_6_0._replace(version="0.7.3", methods=(*_CORE, "typing", "read"), status_verb=True)
_V0_8_1 = _V0_7_3._replace(version="0.8.1", names_transport=True)
_V0_8_2 = _V0_8_1._replace(version="0.8.2", opens_gracefully=True)
_V0_9_0 = _V0_8_2._replace(
    version="0.9.0", methods=(*_V0_8_2.methods, "tapback"), reply_context=True, status_version=True
)
_V0_14_0 = _V0_9_0._replace(
    version="0.14.0",
    methods=(*_V0_9_0.methods, *_OF_THE_DATABASE, *_ANSWERING_FOR_ITSELF),
    strict=True,
    merges_previews=True,
    routing_details=True,
    read_state=True,
    names_sent_chat=True,
)
_V0_14_2 = _V0_14_0._replace(version="0.14.2", methods=(*_V0_14_0.methods, "send.tracked"))
_V0_15_0 = _V0_14_2._replace(version="0.15.0", names_unnamed_chats=True)
_V0_15_1 = _V0_15_0._replace(
    version="0.15.1",
    replays_at_once=True,
    reads_bodies_exactly=True,
    lists_rows_once=True,
    errors_on_stderr=True,
)
_V0_15_10 = _V0_15_1._replace(
    version="0.15.10", methods=(*_V0_15_1.methods, "chats.get"), verifies_files=True, any_tapback=True
)
_ROWS = (
    _V0_5_0, _V0_6_0, _V0_7_3, _V0_8_1, _V0_8_2, _V0_9_0,
    _V0_14_0, _V0_14_2, _V0_15_0, _V0_15_1, _V0_15_10,
)  # fmt: skip

_FULL = re.compile(r"0\.(5|6|7|8|9|14|15)\.[0-9]{1,2}")


def generation(version: str) -> Generation:
    """The row of a version, under its full number. Raises ValueError for a version that is not played."""
    full = SHORT.get(version, version)
    if not _FULL.fullmatch(full):
        raise ValueError(f"{version!r} is not a version played here: {', '.join(SHORT)}, or in full {PLAYED}")
    row = [row for row in _ROWS if _number(row.version) <= _number(full)][-1]
    return row._replace(version=full)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


DEFAULT = generation(DEFAULT_VERSION)
