"""The journal: every row with its verdict, every reply chunk with its state, on disk before anything happens.

``actor`` is the one writer: it commits in groups and tells whoever waits for a fact, after the commit only.

- The database: ``schema`` makes and migrates it, ``statements`` are what runs on it, ``store`` runs them.
- Facts to rows: ``batch`` with ``chunk_changes``, ``changes`` (order of updates) and ``positions`` (sources).
- What leaves: ``gate`` and ``active`` bound what lives in memory, ``replays`` tells what is open again.
- Beside the actor: ``ledger`` (numbers by heart), ``queries`` and ``stories`` (looking: what waits for an operator, the
  life of one message), ``offline`` (writing without a gateway).
"""
