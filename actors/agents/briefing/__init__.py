"""The briefing: what an agent is told of a turn.

``briefing`` puts it together as a ``context``, whose shape is published; ``envelope_text`` is the same as one text, and
``prompts`` what models are sent.
"""
