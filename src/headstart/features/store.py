"""The feature store: rows of encoders, kept between runs under the SHA-256 of what they were made from.

``<folder>/features/<digest of the encoder>/`` holds ``encoder.json`` for people and shards for the machine. Nothing in
there is ever changed, so any number of processes may read and write at once; the same row twice does no harm.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from headstart.arrays import Booleans, Singles
from headstart.encoders.spec import EncoderSpec
from headstart.errors import StoreError
from headstart.features.shards import SUFFIX, Shard, check_shard, open_shard, read_keys, read_rows, write_shard
from headstart.runtime.files import PARTIAL_SUFFIX, whole_file
from headstart.runtime.findings import Finding

FLUSH_ROWS = 256  # rows in a shard: few files, and little to lose
FLUSH_SECONDS = 10.0  # a slow encoder writes smaller shards, so that an interrupted run loses seconds, not minutes
LEFTOVERS = (PARTIAL_SUFFIX, ".tmp")  # the second was that of earlier versions
LEFTOVER_SECONDS = 3600.0  # a temporary file this old was left by a process that was killed: writing takes less
ROW_BITS = 32  # a row's place is one integer, shard number and row number: half the memory of a tuple


class FeatureStore:
    """A folder of stored features, rows per encoder.

    Trouble does not stop a run: a damaged file is set aside and computed again, a folder that cannot be written to
    keeps nothing. ``notices`` tells it.

    Parameters
    ----------
    folder
        The cache folder; the store takes the subfolder ``features``. It need not exist. Without a folder rows stay in
        memory, only as long as the walk that computed them needs them.
    clock
        Seconds since the epoch.

    Examples
    --------
    >>> FeatureStore(None).notices
    []
    """

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.time) -> None:
        self.folder = None if folder is None else Path(folder) / "features"
        self.notices: list[Finding] = []
        self._clock = clock

    def open(self, spec: EncoderSpec) -> "EncoderRows":
        """Open the rows of one encoder, with what other processes have written so far."""
        return EncoderRows(
            self.folder / spec.digest if self.folder and spec.preprocessing.kept else None,
            spec,
            self._notice,
            self._clock,
        )

    def _notice(self, found: Finding) -> None:
        if found not in self.notices:
            self.notices.append(found)


class EncoderRows:
    """The rows of one encoder: those in shards, and those of this run that are not written yet.

    Used from one thread. Rows that were appended can be read at once, also when they cannot be written.

    Examples
    --------
    >>> from headstart.encoders.preprocess.image import ImagePreprocessing
    >>> from headstart.encoders.spec import EncoderSpec
    >>> pixels = ImagePreprocessing(1, 1, "box", 1.0, "squash", (0, 0, 0), (1, 1, 1))
    >>> spec = EncoderSpec("toy", "toy", 2, "0" * 64, pixels, "Apache-2.0", "here", engine="numpy")
    >>> rows = FeatureStore(None).open(spec)
    >>> rows.append([b"a" * 32], np.array([[1, 2]], dtype=np.float32))
    >>> rows.find([b"a" * 32, b"b" * 32]), rows.read([b"a" * 32])
    (array([ True, False]), array([[1., 2.]], dtype=float32))
    """

    def __init__(
        self, folder: Path | None, spec: EncoderSpec, notice: Callable[[Finding], None], clock: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._spec = spec
        self._notice = notice
        self._clock = clock
        self._shards: list[Shard] = []
        self._checked: set[int] = set()
        self._places: dict[bytes, int] = {}
        self._unwritten: dict[bytes, Singles] = {}
        self._keeping = folder is not None
        self._flushed = clock()
        if folder is not None:
            self._load(folder)

    def find(self, keys: Sequence[bytes]) -> Booleans:
        """Return for each key whether its row is here, shape (N,); shards are checked before they are relied on."""
        for number in sorted({self._places[key] >> ROW_BITS for key in keys if key in self._places} - self._checked):
            self._check(number)
        return np.array([key in self._places or key in self._unwritten for key in keys], dtype=np.bool_)

    def read(self, keys: Sequence[bytes]) -> Singles:
        """Read the rows of keys that :meth:`find` has found, shape (N, D), in this order.

        Raises
        ------
        KeyError
            When a key is not here.
        StoreError
            When somebody took a file away in the meantime.
        """
        matrix = np.empty((len(keys), self._spec.dimension), dtype=np.float32)
        places = np.array([self._places.get(key, -1) for key in keys], dtype=np.int64)
        numbers = places >> ROW_BITS
        for number in set(numbers.tolist()) - {-1}:
            here = np.flatnonzero(numbers == number)
            matrix[here] = read_rows(self._shards[number], places[here] & (2**ROW_BITS - 1))
        for position in np.flatnonzero(places < 0).tolist():
            matrix[position] = self._unwritten[keys[position]]
        return matrix

    def append(self, keys: Sequence[bytes], rows: Singles) -> None:
        """Add rows, shape (N, D); they are written when there are enough of them or some time has passed."""
        for key, row in zip(keys, rows, strict=True):
            if key not in self._places and key not in self._unwritten:
                self._unwritten[key] = np.array(row, dtype=np.float32)  # a copy: a view would hold its whole batch
        if len(self._unwritten) >= FLUSH_ROWS or self._clock() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet; a folder that cannot be written to gets one notice and no second try."""
        if self._folder is None or not self._keeping or not self._unwritten:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            description = self._folder / "encoder.json"
            if not description.exists():
                with whole_file(description, durable=True) as partial:
                    partial.write_text(json.dumps(self._spec.to_json(), indent=2, ensure_ascii=False), encoding="utf-8")
            shard = write_shard(self._folder, list(self._unwritten), np.stack(list(self._unwritten.values())))
        except OSError as error:
            self._stop_keeping(error)
            return
        self._checked.add(len(self._shards))
        self._index(shard, list(self._unwritten))
        self._unwritten.clear()
        self._flushed = self._clock()

    def release(self, keys: Sequence[bytes]) -> None:
        """Forget rows nobody will read again, when they are not written: they would only fill the memory."""
        if not self._keeping:
            for key in keys:
                self._unwritten.pop(key, None)

    def _load(self, folder: Path) -> None:
        """Index the shards that are there; remove what killed processes left."""
        try:
            paths = sorted(folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            self._stop_keeping(error)
            return
        for path in paths:
            if path.suffix == SUFFIX:
                self._take_up(path)
            elif path.suffix in LEFTOVERS:
                with suppress(OSError):  # another process may be faster, or the folder read-only: no harm
                    if self._clock() - path.stat().st_mtime > LEFTOVER_SECONDS:
                        path.unlink()

    def _take_up(self, path: Path) -> None:
        try:
            shard = open_shard(path, self._spec.dimension)
            self._index(shard, read_keys(shard))
        except FileNotFoundError:
            return  # another process has just set it aside
        except (StoreError, OSError) as error:
            self._set_aside(path, error)

    def _index(self, shard: Shard, keys: Sequence[bytes]) -> None:
        first = len(self._shards) << ROW_BITS
        self._shards.append(shard)
        for row, key in enumerate(keys):
            self._places.setdefault(key, first + row)

    def _check(self, number: int) -> None:
        """Compare a shard with its checksum; the rows of a damaged one are forgotten."""
        try:
            check_shard(self._shards[number])
        except (StoreError, OSError) as error:
            self._places = {key: place for key, place in self._places.items() if place >> ROW_BITS != number}
            if not isinstance(error, FileNotFoundError):
                self._set_aside(self._shards[number].path, error)
        else:
            self._checked.add(number)

    def _set_aside(self, path: Path, error: StoreError | OSError) -> None:
        reason: object = Finding("features.unreadable", {"error": getattr(error, "strerror", None) or error})
        if isinstance(error, StoreError):
            reason = error.values["reason"]
        aside = path.with_name(f"{path.name}.damaged")
        try:
            os.replace(path, aside)
            outcome = Finding("features.set_aside", {"name": aside.name})
        except OSError as trouble:
            outcome = Finding("features.left_out", {"error": trouble.strerror or trouble})
        self._notice(Finding("features.damaged", {"path": path, "reason": reason, "outcome": outcome}))

    def _stop_keeping(self, error: OSError) -> None:
        self._keeping = False
        where = self._folder.parent if self._folder else ""
        self._notice(Finding("features.not_kept", {"path": where, "error": error.strerror or error}))
