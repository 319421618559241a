"""An imsg that ends again and again, a thousand times: nothing stalls, and nothing of any of them is left."""

import os
import subprocess
import sys

import pytest

from tests.faults import respawns
from tests.journeys.house import REPO

DEADLINE = 110.0


@pytest.mark.slow
def test_a_thousand_children_leave_nothing_behind() -> None:
    """Each says its lines and is gone in time; afterwards threads, descriptors and processes are as before."""
    done = subprocess.run(
        [sys.executable, "-m", respawns.__name__],
        cwd=REPO,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr[-3000:]) == (0, "")
