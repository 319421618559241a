"""What actors run on: mailboxes, dispatchers, supervision, the one clock, pulses and logs.

An actor is not a thread. It is a pykka actor whose mailbox, when it becomes non-empty, schedules it on the
few threads of a dispatcher; thousands of them cost memory, not threads.
"""
