"""``gateway explain``: why a message is answered or not.

- ``rows``: a message that never came, from a file or made up; ``memory``: what the journal knows that bears on it.
- ``verdicts``: the answer about such a one, and the story of one that came; ``history``: what happened to that.
- ``answer``: the answer as the JSON value of the interface; ``text``: the same for people.

The rules themselves are asked by ``actors.control.judge``, which ``gateway chats`` asks too.
"""
