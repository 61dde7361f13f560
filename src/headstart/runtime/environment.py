"""What a run was made with: versions, machine, command."""

import platform
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from headstart.runtime.machine import available_cores
from headstart.version import __version__

# What can change a result; recorded with every run and every saved model.
PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-learn", "scipy", "pyarrow", "tokenizers", "torch", "timm")


def package_versions() -> dict[str, str | None]:
    """Return the versions of Headstart and of what can change a result; None for a package that is not installed.

    Examples
    --------
    >>> package_versions()["numpy"] == __import__("numpy").__version__
    True
    """
    from importlib.metadata import PackageNotFoundError, version  # only here: it costs time at start

    versions: dict[str, str | None] = {"headstart": __version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return versions


def environment(now: datetime, command: Sequence[str]) -> dict[str, Any]:
    """Describe what a run or a study was run on; neither user nor host name is in it.

    Examples
    --------
    >>> environment(datetime(2026, 1, 2), ["headstart", "fit", "flowers"])["command"]
    ['headstart', 'fit', 'flowers']
    """
    return {
        "started": now.isoformat(timespec="seconds"),
        "command": list(command),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": available_cores(),
        "packages": package_versions(),
    }
