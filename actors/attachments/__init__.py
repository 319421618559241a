"""Files that people send: where they may come from, before anybody looks into one."""
