"""Pictures become features: ``headstart embed``, and the first half of every other verb, as rows of named stages."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.audit import Audit, audit, refuse_unreadable
from headstart.data.example import Dataset, Example
from headstart.data.sources import read_dataset
from headstart.encoders.loading import load_encoder
from headstart.encoders.spec import Encoder
from headstart.errors import PictureError
from headstart.features.reading import Tally, open_store, read_blocks, read_features
from headstart.features.table import table_format, write_table
from headstart.features.values import Block, Extraction, Features
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe
from headstart.reporting.report import EmbedReport, failures_by_name
from headstart.settings import DeviceName

Data = Any  # whatever read_dataset understands: a path, a list, an object with items, a Dataset


def encode(encoder: Encoder, examples: Sequence[Example], place: Place, *, strict: bool) -> Extraction:
    """Encode pictures without keeping anything; raises PictureError for an unreadable one when ``strict``."""
    checked = audit(Dataset("pictures", tuple(examples), ()), place.progress)
    walk = read_features(examples, checked.keys, (encoder,), replace(place, keep_features=False), checked.usable)
    walk = replace(walk, failures=checked.unreadable | walk.failures)
    for position, reason in walk.failures.items() if strict else ():
        raise PictureError(f"The picture '{examples[position].name}' cannot be read.", reason, "Leave it out.")
    return walk


def embed(
    data: Data,
    encoder: str = "efficientnet_lite0",
    *,
    device: DeviceName = "auto",
    cache: str | Path | None = None,
    progress: Progress = silent,
) -> Features:
    """Turn pictures into feature vectors, shape (N, D), in the order of the data.

    Rows of pictures that cannot be read are NaN. Vectors that were computed before come from the store.

    Examples
    --------
    >>> from PIL import Image
    >>> embed([(Image.new("RGB", (64, 64), name), name) for name in ("red", "blue")]).matrix.shape
    (2, 1280)
    """
    place = Place(cache=cache, progress=progress)
    dataset = read_dataset(data)
    checked = audit(dataset, progress=progress)
    loaded = load_encoder(encoder, device=device, cache=place.folder, progress=progress)
    return read_features(dataset.examples, checked.keys, (loaded,), place, checked.usable).features[0]


def write_features(data: Data, out: Path, recipe: Recipe, place: Place) -> EmbedReport:
    """Write one row per picture into a table, in constant memory."""
    clock = time.perf_counter()
    table_format(out)  # an unknown one is said before the pictures are read
    dataset = read_dataset(data)
    checked = audit(dataset, progress=place.progress)
    if recipe.strict:
        refuse_unreadable(checked)
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    examples = [dataset.examples[index] for index in checked.usable]
    keys = [checked.keys[index] for index in checked.usable]
    store, tally = open_store(place), Tally()
    blocks = tally.watch(read_blocks(examples, keys, encoder, store, place))
    if recipe.strict:
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
        tuple(store.notices),
    )


def read_usable(
    checked: Audit, encoders: Sequence[Encoder], place: Place, positions: npt.NDArray[np.int64], strict: bool
) -> Extraction:
    """Get features; damage that only decoding finds is refused too when ``strict``."""
    walk = read_features(checked.dataset.examples, checked.keys, encoders, place, positions)
    if strict:
        refuse_unreadable(replace(checked, unreadable=walk.failures))
    return walk


def _refuse_failures(blocks: Iterator[Block], checked: Audit) -> Iterator[Block]:
    """Hand on blocks of the usable pictures until one of these cannot be decoded."""
    for block in blocks:
        failures = {int(checked.usable[place]): reason for place, reason in block.failures.items()}
        refuse_unreadable(replace(checked, unreadable=failures))
        yield block
