"""Where things lie on this machine."""

import os
from pathlib import Path


def cache_folder(given: str | Path | None = None) -> Path:
    """Find the folder for weights, graphs and features; it need not exist yet.

    The first that is set wins: ``given`` (the flag ``--cache``), the variable ``HEADSTART_CACHE``, the platform's
    cache folder of the user.

    Examples
    --------
    >>> cache_folder("/tmp/here").as_posix()
    '/tmp/here'
    """
    if given is not None:
        return Path(given).expanduser()
    variable = os.environ.get("HEADSTART_CACHE")
    if variable:
        return Path(variable).expanduser()
    from platformdirs import user_cache_path  # only where it is needed: it costs time at start

    return user_cache_path("headstart", appauthor=False)
