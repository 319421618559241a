"""Setting the gateway up: what is asked, what an answer may be, and the files that come of it.

``questions`` says what is still to be asked, ``answers`` what a text means, ``render`` the config file, ``wrapper`` the
script for another Mac, ``additions`` what an existing file lacks, ``accounts`` how accounts are added and removed: all
pure. ``programs`` finds imsg, ``writing`` puts the files there or nothing, ``probe`` looks whether it works.
"""
