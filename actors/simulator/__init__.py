"""A stand-in for imsg on machines without Messages: same wire, same database, no Apple, several versions.

    another process --- receive --> chat.db <---- own rows ---- messages_app <-- send (up to 0.13)
                                      |                                     `--- typed_send (0.14+)
                  rows, messages, chats, reading, watch, streams      methods
                                      |                                  |
                                      |        server (one after the other, or in lanes) <-- stdin (JSON-RPC lines)
                                      |                |
                                      `---> writer <---' --> stdout (answers, notifications)

It keeps a real SQLite file in Apple's schema, so whatever writes that file (the `receive` verb, a test, a
second simulator) is seen through the watch exactly as a message from a phone would be. Answers, error codes
and texts are those of the version it is told to play (`--imsg-version`, see `generations`); the rules are named as
`imsg protocol N` where they are applied. What goes wrong, and when, is told to `faults`.

It differs from imsg on purpose in four points: a missing database is created (from 0.14 on only in a folder that
exists); a database it did not make is refused (it writes into the file, and must never touch a person's own
messages); there are no contacts, and a bridge only as far as `--bridge` says; attachments are not converted.

It imports nothing of the gateway and, besides the standard library, only msgspec, so that it starts fast.
"""
