"""Outside programs some tests need (sshd, chromium, ...): where they are and which of them must be there.

A test says ``@pytest.mark.needs("sshd")``. ``bin/test --require sshd,chromium`` hands the names over in the
environment variable ``GATEWAY_TEST_REQUIRE``; an absent tool then is an error instead of a deselected test.
"""

from __future__ import annotations

import os
import shutil

REQUIRE_VARIABLE = "GATEWAY_TEST_REQUIRE"

# Servers such as sshd live here, and a plain user's PATH on Debian leaves these folders out.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find_tool(name: str) -> str | None:
    """The path of the program ``name`` on PATH or in a system folder; None when it is absent."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS)))


def tool_names(text: str) -> list[str]:
    """The names in a comma-separated list, in order, without blanks and repeats."""
    return list(dict.fromkeys(name for name in map(str.strip, text.split(",")) if name))


def absent(names: list[str]) -> list[str]:
    """Those of ``names`` that ``find_tool`` does not find."""
    return [name for name in names if find_tool(name) is None]
