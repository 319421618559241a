"""What the owner is told: failures that never reach the chat they happened in.

rationing  whether a notice is told, by what was told lately (pure)
wording    whom, and in which words (pure)
actor      asks the journal where the owner is, and lets the chunker tell them
"""
