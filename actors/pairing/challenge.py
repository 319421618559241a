"""What a stranger is told, once: access is not set up, who they are to us, how the owner lets them in. Pure."""


def challenge_text(handle: str, code: str) -> str:
    """The pairing answer (inbound 7.2)."""
    return (
        "This chat is answered by an assistant, and access for you is not set up yet.\n\n"
        f"Your iMessage sender id: {handle}\n"
        f"Pairing code: {code}\n\n"
        "To let you in, the owner runs:\n"
        f"bin/gateway pairing approve imessage {code}"
    )


def is_own(created_at: float | None, received_at: float) -> bool:
    """Whether a pending request was made for a row received then, not for an earlier one (times in unix seconds).

    Request times are stored in milliseconds.
    """
    return created_at is not None and created_at + 0.001 >= received_at
