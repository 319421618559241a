"""Pairing requests and their codes: pure rules over a tuple of requests.

In: the requests of a channel, the time (unix seconds) and what happened. Out: the new requests and what to do. A code
is 8 characters, lives one hour from its request's creation, and at most three wait per account; a sender who writes
again keeps the code, so a stranger is answered once per request.
"""

import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits a person cannot mix up: no I, O, 0 and 1."""
LENGTH = 8
LIFETIME = 3600.0
"""Seconds from creation; a code is dead when more than that has passed."""
MOST_PENDING = 3
"""Requests that may wait per account. One more sender is neither stored nor answered."""
MOST_TRIES = 500
SEEN_RESOLUTION = 1.0
"""Seconds within which a repeated message changes nothing, so that a flood does not become a flood of writes."""

DEFAULT_ACCOUNT = "default"
"""The account of requests that name none."""


class NoFreeCodeError(Exception):
    """No unused code came up in ``MOST_TRIES`` tries."""


class Request(NamedTuple):
    """Someone asks for access. Times are unix seconds, None when missing or unreadable.

    ``id`` is the canonical handle; ``meta`` holds non-blank texts (``sender``, ``chatId``, ``accountId``); ``raw`` is
    the JSON object the request was read from, kept so that keys of other programs survive.
    """

    id: str
    code: str
    created_at: float | None
    last_seen_at: float | None
    meta: Mapping[str, str]
    raw: Mapping[str, Any]

    @property
    def account(self) -> str:
        """The account the request belongs to."""
        return self.meta.get("accountId", DEFAULT_ACCOUNT)


def is_live(request: Request, now: float) -> bool:
    """Whether its code still counts. A creation time unknown, or over a lifetime ahead, is as good as expired."""
    return (
        bool(request.id and request.code)
        and request.created_at is not None
        and abs(now - request.created_at) <= LIFETIME
    )


def live(requests: tuple[Request, ...], now: float) -> tuple[Request, ...]:
    """The requests that have not expired, in their order."""
    return tuple(request for request in requests if is_live(request, now))


def of_handle(requests: tuple[Request, ...], handle: str, now: float, account: str | None = None) -> Request | None:
    """The oldest live request of ``handle`` (canonical) in ``account``, in any when None; None when there is none."""
    found = (one for one in requests if one.id == handle and account in {None, one.account} and is_live(one, now))
    return min(found, key=lambda one: one.created_at or 0.0, default=None)


def find(requests: tuple[Request, ...], code: str, now: float, account: str | None = None) -> Request | None:
    """The live request of ``account`` (of any when None) that has ``code``.

    Case and surrounding blanks of ``code`` do not matter. Every code is compared, in constant time.
    """
    wanted = code.strip().upper().encode("utf-8", "replace")
    found: Request | None = None
    for request in requests:
        same = hmac.compare_digest(request.code.upper().encode("utf-8", "replace"), wanted)
        if same and found is None and is_live(request, now) and account in {None, request.account}:
            found = request
    return found


def is_code(text: str) -> bool:
    """Whether ``text`` may be a code, as a person types it: then it is a guess, and else it is none."""
    word = text.strip().upper() if text.isascii() else ""
    return len(word) == LENGTH and all(character in ALPHABET for character in word)


def new_code(pending: Collection[str], choice: Callable[[str], str] = secrets.choice) -> str:
    """A code that is not among ``pending``. Raises ``NoFreeCodeError``."""
    for _ in range(MOST_TRIES):
        code = "".join(choice(ALPHABET) for _ in range(LENGTH))
        if code not in pending:
            return code
    raise NoFreeCodeError(f"no free pairing code in {MOST_TRIES} tries")


def upsert(
    requests: tuple[Request, ...],
    handle: str,
    now: float,
    meta: Mapping[str, str],
    account: str = DEFAULT_ACCOUNT,
    choice: Callable[[str], str] = secrets.choice,
) -> tuple[tuple[Request, ...], str, bool]:
    """``handle`` writes to ``account``: the requests then, its code (``""`` over the cap), whether it is new.

    Expired requests are gone from the result: one that a clock set back left in the future would come to life again
    some day. When nothing has to be written ``requests`` itself comes back. A repeat keeps code and creation time and
    takes over ``last_seen_at`` and newer meta, but not faster than ``SEEN_RESOLUTION``.
    """
    waiting = live(requests, now)
    same = requests if len(waiting) == len(requests) else waiting
    clean = {key: text for key, value in meta.items() if (text := value.strip())} | {"accountId": account}
    for index, known in enumerate(waiting):
        if known.id == handle and known.account == account:
            if known.last_seen_at is not None and 0 <= now - known.last_seen_at < SEEN_RESOLUTION:
                return same, known.code, False
            seen = known._replace(last_seen_at=now, meta={**known.meta, **clean})
            return (*waiting[:index], seen, *waiting[index + 1 :]), known.code, False
    if is_full(waiting, account):
        return same, "", False
    code = new_code({request.code.upper() for request in waiting}, choice)
    return (*waiting, Request(handle, code, now, now, clean, {})), code, True


def is_full(waiting: tuple[Request, ...], account: str) -> bool:
    """Whether no more requests may wait in ``account``; ``waiting`` are those that are live."""
    return sum(request.account == account for request in waiting) >= MOST_PENDING


def without(requests: tuple[Request, ...], one: Request) -> tuple[Request, ...]:
    """The requests but for that very one."""
    return tuple(request for request in requests if request is not one)
