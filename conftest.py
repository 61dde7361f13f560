"""What every test and every doctest stands on: a cache folder of its own."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from headstart.errors import MODALITY
from headstart.runtime.catalogue import WRITTEN_FOR

# What a test says does not depend on the machine's language.
os.environ["LC_ALL"] = os.environ["LANG"] = "C.UTF-8"

# The tests start hundreds of processes: each reads the library compiled, as a user's does, whatever the machine says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test needs a certain speed.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# What takes longest begins first, so that at the end no worker is left alone with it.
LONGEST = ("test_tutorial.py", "test_readme.py", "test_training_processes.py")


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the whole run, so that the default encoder's graph is exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache_of_its_own(session_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's cache folder, or speaks of the kind of examples that another one has read."""
    monkeypatch.setenv("HEADSTART_CACHE", str(session_cache))
    MODALITY.set(WRITTEN_FOR)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order of all others stays."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
