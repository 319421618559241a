"""The gateway's actors: how an iMessage becomes an answer.

Every arrow is a *tell* of an immutable envelope; nobody waits for anybody::

    imsg => pump -> RpcReader -> Normalizer -> AccessController -> Journal -> Sessions -> Conversation <-> AgentRunner
                       |                                             |  `-> PairingRegistry  |
                       `-> RpcCaller (responses)                     |             |         v
    imsg <= RpcCaller <- OutboundSender <-> Journal                  |             `-> OutboundChunker
                              ^                                      `-> OutboundSender (own rows)  |
                              `---------------------------------------------------------------------'

Control commands (``/config``) go from the Journal to the CommandDesk, whose answer is a reply like any other. The
ConfigKeeper watches the config's files; a newer config becomes a newer list of children, and what each goes by.

A message is a row in the journal, with its verdict, before anything happens because of it; it ends in
exactly one outcome. One folder per concern: pure decisions in nouns (``policy``, ``chunks``), the thin
actor in the module that carries its name. ``wiring`` is the only module that knows them all.
"""
