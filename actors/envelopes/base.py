"""What every envelope is: a frozen struct.

A ``msgspec.Struct`` is built in 0.04 us, a ``NamedTuple`` in 0.16 us. It equals only a struct of its own type:
``Dropped("x")`` is not ``Held("x")``, and neither is a tuple.
"""

from typing import dataclass_transform

from msgspec import Struct


@dataclass_transform(frozen_default=True)
class Envelope(Struct, frozen=True, gc=False):
    """Base of all envelopes: built by position, immutable, equal by type and fields, open to ``match``.

    Untracked (``gc=False``): values cannot form cycles, so reference counts free them and the garbage collector
    need not look. An envelope that carries a ``Ref`` can close a cycle, from an actor that keeps it through the
    other actor's mailbox and back; it says ``gc=True``, or actors that die with it in hand would stay forever.
    """
