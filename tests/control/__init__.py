"""The operator's door: reports, the control socket with hostile clients, and every verb of the command line."""
