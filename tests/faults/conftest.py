"""The cases of all modules, under way together."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.cases import Case, Cases, Running


@pytest.fixture(scope="session")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All cases that pytest selected, of all modules that have some, under way together."""
    chosen: dict[str, tuple[Case, bool]] = {}
    for item in request.session.items:
        known, spec = getattr(getattr(item, "module", None), "case", None), getattr(item, "callspec", None)
        if isinstance(known, Cases) and spec is not None and "name" in spec.params:
            name = spec.params["name"]
            chosen[f"{item.path.stem} {name}"] = known.get(name), known.works(name)
    running = Running(chosen, tmp_path_factory.mktemp("cases"))
    yield running
    running.close()


@pytest.fixture
def outcome(request: pytest.FixtureRequest, cases: Running) -> Callable[[str], None]:
    """Waits for the end of one of this module's cases."""
    return lambda name: cases.outcome(f"{request.path.stem} {name}")
