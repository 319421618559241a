"""What actors tell each other: immutable values, dispatched on type, importing nothing of ours.

``identity`` names chats and addresses, ``inbound`` what came in and what was decided about it, ``outbound``
what goes out, ``session`` what is kept of a conversation, ``facts`` the only things the journal stores, ``control``
the messages that steer actors, ``steering`` those that steer sessions, ``link`` what passes between an imsg child and
those who read and call it.
All are frozen structs (``base``): dispatch on ``type`` or ``match``, change a copy with ``msgspec.structs.replace``.
"""
