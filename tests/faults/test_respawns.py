"""An imsg that ends again and again, hundreds of times: nothing stalls, and nothing of any of them is left."""

import os
import subprocess
import sys

import pytest

from tests.faults import respawns
from tests.journeys.house import REPO

DEADLINE = 110.0


@pytest.mark.slow
@pytest.mark.parametrize("children", [300, pytest.param(1000, marks=pytest.mark.soak)])
def test_hundreds_of_children_leave_nothing_behind(children: int) -> None:
    """Each says its lines and is gone in time; afterwards threads, descriptors and processes are as before."""
    done = subprocess.run(
        [sys.executable, "-m", respawns.__name__, str(children)],
        cwd=REPO,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr[-3000:]) == (0, "")
