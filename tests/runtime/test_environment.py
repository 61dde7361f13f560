import sys
from datetime import datetime
from importlib.metadata import version

import numpy as np
import pytest

from headstart.runtime.environment import environment, package_versions
from headstart.runtime.files import json_text
from headstart.version import __version__

NOON = datetime(2026, 3, 4, 12, 0, 5)


def test_the_environment_names_what_can_change_a_result() -> None:
    found = environment(NOON, ["headstart", "fit", "水果"])
    assert found["started"] == "2026-03-04T12:00:05"
    assert found["command"] == ["headstart", "fit", "水果"]
    assert found["cores"] >= 1
    assert found["python"] == sys.version.split()[0]
    json_text(found)


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.runtime.environment.PACKAGES", ("numpy", "no-such-package"))
    assert package_versions() == {"headstart": __version__, "numpy": np.__version__, "no-such-package": None}


def test_the_library_that_takes_texts_apart_is_recorded_since_it_can_change_a_result():
    assert package_versions()["tokenizers"] == version("tokenizers")
