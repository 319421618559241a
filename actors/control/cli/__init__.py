"""The command line, one module per verb: ``add(subparsers)`` declares it, ``execute(args)`` runs it.

A verb's module is imported only when that verb is asked for, so starting the gateway pays for none of the others.
"""
