"""The tables of the pairing verbs for people: who was let in, and what an import takes over.

In: the JSON values of the verbs, a console. What others wrote is shown as data.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from actors.control.columns import NOTHING, Column, Cut, fitted
from actors.control.tables import EXCERPT, cell

_APPROVED = (Column("imessageSenderId"), Column("account"), Column("owner"))


def approved(out: Console, found: Iterable[Mapping[str, Any]]) -> None:
    """The people of ``pairing list``: ``{id, account, owner}``."""
    rows = [(cell(one["id"]), cell(one["account"]), cell("owner" if one["owner"] else NOTHING)) for one in found]
    out.print(fitted(_APPROVED, rows, out.width))


_TAKEN = (Column("entry", Cut.END), Column("account"), Column("what"), Column("why", Cut.END))


def taken(out: Console, found: Iterable[Mapping[str, Any]]) -> None:
    """The entries of ``pairing import``: ``{entry, account, what, why}``."""
    rows = [(cell(one["entry"], EXCERPT), *(cell(one[key]) for key in ("account", "what", "why"))) for one in found]
    out.print(fitted(_TAKEN, rows, out.width))
