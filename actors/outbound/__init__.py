"""Answers on their way out: text prepared and cut into chunks, queued durably, sent once, in order per chat.

The states of a chunk, and who moves it::

    queued --> attempted --> SENT
     ^   ^      |  |  '----> FAILED
     |   |      |  v
     | deferred-'  uncertain --> SENT, FAILED
     |             |  v
     '-- retry ----'  parked --> SENT, FAILED

    queued     attempted  its lane is free, the link ready and not blocked, imsg quick enough
    attempted  sent       imsg accepts; its own row came and no answer within 2 s, or none that says that it is out
               deferred   it provably did not start: 5 s to 10 min, five tries; the database is away: 5 s or the next
                          watch; no child, or a blocked lane: at once when there is one (neither counts as a try)
               failed     imsg refuses for good, or the fifth time; a replaced database where nothing names its chat
               uncertain  no answer, an unknown outcome, or a GUID that imsg knows already
    deferred   attempted  its pause is over; its chat waits meanwhile
    uncertain  sent       asked send_status: sent, delivered, or in the database at all
                          issuing its GUID again: taken now, or used by the attempt nobody answered
                          waiting for its own row: on the watch, or asked for in messages.history; a late answer
               failed     asked send_status: Messages could not deliver it
               parked     60 s of a ready link are over; its chat waits until then
    parked     sent, failed  the same evidence, still; only the rest of its own reply waits
    uncertain, parked, failed  queued  operator: retry; a failed one once the journal has it so, behind its chat's
    uncertain, parked  sent, failed    operator: sent, failed
    any but sent, attempted  DISCARDED  operator: discard; what stands behind it moves up
    queued, deferred  DISCARDED  whoever it answers was shut out; while attempted, once it is known not to have started

An answer may come in parts: they are queued as they come, behind each other, and count as one reply. A notice to the
owner is a reply by itself. What was parked, and what failed, is told to the owner.

What belongs to another Messages database than the account reads now stays queued, on disk only.
"""
