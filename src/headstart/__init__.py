"""Transfer learning that can be trusted: a folder of labelled pictures becomes a model.

Every public name is loaded on first use, so that ``import headstart`` costs next to nothing.

Examples
--------
>>> import headstart
>>> headstart.Recipe(head="ridge").head.name
'ridge'
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from headstart.version import __version__

# ONNX Runtime 1.32 writes a device id under the user's cache folder and looks up a host of its maker as soon as it is
# imported. Nothing of ours says anything to anybody unasked, so this is said before it can be imported; whoever wants
# its telemetry sets the variable to 0 and is obeyed.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("ORT_TELEMETRY_DISABLED", "1")  # the same switch under the name of later versions

if TYPE_CHECKING:
    from headstart.api.models import embed, fit, load
    from headstart.api.studies import check, compare, distance, rank, search
    from headstart.data.example import Dataset
    from headstart.errors import HeadstartError, HeadstartWarning
    from headstart.probing.sklearn_api import ImageEmbedder, TransferClassifier
    from headstart.settings.recipe import Recipe
    from headstart.workflows.model import Model
    from headstart.workflows.text_parts.model import PartModel

__all__ = [
    "Dataset",
    "HeadstartError",
    "HeadstartWarning",
    "ImageEmbedder",
    "Model",
    "PartModel",
    "Recipe",
    "TransferClassifier",
    "__version__",
    "check",
    "compare",
    "distance",
    "embed",
    "fit",
    "load",
    "rank",
    "search",
]

_HOMES = {
    "Dataset": "headstart.data.example",
    "HeadstartError": "headstart.errors",
    "HeadstartWarning": "headstart.errors",
    "ImageEmbedder": "headstart.probing.sklearn_api",
    "Model": "headstart.workflows.model",
    "PartModel": "headstart.workflows.text_parts.model",
    "Recipe": "headstart.settings.recipe",
    "TransferClassifier": "headstart.probing.sklearn_api",
    "check": "headstart.api.studies",
    "compare": "headstart.api.studies",
    "distance": "headstart.api.studies",
    "embed": "headstart.api.models",
    "fit": "headstart.api.models",
    "load": "headstart.api.models",
    "rank": "headstart.api.studies",
    "search": "headstart.api.studies",
}

if not TYPE_CHECKING:  # a type checker must go on seeing that a misspelt name does not exist

    def __getattr__(name: str) -> object:
        """Load a public name from its home (PEP 562) and keep it."""
        if name not in _HOMES:
            raise AttributeError(f"module 'headstart' has no attribute '{name}'")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
