"""A modality: the kind of example that is learned from. Its parts lie in the stages, each in a file named after it."""

from collections.abc import Collection
from typing import Any, Protocol

from headstart.registry import names, resolve

DEFAULT = "image"  # what is meant where nothing says otherwise: files and models of older versions do not


class Modality(Protocol):
    """One row: where everything lies that a kind of example brings; see :class:`headstart.registry.Row`."""

    name: str
    settings: Any  # the class of its own section of a recipe; a row may lack it
    suffixes: Collection[str]  # of its files, in small letters with a dot
    accompanies: bool  # whether such files often lie beside examples of other kinds, and are none then
    reader: Any  # headstart.data.readers.base.Reader
    preprocessing: Any  # a class that keeps headstart.encoders.spec.Preprocessing
    adapt: Any  # a function that fits the preprocessing to data: headstart.encoders.spec.Adapt; a row may lack it
    encoders: Any  # headstart.encoders.spec.EncoderSource
    simple: Any  # headstart.encoders.spec.SimpleEncoders
    engine: Any  # what opens a saved graph: a headstart.encoders.spec.LoadedEncoder; a row may lack it
    rows: Any  # headstart.data.readers.base.RowReader of examples that are rows of a table; a row may lack it
    arms: tuple[str, ...]  # those of a comparison that train no network: majority, the baseline, others
    references: tuple[str, ...]  # gains are over the first of these arms that was run; a row may lack it: the baseline
    untrained: Any  # a function that draws the weights of a network at random; a row may lack it
    baseline_head: Any  # the family of the baseline's head; a row may lack it: ridge
    terms: bool  # whether features carry terms; a row may lack it
    similarity: Any  # headstart.audit.similarity.base.Similarity; a row may lack it
    shortcuts: Any  # headstart.audit.shortcuts.base.Shortcuts; a row may lack it
    quality: Any  # headstart.audit.quality.base.QualityMeasures; a row may lack it
    networks: Any  # headstart.encoders.spec.TrainableNetworks; a row may lack it, and the next three with it
    views: Any  # headstart.finetuning.batches.ViewSource
    training: Any  # headstart.settings.training_defaults.TrainingDefaults; a row may lack it
    augment: Any  # headstart.finetuning.views.Augment; a row may lack it
    explainers: Any  # headstart.explain.base.Explainers; a row may lack it, and the next three with it
    figures: Any  # a class that draws an explanation into a folder
    averages: Any  # a function that writes what was found about each class into a folder, and reports it
    page_explanations: Any  # a function that explains an example for the page
    uploads: Any  # headstart.serving.uploads.base.Uploads
    page: str  # the file of serving/pages that asks for examples
    hub: str  # what model hubs call examples of this kind, before the name of a task; a row may lack it
    teach: str  # the file of serving/pages where a server is taught examples of this kind; a row may lack it
    render: Any  # headstart.reporting.render.base.Render
    graph: Any  # headstart.export.graph_parts.RawInput; a row may lack it
    timm: bool  # whether timm reads such examples; a row may lack it


def load_modality(name: str) -> Modality:
    """Load a modality by its name; raises UnknownNameError.

    Examples
    --------
    >>> ".png" in load_modality("image").suffixes
    True
    """
    modality: Modality = resolve("modalities", name)
    return modality


def teach_page(name: str) -> str:
    """Return the file of the page where a server is taught examples of a modality; empty where it cannot be.

    Examples
    --------
    >>> teach_page("image"), teach_page("vectors")
    ('teach.html', '')
    """
    return getattr(load_modality(name), "teach", None) or ""


def modality_json(name: str) -> dict[str, str]:
    """Return a modality as plain data, where it is not the one that is meant where nothing says otherwise."""
    return {} if name == DEFAULT else {"modality": name}


def modalities_by_suffix() -> dict[str, str]:
    """Name the modality of each suffix that files of examples have; the first of several that claim one.

    Examples
    --------
    >>> modalities_by_suffix()[".png"]
    'image'
    """
    rows = [load_modality(name) for name in reversed([*names("modalities")])]
    return {suffix: row.name for row in rows for suffix in row.suffixes}
