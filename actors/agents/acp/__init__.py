"""The ACP agent: a program that speaks the Agent Client Protocol answers, one process for each session.

``agent`` is it; ``programs`` says what is run, ``process`` runs it, over ``pipes`` whose lines ``frames`` sifts;
``client`` is our side of the protocol, ``prompt`` what is asked, ``answer`` what was said.
"""
