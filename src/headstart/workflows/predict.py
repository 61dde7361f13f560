"""Answering for new examples: ``headstart predict``. Nothing is imported here that it does not need."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.data.columns import TableOptions
from headstart.data.encodings import choose_encoding
from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import unreadable, used_findings
from headstart.data.readers.base import reader_of, set_reading, text_of
from headstart.data.sources import list_examples
from headstart.encoders.spec import Encoder
from headstart.errors import DataError, ExampleError
from headstart.features.access import read_features
from headstart.features.values import Extraction
from headstart.modalities.base import load_modality
from headstart.reporting.answers import Answers, failures_by_name
from headstart.reporting.tables import write_csv
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.context import RunContext
from headstart.runtime.files import require_new_file, write_text
from headstart.runtime.findings import Finding, about
from headstart.saving.values import SavedModel
from headstart.settings.fields import check_range, check_type
from headstart.settings.recipe import Recipe


def allow(modality: str, settings: Mapping[str, Any]) -> None:
    """Have examples read as settings say; raises RecipeError for a wrong value, DataError for an unknown encoding."""
    recipe = Recipe.from_mapping(settings)
    choose_encoding(recipe.data.encoding)
    set_reading(recipe, modality)


ANSWER_SUFFIXES = (".csv", ".json", ".txt", "")  # a name without an ending gets a table, as .txt does


def encode(encoder: Encoder, examples: Sequence[Example], context: RunContext, *, strict: bool) -> Extraction:
    """Encode examples without keeping anything; raises ExampleError for an unreadable one when ``strict``."""
    checked = inspect_dataset(Dataset("examples", tuple(examples), modality=encoder.spec.modality), context.progress)
    walk = read_features(examples, checked.keys, (encoder,), replace(context, keep_features=False), checked.usable)
    found = about(used_findings(checked), checked.dataset.modality)
    walk = replace(walk, failures=checked.unreadable | walk.failures, notices=found)
    for position, reason in walk.failures.items() if strict else ():
        raise ExampleError("data.unreadable_picture_left", name=examples[position].name, reason=reason)
    return walk


def read_inputs(
    inputs: Any,  # noqa: ANN401 - as Model.predict
    modality: str,
    *,
    path_column: str = "",
    text_column: str = "",
    images: str = "",
) -> Dataset:
    """List the examples to predict; of a table, those in the column and below the folder that are named.

    With them comes what was left out of folders.
    """
    examples = list_examples(
        inputs, modality, TableOptions(path_column=path_column, text_column=text_column, folder=images)
    )
    return Dataset("examples", examples, notices=_left_out(inputs, modality), modality=modality)


def _left_out(inputs: Any, modality: str) -> tuple[Finding, ...]:  # noqa: ANN401 - as list_examples
    """Return what was left out of the folders among the inputs."""
    several = inputs if isinstance(inputs, list | tuple) else [inputs]
    if not any(isinstance(one, str | os.PathLike) and os.path.isdir(os.path.expanduser(one)) for one in several):
        return ()
    from headstart.data.folders import left_out_of  # only where there is a folder

    return tuple(left_out_of(inputs, load_modality(modality).suffixes))


def list_typed(paths: Sequence[str], texts: Sequence[str], lines: Callable[[], bytes], modality: str) -> list[Any]:
    """List what a command line names: paths, for ``-`` the lines of standard input, and texts.

    Raises DataError for texts where examples are none.
    """
    reader: Any = reader_of(modality)
    if not hasattr(reader, "of_lines"):
        if texts:
            raise DataError("data.takes_no_text")
        return [*paths]
    listed = [one for path in paths for one in (reader.of_lines(lines()) if path == "-" else [path])]
    return [*listed, *map(reader.Document, texts)]


def answer(  # six: who answers (two values of every model), about what, how
    encoder: Encoder,
    saved: SavedModel,
    inputs: Any,  # noqa: ANN401 - as Model.predict
    context: RunContext,
    *,
    top: int,
    strict: bool,
) -> Answers:
    """Predict examples; those that cannot be read are named, or refused when ``strict`` or when there are no others."""
    check_type("top", top, int)
    check_range("top", top, 1, 10_000)
    given = inputs if isinstance(inputs, Dataset) else read_inputs(inputs, encoder.spec.modality)
    examples = list_examples(given, encoder.spec.modality)
    walk = encode(encoder, examples, context, strict=strict)
    good = [index for index in range(len(examples)) if index not in walk.failures]
    if not good:
        raise ExampleError("data.none_readable", reason=unreadable(examples[0].name, walk.failures[0]))
    names = [examples[index].name for index in good]
    said = [text_of(examples[index].source, given.modality) for index in good]
    predictions = saved.predictor.predict(names, walk.features[0].matrix[good], top)
    threshold = saved.policy.threshold if saved.policy else None
    failures = failures_by_name(examples, walk.failures)
    notices = (*about(given.notices, given.modality), *walk.notices)
    return Answers(saved.target.task, predictions, failures, threshold, encoder.spec.modality, notices, said)


def require_place(out: Path | None, *, form_given: bool) -> None:
    """Refuse a file for predictions that is there, or whose name says no format where none is given."""
    if out is not None:
        require_new_file(out, () if form_given else ANSWER_SUFFIXES)


def write_answers(answers: Answers, form: str, out: Path, texts: Texts = ENGLISH) -> None:
    """Write predictions into a file, as ``table``, ``csv`` or ``json``."""
    (write_csv if form == "csv" else write_text)(out, answers.to_text(form, texts))
