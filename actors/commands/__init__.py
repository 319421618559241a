"""Chat commands: what a person may ask of the gateway itself, by a message that begins with a slash."""
