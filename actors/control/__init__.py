"""The operator's door: what a running gateway tells, the command line, the instance lock.

``view`` is what reports read of a running gateway, ``reports`` turns it into the JSON of the interface, ``server``
answers over a unix socket, ``client`` asks there, ``cli`` holds one module per verb. ``operations`` is what clients may
have done: orders for chunks, held rows, probes; ``shelf`` reads what waits for the operator from the journal. Nothing
here is on the way of a message: a slow or hostile client costs itself, never a conversation.
"""
