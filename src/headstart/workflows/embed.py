"""Examples become features: ``headstart embed``, and the first half of every other verb, as rows of named stages."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.arrays import Integers
from headstart.data.columns import TableOptions
from headstart.data.encodings import choose_encoding
from headstart.data.example import Dataset
from headstart.data.inspection import Inspection, inspect_dataset
from headstart.data.inspection_report import refuse_unreadable, used_findings
from headstart.data.labels import unify_names
from headstart.data.readers.base import set_reading
from headstart.data.sources import read_dataset
from headstart.encoders.spec import Encoder, LoadedEncoder
from headstart.features.access import Counter, open_store, read_blocks, read_features
from headstart.features.table_export import table_format, write_table
from headstart.features.values import Block, Extraction, Features
from headstart.reporting.answers import failures_by_name
from headstart.reporting.report import EmbedReport, data_findings
from headstart.runtime.context import RunContext
from headstart.runtime.files import require_new_file
from headstart.runtime.findings import Finding
from headstart.settings.fields import DeviceName
from headstart.settings.recipe import Recipe
from headstart.workflows.load_encoder import named_encoder

OF_CLASSES = ("data.lost_classes", "data.tiny", "data.imbalance")  # findings that say nothing where none is predicted

Data = Any  # whatever read_dataset understands: a path, a list, an object with items, a Dataset


def read_all(data: Data, encoder: str, device: DeviceName, context: RunContext) -> tuple[Features, tuple[Finding, ...]]:
    """Encode everything in the order of the data, NaN where something cannot be read; see :func:`headstart.embed`.

    Returns the features, and what the user should know of the data.
    """
    from headstart.data.objects import is_single  # only where an object is read

    single = is_single(data)
    dataset = read_dataset([data] if single else data)
    checked = inspect_dataset(dataset, progress=context.progress)
    if single:
        refuse_unreadable(checked)
    loaded = usable_encoder(encoder, device, checked, context)
    walk = read_features(dataset.examples, checked.keys, (loaded,), context, checked.usable)
    found = data_findings(checked, walk)
    return walk.features[0], tuple(one for one in found if one.code not in OF_CLASSES)


def write_features(data: Data, out: Path, recipe: Recipe, context: RunContext) -> EmbedReport:
    """Write one row per example into a table, in constant memory."""
    clock = time.perf_counter()
    table_format(out)  # what is certain to fail is said before the examples are read
    require_new_file(out)
    checked = read_inspected(data, recipe, context, recipe.data.task)
    dataset = checked.dataset
    examples = [dataset.examples[index] for index in checked.usable]
    encoder = usable_encoder(recipe.encoder.name, recipe.run.device, checked, context)
    keys = [checked.keys[index] for index in checked.usable]
    store, tally = open_store(context), Counter()
    blocks = tally.watch(read_blocks(examples, keys, encoder, store, context))
    if recipe.data.strict:
        blocks = _refuse_failures(blocks, checked)
    count = write_table(out, blocks, examples, keys, encoder.spec.dimension)
    failures = failures_by_name(examples, tally.failures) | failures_by_name(dataset.examples, checked.unreadable)
    return EmbedReport(
        out,
        encoder.spec,
        count,
        tally.computed,
        tally.cached,
        time.perf_counter() - clock,
        failures,
        (*used_findings(checked), *store.notices),
    )


def read_inspected(data: Data, recipe: Recipe, context: RunContext, task: str) -> Inspection:
    """Read data as a recipe says, and inspect it; unreadable examples are refused where it is strict."""
    dataset = read_as(data, recipe, task)
    set_reading(recipe, dataset.modality)
    checked = inspect_dataset(dataset, progress=context.progress)
    if recipe.data.strict:
        refuse_unreadable(checked)
    return replace(checked, notices=(*checked.notices, *context.findings))


def read_as(data: Data, recipe: Recipe, task: str) -> Dataset:
    """Read data with the columns, the encoding, the groups and the test part that a recipe names."""
    choose_encoding(recipe.data.encoding)
    table, split = table_options(recipe), recipe.split
    dataset = read_dataset(data, group_pattern=split.group_pattern, table=table, task=task)
    if not split.test:
        return dataset
    from headstart.data.test_part import with_test_part  # few name one

    of_test = table if os.path.isfile(os.path.expanduser(split.test)) else TableOptions()
    return unify_names(with_test_part(dataset, read_dataset(split.test, table=of_test, task=task)))


def table_options(recipe: Recipe) -> TableOptions:
    """Return what a recipe says of the columns of a table."""
    own = recipe.data
    return TableOptions(own.path_column, own.label_column, own.text_column, recipe.split.group_by, own.images)


def usable_encoder(name: str, device: DeviceName, checked: Inspection, context: RunContext) -> LoadedEncoder:
    """Load the encoder of this name for the examples that can be read."""
    return named_encoder(name, device, context, checked.dataset.modality, list(checked.usable_examples()))


def read_usable(
    checked: Inspection, encoders: Sequence[Encoder], context: RunContext, positions: Integers, strict: bool
) -> Extraction:
    """Get features; damage that only decoding finds is refused too when ``strict``."""
    walk = read_features(checked.dataset.examples, checked.keys, encoders, context, positions)
    if strict:
        refuse_unreadable(replace(checked, unreadable=walk.failures))
    return walk


def _refuse_failures(blocks: Iterator[Block], checked: Inspection) -> Iterator[Block]:
    """Hand on blocks of the usable examples until one of these cannot be decoded."""
    for block in blocks:
        failures = {int(checked.usable[place]): reason for place, reason in block.failures.items()}
        refuse_unreadable(replace(checked, unreadable=failures))
        yield block
