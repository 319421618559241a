"""Loading stays light: what a start pays for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from config import Places

PROGRAM = """
import sys
from config import Places, load
loaded = load(Places.from_env({"HOME": sys.argv[1]}), {})
assert loaded.problems == (), loaded.problems
print(sorted(set(sys.modules) & {"json5", "difflib", "actors", "asyncio"}))
"""


def test_a_plain_json_file_needs_neither_json5_nor_other_late_modules(places: Places, home: Path) -> None:
    places.config.write_text('{"channels": {"imessage": {"cliPath": "imsg", "allowFrom": ["+15555550123"]}}}')
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(home)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"
