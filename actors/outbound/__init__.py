"""Answers on their way out: text prepared and cut into chunks, queued durably, sent once, in order per chat."""
