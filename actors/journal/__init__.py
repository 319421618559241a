"""The journal: every row with its verdict, every reply chunk with its state, on disk before anything happens.

``schema`` is the database, ``store`` reads and writes it, ``active`` bounds what lives in memory, ``actor`` is
the one writer: it commits in groups and tells whoever waits for a fact, after the commit only.
"""
