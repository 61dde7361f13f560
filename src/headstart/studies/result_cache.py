"""Answers of an experiment, kept as they come: what was computed once is not computed again, also after a stop."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.runtime.files import write_errors

Right = npt.NDArray[Any]  # what each example adds to the metric: right or wrong of classes


@dataclass(frozen=True, slots=True)
class Condition:
    """Which cell of a comparison: the arm, the examples per class (0: all), and the number of the draw."""

    arm: str
    shots: int
    draw: int


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What the answers of one arm add to the metric (N,), such as right or wrong, after so many examples.

    ``rate`` is the learning rate of a training, None where nothing was trained.
    """

    right: Right
    learned: int
    seconds: float
    rate: float | None = None


@dataclass(slots=True)
class ResultStore:
    """Cells in a file of the cache, one JSON line each; None keeps them in memory alone.

    A line that was cut off by a crash is passed over: its cell is computed again.

    Examples
    --------
    >>> store = ResultStore(None)
    >>> store.add(Condition("probe", 5, 0), Result(np.array([True, False]), 10, 0.1))
    >>> store.find(Condition("probe", 5, 0)).right.tolist(), store.find(Condition("probe", 5, 1))
    ([True, False], None)
    """

    path: Path | None
    _found: dict[Condition, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is there."""
        if self.path is None or not self.path.is_file():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                cell = Result(_read_credits(row), row["learned"], row["seconds"], row.get("rate"))
                self._found[Condition(row["arm"], row["shots"], row["draw"])] = cell
            except (ValueError, KeyError, TypeError):
                continue

    def find(self, place: Condition) -> Result | None:
        """Return a cell that is there, or None."""
        return self._found.get(place)

    def add(self, place: Condition, cell: Result) -> None:
        """Keep a cell, at once."""
        self._found[place] = cell
        if self.path is None:
            return
        row = {
            "arm": place.arm,
            "shots": place.shots,
            "draw": place.draw,
            "count": len(cell.right),
            **_write_credits(cell.right),
            "learned": cell.learned,
            "seconds": round(cell.seconds, 3),
            "rate": cell.rate,
        }
        with write_errors("studies.not_kept", path=self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                # A line of its own even behind one that a crash cut off.
                file.write("\n" + json.dumps(row) + "\n")


def _read_credits(row: Mapping[str, Any]) -> Right:
    if "credits" in row:
        return np.array(row["credits"], dtype=np.float64)
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(row["right"]), dtype=np.uint8), count=row["count"])
    return bits.astype(np.bool_)


def _write_credits(credits: Right) -> dict[str, Any]:
    if credits.dtype == np.bool_:
        return {"right": np.packbits(credits).tobytes().hex()}
    return {"credits": credits.tolist()}
