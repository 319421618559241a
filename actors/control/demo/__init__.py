"""The demo: real processes in a temporary folder, played by people who write on a pretend phone.

    script --- writes ---> chat.db <--- imsg-sim <--- gateway ---> agent
      |                       |                          |
      |  bubbles, left, right |     journal, log: what it did, and why
      `--- transcript <-------+--------------------------'
                 `--> checks: what was expected, what was seen

Nothing here reaches into the gateway: it is started, killed and asked like any other program, and judged by what lies
in Messages and in its journal. The user's own state, config and Messages are never touched.
"""
