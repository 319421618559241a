"""The link to imsg: one child per Messages database, newline-framed JSON-RPC over its pipes.

reader     the actor that owns the child: spawns, listens, ends, spawns again
keeper     sees to one child's watch, inside the reader: turns decisions into messages and health
watch      what to ask next, from the first question to the last row (pure); ``port`` is what it can have done
prober     whether the watch lives (pure), with ``liveness`` as its memory
catchup, baseline, refetch, capabilities     page by page, where to begin, too long a line, which imsg (pure)
caller     the actor of the requests under way: lanes, deadlines, answers
frames     lines and JSON-RPC (pure); ``pipes`` moves the bytes on threads
health     how the link does, in words; ``desk``, ``link`` what all of these work with
program, claim, openclaw, neighbours, errands     the program, who else is there, questions beside the child
"""
