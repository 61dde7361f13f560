"""Names become objects: loaded on first use, with the nearest name for a typo, open to other packages."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from headstart.errors import UnknownNameError

# What a name stands for: "module:attribute". Another package adds to a table by declaring an entry point in the
# group "headstart.<table>", for instance [project.entry-points."headstart.heads"].
TABLES: dict[str, dict[str, str]] = {
    "heads": {
        "logistic": "headstart.heads.logistic:LogisticFamily",
        "ridge": "headstart.heads.ridge:RidgeFamily",
        "lda": "headstart.heads.lda:LdaFamily",
        "knn": "headstart.heads.knn:KnnFamily",
        "centroid": "headstart.heads.nearest_centroid:CentroidFamily",
        "mlp": "headstart.heads.mlp:MlpFamily",
    },
    "tasks": {"classification": "headstart.tasks.classification:CLASSIFICATION"},
    "sections": {"image": "headstart.settings.image:ImageSettings"},  # of a recipe, for one modality alone
    "exporters": {"onnx": "headstart.export.end_to_end_graph:OnnxExporter"},
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that looks most like ``name``, or None when none comes near.

    Examples
    --------
    >>> nearest("logistik", ["logistic", "ridge"])
    'logistic'
    """
    folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def names(table: str) -> Iterator[str]:
    """Iterate over the names in a table: the built-in ones, then those of other packages, which are slow to find."""
    yield from TABLES[table]
    yield from sorted(_entry_points(table))


def resolve(table: str, name: str) -> Any:  # noqa: ANN401 - whatever the table holds
    """Load the object that ``name`` stands for.

    Raises
    ------
    UnknownNameError
        When the table has no such name.

    Examples
    --------
    >>> resolve("heads", "ridge").__name__
    'RidgeFamily'
    """
    targets = TABLES[table] if name in TABLES[table] else TABLES[table] | _entry_points(table)
    if name not in targets:
        near = nearest(name, targets)
        raise UnknownNameError(
            f"There is no '{name}' among the {table}.",
            f"Known are: {', '.join(targets)}.",
            f"Did you mean '{near}'?" if near else "",
        )
    return load(targets[name])


def load(place: str) -> Any:  # noqa: ANN401 - whatever lies there
    """Load the object at "module:attribute"."""
    module, attribute = place.split(":")
    return getattr(import_module(module), attribute)


class Row:
    """A row of a table: its name, and parts that are values or "module:attribute", which is loaded on first use.

    Examples
    --------
    >>> row = Row("toy", heads=("ridge",), families="headstart.registry:names")
    >>> row.name, row.heads, row.families("heads")[:2]
    ('toy', ('ridge',), ['logistic', 'ridge'])
    """

    def __init__(self, name: str, **parts: Any) -> None:  # noqa: ANN401 - the protocol of the row says what they are
        self.name = name
        self._parts = parts

    def __getattr__(self, part: str) -> Any:  # noqa: ANN401
        """Load a part, and keep it."""
        if part == "_parts" or part not in self._parts:
            raise AttributeError(f"the row has no part '{part}'")
        value = self._parts[part]
        if isinstance(value, str) and ":" in value:
            value = load(value)
        self.__dict__[part] = value
        return value


def _entry_points(table: str) -> dict[str, str]:
    from importlib.metadata import entry_points  # only where it is needed: it costs time at start

    return {point.name: point.value for point in entry_points(group=f"headstart.{table}")}
