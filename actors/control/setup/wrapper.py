"""The script that runs imsg on another Mac: ``cliPath`` names it. Pure.

Host and program come in checked (``answers``), so nothing in them means anything to a shell.
"""


def script(host: str, imsg: str) -> str:
    """The text of the script (mission page: SSH wrapper). ``host`` as in ``remoteHost``, ``imsg`` a path over there."""
    return (
        f'#!/bin/sh\n# Runs imsg on another Mac; made by: gateway setup\nexec ssh -T {destination(host)} {imsg} "$@"\n'
    )


def destination(host: str) -> str:
    """``user@host`` as ssh takes it: without the brackets of an IPv6 address."""
    return host.replace("[", "").replace("]", "")
