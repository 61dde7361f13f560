"""A few labelled texts of each class: heads on frozen features, pairs, names of classes, and SetFit on the same draws.

DATA is a folder with train.csv and val.csv, with columns text and label. CPU seconds are of one process with all it
does, reading and scoring too.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

import headstart
from headstart.data.few_shots import draw_shots

Pairs = list[tuple[str, str]]
WAYS = {
    "auto": {},
    "words": {"head": "words"},
    "names": {"shots": 0},
    "contrastive": {"method": "contrastive"},
    "lora": {"method": "lora"},
}


def main() -> None:
    """Measure and print one line for each draw and way, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="e5_small")
    parser.add_argument("--shots", type=int, default=8)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--scored", type=int, default=500, help="texts of val.csv, drawn with seed 0")
    parser.add_argument("--ways", nargs="+", default=["auto", "words", "names", "contrastive"], choices=WAYS)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--peer-python", help="interpreter that has setfit; needs --peer-weights")
    parser.add_argument("--peer-weights", help="folder of sentence-transformers with the weights of --encoder")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, list[tuple[float, float]]] = {}
    for draw, (fitted, scored) in enumerate(draws(given)):
        for way in given.ways:
            clock = time.process_time()
            data, settings = {"train": fitted, "test": scored}, {"encoder": given.encoder, "seed": draw, **WAYS[way]}
            model = headstart.fit(data, cache=given.cache, **settings)
            accuracy = model.evaluation.accuracy.value
            found.setdefault(way, []).append((accuracy, time.process_time() - clock))
            print(draw, way, f"{accuracy:.3f}", f"{found[way][-1][1]:.1f} cpu-s", flush=True)
        if given.peer_python:
            found.setdefault("setfit", []).append(ask_peer(given, fitted, scored))
            print(draw, "setfit", *found["setfit"][-1], flush=True)
    for way, rows in found.items():
        accuracies, seconds = zip(*rows, strict=True)
        spread = statistics.stdev(accuracies) if len(rows) > 1 else 0.0
        print(f"{way:12} {statistics.mean(accuracies):.3f} +- {spread:.3f}  {statistics.mean(seconds):.1f} cpu-s")


def draws(given: argparse.Namespace) -> Iterator[tuple[Pairs, Pairs]]:
    """Draw the texts to learn from; those that are scored are the same for every draw."""
    train, scored = (read(given.data / f"{part}.csv") for part in ("train", "val"))
    counts = Counter(label for _, label in train)
    known = sorted(label for label, count in counts.items() if count >= given.shots)
    train = [pair for pair in train if pair[1] in known]
    order = np.random.default_rng(0).permutation(len(scored))
    scored = [scored[place] for place in order if scored[place][1] in known][: given.scored]
    strata = np.array([known.index(label) for _, label in train])
    for draw in range(given.draws):
        rows = draw_shots(strata, np.arange(len(strata)), given.shots, 0, draw)
        yield [train[row] for row in rows], scored


def read(path: Path) -> Pairs:
    """Read texts and labels."""
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file) if row["text"] and row["label"]]


def ask_peer(given: argparse.Namespace, fitted: Pairs, scored: Pairs) -> tuple[float, float]:
    """Let SetFit learn the same draw; returns accuracy and CPU seconds."""
    place = Path(mkdtemp()) / "draw.json"
    place.write_text(json.dumps({"fitted": fitted, "scored": scored}))
    script = Path(__file__).parent / "peers" / "setfit_text.py"
    command = [given.peer_python, str(script), str(place), given.peer_weights]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    accuracy, seconds = done.stdout.split()[-2:]
    return float(accuracy), float(seconds)


if __name__ == "__main__":
    sys.exit(main())
