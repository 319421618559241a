"""Chat commands: what a person may ask of the gateway itself, by a message that begins with a slash.

``parse`` says which message is one, ``kept`` what the journal keeps of it. ``desk`` is the actor: a command in, one
answer out. It asks ``carrying``, which has the effect of what a command wants: ``config``, ``debug``, ``allowlist`` and
``restart`` are the commands, pure, each with its request and its words (``listed`` has those of ``/allowlist``).
``permission`` says who may have what done, ``overlaid`` what ``/debug`` leaves alone and where it lies over a change.
``writing`` changes the config file and keeps in ``undo`` what can be taken back. ``view`` is what they all go by;
``answers`` is how the desk speaks.
"""
