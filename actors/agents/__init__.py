"""What answers: agents, what they are told, and the runner that gives the slow ones a thread.

``base`` is what an agent is and the job it gets. ``echo`` and ``command`` are two; the folders ``model`` and ``acp``
hold two more, which need packages of their own (``extras``). ``briefing`` is what an agent is told of a turn,
``blocks`` how an answer goes out while it is still written, ``factory`` makes agents from the config, ``watchman``
starts their programs and ends what would outlive us, ``runner`` is the actor.
"""
