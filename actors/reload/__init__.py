"""The config while the gateway runs: its files are watched, and what changed in them is taken or refused.

``watcher`` is the thread that sees files change, ``stamps`` says whether they did, ``state`` is what an operator's
status reads, ``keeper`` the actor that reads the files when they are still and has a new config taken.
"""
