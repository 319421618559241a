"""How fast, how small, how soon: the whole gateway as a real process, measured from outside.

``python -m tests.benchmarks`` starts ``gateway run`` again and again in a state folder of its own, with ``feeder`` in
the place of imsg and the echo agent, and beside it, on the same disk in the same minute, the physical ``floor``.
``scenarios`` says what is fed, ``subject`` runs a process through it, ``verify`` insists that every message was
answered exactly once and in order, ``decisions`` measures the pure decision alone, ``measures`` says which numbers
are shown against which targets, ``table`` shows them. Times are reported, never asserted.
"""
