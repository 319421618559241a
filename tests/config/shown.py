"""The example file with what it shows in comments switched on."""

from __future__ import annotations

import re
from pathlib import Path

import config

FILE = Path(config.__file__).parent / "example.json5"
TEXT = FILE.read_text(encoding="utf-8")
SHOWN = re.compile(r'^(\s*)// (?=(?:[\w$]+|"[^"]*"): |\{ )', re.MULTILINE)
"""Begins a line that is a setting in a comment."""

EVERYTHING = SHOWN.sub(r"\1", TEXT)
