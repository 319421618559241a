"""The journal: every row with its verdict, every reply chunk with its state, on disk before anything happens.

``actor`` is the one writer: it commits in groups and tells whoever waits for a fact, after the commit only.

- The database: ``schema`` makes and migrates it, ``statements`` are what runs on it, ``store`` runs them.
- Facts to rows: ``batch`` with ``chunk_changes``, ``source_changes``, ``session_changes`` (and ``session_rows``), with
  ``changes`` (order of updates) and ``positions`` (sources).
- What leaves: ``gate``, ``active`` and ``under_way`` bound what lives in memory, ``replays`` tells what is open again,
  as ``retold`` puts it; ``recall`` says what an agent is reminded of, ``owner`` where an owner is reached.
- Beside the actor: ``ledger`` (numbers by heart), ``roster`` (sessions by heart), ``standings`` (how sessions differ),
  ``queries``, ``stories`` and ``transcripts`` (looking: what waits for an operator, the life of one message, what was
  said in a session), ``offline`` (writing without a gateway).
- Forgetting: ``pruning`` by the rules of ``retention``; ``purge`` of what ``belongings`` finds.
"""
