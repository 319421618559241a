"""The config package: reading, judging, effective accounts."""
