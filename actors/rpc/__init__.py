"""The link to imsg: one child per Messages database, newline-framed JSON-RPC over its pipes.

``frames`` cuts and reads lines (pure), ``pipes`` moves bytes (threads), ``reader`` owns the child and the watch,
``caller`` owns the requests under way.
"""
