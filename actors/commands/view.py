"""What the command desk goes by, and what it is asked. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from actors.outbound.reply_text import resolve_prefix
from actors.outbound.units import units
from config import Account, Config, Places
from config.ids import normalize_id
from config.overlay import DEFAULT_ID
from config.schema.agents import Agent
from config.writer import Writer

BUBBLE = 4000
"""UTF-16 units of an answer where no account says how many."""
SMALLEST_ANSWER = 160
"""UTF-16 units an answer may always have, however small the bubbles are."""


def _any_model(_agent: str, _name: str) -> str:
    return ""


class DeskView(NamedTuple):
    """A config: ``accounts`` are all of its accounts, ``writer`` changes its file, ``places`` is where that is.

    ``version`` names this gateway to people. ``model_fault`` says why an agent (id) cannot ask a model (name), ``""``
    where it can.
    """

    config: Config
    accounts: Sequence[Account]
    writer: Writer
    places: Places
    version: str = "the gateway"
    model_fault: Callable[[str, str], str] = _any_model

    def account(self, ident: str) -> Account | None:
        """The account a person means by ``ident``; None when there is none."""
        wanted = normalize_id(ident, DEFAULT_ID)
        return next((account for account in self.accounts if account.id == wanted), None)

    def agent(self, ident: str) -> Agent | None:
        """The agent of that id; None when the config has none any more."""
        known = self.config.agents.list or (self.config.default_agent(),)
        return next((agent for agent in known if agent.id == ident), None)

    def room(self, ident: str) -> int:
        """UTF-16 units an answer may have to fit into one bubble of account ``ident``, behind its prefix."""
        account = self.account(ident)
        if account is None:
            return BUBBLE
        prefix = resolve_prefix(account.response_prefix, self.config.default_agent().identity.name)
        return max(account.text_chunk_limit - (units(prefix) + 1 if prefix else 0), SMALLEST_ANSWER)


class Asked(NamedTuple):
    """A command: its main name and arguments as they were written, who gave it where, and what they may do.

    ``account`` is the id of the account it came in by, ``handle`` its sender's canonical one, ``authority`` as in
    ``Commanded``. ``replayed``: it waited, or was told before, and may have been carried out then. ``is_earlier``: it
    came in an earlier life of the gateway. ``session`` and ``agent`` are those of its chat (source, chat id).
    ``written``, ``is_bare`` are as in ``Recognised``; ``with_files``: something is attached to it.
    """

    name: str
    arguments: str
    account: str
    handle: str
    authority: str
    is_group: bool = False
    replayed: bool = False
    is_earlier: bool = False
    session: str = ""
    agent: str = ""
    chat: tuple[int, int] = (0, 0)
    written: str = ""
    is_bare: bool = False
    with_files: bool = False
