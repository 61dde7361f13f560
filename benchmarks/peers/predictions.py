"""The table of predictions that both peers write, in the words of Headstart's ``predictions.csv``."""

import csv
from collections.abc import Iterable
from pathlib import Path


def write_predictions(out: Path, data: Path, pictures: Iterable[Path], predicted: Iterable[str]) -> None:
    """Write path (relative to the data), label (the name of the folder) and prediction of each picture."""
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "predicted"])
        for picture, prediction in zip(pictures, predicted, strict=True):
            table.writerow([picture.relative_to(data).as_posix(), picture.parent.name, prediction])
