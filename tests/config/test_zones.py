"""Time zones: what names none is told, with what counts in its place."""

from __future__ import annotations

import pytest

from config import zones
from tests.config.conftest import Load

USER, ENVELOPE = "agents.defaults.userTimezone", "agents.defaults.envelopeTimezone"
HINT = "here (write it as Europe/Berlin)"


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Los_Angeles", "UTC"])
def test_a_zone_by_its_name(load_text: Load, name: str) -> None:
    assert zones.is_known(name)
    loaded = load_text(f'{{agents:{{defaults:{{userTimezone:"{name}",envelopeTimezone:" {name} "}}}}}}')
    assert (loaded.problems, loaded.warnings) == ((), ())


@pytest.mark.parametrize("name", ["", " ", "local", "UTC", "gmt", "User"])
def test_words_for_an_envelope(load_text: Load, name: str) -> None:
    assert load_text(f'{{agents:{{defaults:{{envelopeTimezone:"{name}"}}}}}}').warnings == ()


@pytest.mark.parametrize("name", ["Berlin", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "UTC+", "\u00e4"])
def test_a_name_of_none_is_told(load_text: Load, name: str) -> None:
    """Envelopes then say UTC (inbound 2.3), the people's zone is this computer's."""
    loaded = load_text(f'{{agents:{{defaults:{{userTimezone:"{name}",envelopeTimezone:"{name}"}}}}}}')
    assert loaded.problems == ()
    assert loaded.warnings == (
        f'{USER}: there is no time zone "{name}" {HINT}: the one of this computer counts',
        f'{ENVELOPE}: there is no time zone "{name}" {HINT}: UTC counts',
    )


@pytest.mark.parametrize("name", ["local", "user"])
def test_words_of_envelopes_are_no_zones_of_people(load_text: Load, name: str) -> None:
    [told] = load_text(f'{{agents:{{defaults:{{userTimezone:"{name}"}}}}}}').warnings
    assert told.startswith(f"{USER}: ")
