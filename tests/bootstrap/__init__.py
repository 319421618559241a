"""The commands in bin/ and what makes .venv for them, driven as a person would, in throw-away checkouts."""
