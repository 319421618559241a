"""The model agent: a model over the network answers.

``agent`` is it; ``names``, ``providers`` and ``keys`` say which model is meant and where it is asked, ``clients`` how,
``messages`` what it is sent; ``asking`` asks, again where that may help, as ``faults`` knows.
"""
