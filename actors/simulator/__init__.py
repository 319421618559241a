"""A stand-in for imsg 0.9 on machines without Messages: same wire, same database, no Apple.

    another process --- receive --> chat.db <-- own rows --- send
                                      |                       ^
                      messages, chats, watch              server <-- stdin (JSON-RPC lines)
                                      |                       |
                                      `------> writer --------'--> stdout (answers, notifications)

It keeps a real SQLite file in Apple's schema, so whatever writes that file (the `receive` verb, a test, a
second simulator) is seen through the watch exactly as a message from a phone would be. Answers, error codes
and texts are those of imsg 0.9; the rules are named as `imsg protocol N` where they are applied.

It differs from imsg on purpose in four points: a missing database is created; a database it did not make is
refused (it writes into the file, and must never touch a person's own messages); there are no contacts and no
bridge; attachments are not converted.

It imports nothing of the gateway and, besides the standard library, only msgspec, so that it starts fast.
"""
