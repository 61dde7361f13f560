"""Names become objects: loaded on first use, with the nearest name for a typo, open to other packages."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from headstart.errors import UnknownNameError
from headstart.runtime.findings import did_you_mean

# What a name stands for: "module:attribute". Another package adds to a table by declaring an entry point in the
# group "headstart.<table>", for instance [project.entry-points."headstart.heads"].
TABLES: dict[str, dict[str, str]] = {
    "modalities": {
        "image": "headstart.modalities.image:IMAGE",
        "text": "headstart.modalities.text:TEXT",
        "vectors": "headstart.modalities.vectors:VECTORS",
    },
    "tasks": {"classification": "headstart.tasks.classification:CLASSIFICATION"},
    # Tasks whose answers are parts of an example: what a file holds decides, nobody asks for them by name.
    "part_tasks": {
        "entities": "headstart.tasks.entities:ENTITIES",
        "answers": "headstart.tasks.answers:ANSWERS",
    },
    "heads": {
        "logistic": "headstart.heads.logistic:LogisticFamily",
        "ridge": "headstart.heads.ridge:RidgeFamily",
        "lda": "headstart.heads.lda:LdaFamily",
        "knn": "headstart.heads.knn:KnnFamily",
        "centroid": "headstart.heads.nearest_centroid:CentroidFamily",
        "mlp": "headstart.heads.mlp:MlpFamily",
        "words": "headstart.heads.words:WordsFamily",
        "words_logistic": "headstart.heads.words:WordsLogisticFamily",
        "stacked": "headstart.heads.stacked:StackedFamily",
    },
    "encoders": {
        "efficientnet_lite0": "headstart.encoders.catalogue:EFFICIENTNET_LITE0",
        "efficientnet_lite1": "headstart.encoders.catalogue:EFFICIENTNET_LITE1",
        "efficientnet_lite2": "headstart.encoders.catalogue:EFFICIENTNET_LITE2",
        "mobilenetv2": "headstart.encoders.catalogue:MOBILENETV2",
        "e5_small": "headstart.encoders.text.catalogue:E5_SMALL",
        "use_multilingual": "headstart.encoders.text.catalogue:USE_MULTILINGUAL",
        "minilm": "headstart.encoders.text.catalogue:MINILM",
        "m3e_small": "headstart.encoders.text.catalogue:M3E_SMALL",
        "mpnet": "headstart.encoders.text.catalogue:MPNET",
    },
    "explainers": {
        "cam": "headstart.explain.image.methods:CAM",
        "gradcam": "headstart.explain.image.methods:GRAD_CAM",
        "gradcam++": "headstart.explain.image.methods:GRAD_CAM_PLUS_PLUS",
        "layercam": "headstart.explain.image.methods:LAYER_CAM",
        "gradients": "headstart.explain.image.methods:INTEGRATED_GRADIENTS",
        "occlusion": "headstart.explain.image.methods:OCCLUSION",
        "words": "headstart.explain.text.methods:WORDS",
    },
    "exporters": {
        "onnx": "headstart.export.onnx_form:ONNX",
        "openvino": "headstart.export.openvino:OPENVINO",
        "torch": "headstart.export.torch_script:TORCH",
    },
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that looks most like ``name``, or None when none comes near.

    Examples
    --------
    >>> nearest("logistik", ["logistic", "ridge"])
    'logistic'
    """
    from difflib import get_close_matches  # only for a name that is wrong

    folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def names(table: str) -> Iterator[str]:
    """Iterate over the names in a table: the built-in ones first, and only then are other packages looked for.

    Examples
    --------
    >>> "ridge" in names("heads")
    True
    """
    yield from TABLES[table]
    yield from sorted(_entry_points(table))


def resolve(table: str, name: str) -> Any:  # noqa: ANN401 - whatever the table holds
    """Load the object that ``name`` stands for.

    Raises
    ------
    UnknownNameError
        When the table has no such name, or another package says that it has it and does not.

    Examples
    --------
    >>> resolve("heads", "ridge").__name__
    'RidgeFamily'
    """
    if name in TABLES[table]:
        return load(TABLES[table][name])
    foreign = _entry_points(table)
    if name not in foreign:
        near = nearest(name, names(table))
        raise UnknownNameError(
            "runtime.unknown_name", name=name, table=table, known=list(names(table)), hint=did_you_mean(near)
        )
    try:
        return load(foreign[name])
    except (ImportError, AttributeError) as error:
        raise UnknownNameError(
            "runtime.not_loaded", name=name, table=table, place=foreign[name], error=error
        ) from error


def load(place: str) -> Any:  # noqa: ANN401 - whatever lies there
    """Load the object at "module:attribute", or a module where no attribute is named.

    Examples
    --------
    >>> load("math:floor")(2.5)
    2
    """
    module, _, attribute = place.partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


class Row:
    """A row of a table: its name, and parts that are values, "module:attribute" or "module:", loaded on first use.

    Examples
    --------
    >>> row = Row("toy", heads=("ridge",), families="headstart.registry:names")
    >>> row.name, row.heads, next(row.families("heads"))
    ('toy', ('ridge',), 'logistic')
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


@cache  # the packages of a process stay what they are
def _entry_points(table: str) -> dict[str, str]:
    from importlib.metadata import entry_points  # only where it is needed: it costs time at start

    return {point.name: point.value for point in entry_points(group=f"headstart.{table}")}
