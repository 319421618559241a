"""What all envelopes have in common: equal by type, immutable, and freed even where they point back at actors."""

from itertools import combinations
from typing import get_args, get_type_hints

import pytest
from msgspec.structs import fields

from actors.envelopes import control, facts, identity, inbound, link, outbound, session, steering
from actors.envelopes.base import Envelope

ALL = [
    kind
    for module in (control, facts, identity, inbound, link, outbound, session, steering)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Envelope) and kind.__module__ == module.__name__
]


def carries_a_ref(kind: type[Envelope]) -> bool:
    """Whether a field of ``kind`` is a ``Ref``, or may be one."""
    if kind is control.Reconfigure:
        return True  # its view is a value of the actor's own module, which no envelope knows
    hints = get_type_hints(kind).values()
    parts = [one for hint in hints for one in (hint, *get_args(hint))]
    nested = (one for one in parts if isinstance(one, type) and issubclass(one, Envelope))
    return control.Ref in parts or any(map(carries_a_ref, nested))


def test_every_message_is_an_envelope() -> None:
    assert {kind.__name__ for kind in ALL} >= {"Record", "Appended", "Chat", "Inbound", "Chunk"}
    assert len(ALL) == len(Envelope.__subclasses__())


@pytest.mark.parametrize("kind", ALL)
def test_the_collector_sees_those_that_can_close_a_cycle_and_only_those(kind: type[Envelope]) -> None:
    assert kind.__struct_config__.gc == carries_a_ref(kind)


def test_equal_fields_do_not_make_two_types_equal() -> None:
    for one, other in combinations(ALL, 2):
        if len(fields(one)) == len(fields(other)):
            values = range(len(fields(one)))
            assert one(*values) != other(*values)
            assert one(*values) == one(*values)
            made: object = one(*values)
            assert made != tuple(values)


@pytest.mark.parametrize("kind", ALL)
def test_nothing_can_be_changed(kind: type[Envelope]) -> None:
    made = kind(*range(len(fields(kind))))
    for field in fields(kind):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(made, field.name, 0)
