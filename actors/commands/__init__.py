"""Chat commands: what a person may ask of the gateway itself, by a message that begins with a slash, or by a few words.

``parse`` says which slash text is one and ``recognise`` which message, in whatever words; ``kept`` is what the journal
keeps of it. ``desk`` is the actor: a command in, one answer out. ``asking`` makes of a command on its way an ``Asked``;
``carrying`` has the effect of what it wants, or an errand (``errands``) of somebody else, told by ``orders``.

The commands are pure, each with its request and its words. The gateway's own: ``config``, ``debug``, ``allowlist``
(``listed`` has its words), ``restart``, ``manual`` (``/help``, ``/commands``). Those of a session: ``session``
(``/stop``, ``/new``, ``/reset``), ``settings`` (``/activation``, ``/send``, ``/queue``, ``/model``), ``status`` (and
``/whoami``).

``permission`` says who may have what done, ``overlaid`` what ``/debug`` leaves alone and where it lies over a change.
``writing`` changes the config file and keeps in ``undo`` what can be taken back. ``view`` is what they all go by;
``answers`` is how the desk speaks.
"""
