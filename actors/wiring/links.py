"""What of a config concerns the link of one account: its program, its database, how it sends.

A ``mark`` is what cannot change while the link is in use: with another one it starts anew.
"""

from collections.abc import Callable
from typing import Any

from actors.journal.ledger import Ledger
from actors.outbound.wire import Prefs, namespace_of
from actors.rpc import program
from actors.rpc.claim import Claim
from actors.rpc.health import Problem
from actors.rpc.link import Link
from actors.rpc.program import file_identity
from config import Account, sources


def link(account: Account, source: int, ledger: Ledger, claim: Claim, waiting: Callable[[], int]) -> Link:
    """What the account's reader needs to know."""
    database = sources.of(account)

    def refusal() -> Problem | None:
        return program.inspect(account.cli_path)[1] or claim.take()

    return Link(
        account=account.id,
        source=source,
        cli=account.cli_path,
        db_path=account.db_path,
        local=account.remote_host is None,
        attachments=account.include_attachments,
        debounce_ms=account.debounce_ms,
        patience=account.probe_timeout_ms / 1000,
        waiting=waiting,
        delivered=lambda: ledger.cursors.get(source, 0),
        visible=lambda: ledger.visible.get(source, 0),
        refusal=refusal,
        standard="" if database.startswith(sources.PROGRAM) else database,
    )


def prefs(account: Account, source: int, identity: int) -> Prefs:
    """How the account's sender sends; ``identity`` is the journal's."""
    child = reader_mark(account, source)
    return Prefs(namespace_of(identity), account.send_transport, account.region, source, file_identity, child)


def reader_mark(account: Account, source: int) -> Any:
    """A child of imsg is started with these, and its watch begun."""
    return (
        source,
        account.cli_path,
        account.db_path,
        account.remote_host,
        account.include_attachments,
        account.debounce_ms,
        account.probe_timeout_ms,
    )


def sender_mark(account: Account, source: int) -> Any:
    """Sends under way are finished over the child, and in the way, they were begun with."""
    return reader_mark(account, source), account.send_transport, account.region
