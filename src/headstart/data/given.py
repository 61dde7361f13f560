"""What was given to be answered, as sources of examples."""

import os
from collections.abc import Callable, Iterator
from typing import Any

from headstart.data.example import Dataset, Example


def list_sources(inputs: Any, modality: str, read: Callable[..., Dataset]) -> Iterator[Any]:  # noqa: ANN401 - any kind
    """List paths, objects in memory and examples; ``read`` reads what holds several.

    Paths are the usual case, and load nothing that objects in memory need.

    Examples
    --------
    >>> list(list_sources(["a.png", "b.png"], "image", print))
    ['a.png', 'b.png']
    """
    strings = [inputs] if isinstance(inputs, str) else inputs
    if isinstance(strings, list | tuple) and strings and all(isinstance(one, str) for one in strings):
        yield from map(os.path.expanduser, strings)
        return
    from headstart.data.in_memory import to_source
    from headstart.data.objects import list_objects

    for number, given in enumerate(list_objects(inputs, modality, read)):
        yield given if isinstance(given, Example) else to_source(given, f"#{number}")
