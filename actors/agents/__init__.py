"""What answers: agents, and the runner that gives the slow ones a thread.

``base`` is what an agent is, ``echo`` and ``command`` are two, ``factory`` makes them from the config, ``runner`` is
the actor.
"""
