"""LP-FT beside full fine-tuning on shifted test pictures: the corruptions of `imagecorruptions`, severities 3 to 5.

Two models are fitted by the command line on the same pictures, with the same epochs and validation part; both then
answer the same corrupted test pictures. For each corruption: the difference of the accuracies with a 95 % interval from
the pairs (a picture at a severity counts once; pictures are drawn, severities stay together), and its sign. Kumar et
al. (2022) found LP-FT ahead under shift; stated beforehand, and not tuned for.

It needs `pip install imagecorruptions opencv-python-headless numba`. The package was written for older libraries; four
names they no longer have are given to it here.
"""

import argparse
import json
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from fit import lay_out_fruit, name_of_scored_part
from printed_tables import print_table
from processes import headstart, machine, run

import headstart as library
from headstart.data.readers.image import open_example

METHODS = ("lpft", "full")
SIDE = 256  # pictures are corrupted at about the size the network sees


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder with train/ and val/; without it the demo's fruit")
    parser.add_argument("--pictures", type=int, default=100, help="how many test pictures are corrupted")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--severities", type=int, nargs="+", default=[3, 4, 5])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    corrupt, names = corruptions()
    conditions = machine()
    with TemporaryDirectory() as folder:
        data = given.data.resolve() if given.data else lay_out_fruit(Path(folder) / "fruit")
        models = {method: fitted(data, Path(folder) / method, method, given) for method in METHODS}
        paths = sorted((data / name_of_scored_part(data)).glob("*/*"))
        paths = paths[:: max(1, len(paths) // given.pictures)][: given.pictures]
        clean = [np.asarray(open_example(path).resize((SIDE, SIDE))) for path in paths]
        labels = [path.parent.name for path in paths]
        rows = {"none": gains(models, [clean], labels)}
        for name in names:
            try:
                shifted = [[corrupt(one, severity=s, corruption_name=name) for one in clean] for s in given.severities]
            except Exception as error:  # the package's code for this one does not run on today's libraries
                print(f"{name} is left out: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            rows[name] = gains(models, shifted, labels)
            print(f"{name}: {rows[name]}", file=sys.stderr)
    report(rows, f"{conditions}; {data.name}, {len(paths)} test pictures, {given.epochs} epochs", given)


def corruptions() -> tuple[Any, list[str]]:
    """Load the package, with what it misses."""
    resources = types.ModuleType("pkg_resources")
    resources.resource_filename = lambda package, name: str(Path(find_spec(package).origin).parent / name)  # type: ignore
    sys.modules.setdefault("pkg_resources", resources)
    vars(np).setdefault("float_", np.float64)
    import scipy.ndimage
    import skimage.filters

    sys.modules.setdefault("scipy.ndimage.interpolation", scipy.ndimage)
    modern = skimage.filters.gaussian

    def gaussian(*arguments: Any, multichannel: bool = False, **more: Any) -> Any:  # noqa: ANN401
        return modern(*arguments, **({"channel_axis": -1} if multichannel else {}), **more)

    skimage.filters.gaussian = gaussian
    from imagecorruptions import corrupt, get_corruption_names

    return corrupt, get_corruption_names()


def fitted(data: Path, out: Path, method: str, given: argparse.Namespace) -> library.Model:
    """Fit as a user does."""
    settings = ("--method", method, "--epochs", str(given.epochs), "--seed", str(given.seed), "--device", "cpu")
    run(headstart("fit", data, *settings, "--out", out, "--json"))
    return library.load(out)


def gains(models: dict[str, library.Model], sets: list[list[np.ndarray]], labels: list[str]) -> dict[str, float]:
    """Score both models on pictures at several severities; bootstrap the difference over the pictures."""
    right = {}
    for method, model in models.items():
        truth = np.array([model.classes.index(label) for label in labels])
        right[method] = np.mean([model.predict_proba(one).argmax(axis=1) == truth for one in sets], axis=0)
    difference = right["lpft"] - right["full"]
    random = np.random.default_rng(0)
    draws = difference[random.integers(len(difference), size=(2000, len(difference)))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    accuracy = {method: float(found.mean()) for method, found in right.items()}
    return accuracy | {"difference": float(difference.mean()), "low": float(low), "high": float(high)}


def report(rows: dict[str, dict[str, float]], conditions: str, given: argparse.Namespace) -> None:
    """Print a table and a JSON line."""
    print(conditions, end="\n\n")
    table = [
        [
            name,
            f"{row['lpft']:.3f}",
            f"{row['full']:.3f}",
            f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]",
            "+" if row["low"] > 0 else "-" if row["high"] < 0 else "open",
        ]
        for name, row in rows.items()
    ]
    print_table(["corruption", "lpft", "full", "lpft - full", "sign"], table, markdown=given.markdown)
    print(json.dumps({"benchmark": "shift", "conditions": conditions, "rows": rows}))


if __name__ == "__main__":
    main()
