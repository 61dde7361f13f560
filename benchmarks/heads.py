"""Logistic regression with a chosen penalty: Headstart beside scikit-learn's LogisticRegressionCV, without pictures.

Both choose among the same penalties on the same five folds by log-loss and refit on everything, from the same
standardised features. scikit-learn runs in three ways, because how many threads its linear algebra gets can decide
more than the method does; the fastest of them is the one that counts. A way that takes longer than ``--limit`` seconds
is stopped and not tried again.
"""

import argparse
import json
import signal
import statistics
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from printed_tables import print_table
from processes import machine, middle
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from threadpoolctl import threadpool_limits

from headstart.data.splits import make_folds
from headstart.data.targets.classes import Classes
from headstart.heads.logistic import LogisticFamily
from headstart.heads.training_set import compute_class_weights, standardise
from headstart.probing.probe import fit_probe
from headstart.runtime.machine import available_cores
from headstart.settings.recipe import Recipe

OURS = "headstart"
# Name -> threads of the linear algebra (None: as it comes) and processes.
THEIRS: dict[str, tuple[int | None, int | None]] = {
    "scikit-learn, one thread": (1, None),
    "scikit-learn, a process per core": (1, available_cores()),
    "scikit-learn, as it comes": (None, None),
}
SHAPES = ((700, 1280, 12, 3), (5000, 1280, 50, 1))  # examples, features, classes, rounds
SCORED = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Features and labels to fit, shapes (N, D) and (N,), and others to score."""

    name: str
    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    scored_features: npt.NDArray[np.float32]
    scored_labels: npt.NDArray[np.int64]
    rounds: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of choosing and fitting, and how good the result is on the scored examples."""

    seconds: float
    accuracy: float
    log_loss: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "table", nargs="?", type=Path, help="Parquet file of `headstart embed`; without it made features"
    )
    parser.add_argument("--limit", type=int, default=45, help="seconds that scikit-learn may take for one fit")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    conditions = machine()
    tasks = [read_task(given.table)] if given.table else [make_task(*shape) for shape in SHAPES]
    report({task.name: measure(task, given.limit) for task in tasks}, conditions, markdown=given.markdown)


def make_task(count: int, dimension: int, classes: int, rounds: int) -> Task:
    """Make features as a network's last ReLU leaves them: correlated, never negative, often zero; seed 0."""
    draw = np.random.default_rng(0)
    scale = np.arange(1, dimension + 1) ** -0.5
    centres = 0.65 * draw.normal(size=(classes, dimension)) * scale
    centres[:, 32:] = 0
    labels = np.arange(count + SCORED) % classes
    hidden = centres[labels] + draw.normal(size=(count + SCORED, dimension)) * scale
    features = np.maximum(hidden @ draw.normal(size=(dimension, dimension)) / 4 + 0.2, 0).astype(np.float32)
    name = f"N = {count}, D = {dimension}, C = {classes}"
    return Task(name, features[:count], labels[:count], features[count:], labels[count:], rounds)


def read_task(table: Path) -> Task:
    """Read features that were made before; a quarter of the examples, drawn with seed 0, is scored."""
    import pyarrow.parquet as pq

    columns = pq.read_table(table, columns=["label", "vector"])
    features = np.array(columns["vector"].to_pylist(), dtype=np.float32)
    names, labels = np.unique(columns["label"].to_numpy(), return_inverse=True)
    order = np.random.default_rng(0).permutation(len(labels))
    scored, fitted = order[: len(order) // 4], order[len(order) // 4 :]
    name = f"{table.name}: N = {len(fitted)}, D = {features.shape[1]}, C = {len(names)}"
    return Task(name, features[fitted], labels[fitted], features[scored], labels[scored], 3)


def measure(task: Task, limit: int) -> dict[str, list[Outcome]]:
    """Run every way once a round; a way that took too long has no outcome."""
    outcomes: dict[str, list[Outcome]] = {way: [] for way in (OURS, *THEIRS)}
    stopped: set[str] = set()
    for _ in range(task.rounds):
        outcomes[OURS].append(fit_ours(task))
        for way, (threads, processes) in THEIRS.items():
            if way not in stopped:
                try:
                    with at_most(limit), threadpool_limits(threads, "blas") if threads else nullcontext():
                        outcomes[way].append(fit_theirs(task, processes))
                except TimeoutError:
                    stopped.add(way)
                    outcomes[way].clear()
    return outcomes


def fit_ours(task: Task) -> Outcome:
    """Choose, fit and calibrate as `headstart fit --head logistic` does."""
    start = time.perf_counter()
    names = [str(number) for number in range(int(task.labels.max()) + 1)]
    probe = fit_probe(
        task.features, task.labels, Classes(tuple(names)), np.arange(len(task.labels)), Recipe(head="logistic")
    )
    seconds = time.perf_counter() - start
    return scored(task, probe.outputs(task.scored_features), seconds)


def fit_theirs(task: Task, processes: int | None) -> Outcome:
    """Let scikit-learn choose on the same folds among the same penalties, in its own words ``C = 1 / (r T N)``."""
    start = time.perf_counter()
    standard = standardise(task.features, compute_class_weights(task.labels, int(task.labels.max()) + 1, balance=False))
    features, scored_features = (
        ((matrix - standard.mean) / standard.scale).astype(np.float32)
        for matrix in (task.features, task.scored_features)
    )
    folds = make_folds(task.labels, np.arange(len(task.labels)), 5, seed=0)
    total = float(features.var(axis=0).sum()) * len(folds[0].train)
    regression = LogisticRegressionCV(
        Cs=[1 / (regularisation * total) for regularisation in LogisticFamily.grid],
        cv=[(fold.train, fold.held_out) for fold in folds],
        scoring="neg_log_loss",
        l1_ratios=(0.0,),
        use_legacy_attributes=False,
        n_jobs=processes,
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # it stops after 100 steps; its log-loss shows what that costs
        regression.fit(features, task.labels)
    seconds = time.perf_counter() - start
    return scored(task, regression.predict_proba(scored_features), seconds)


def scored(task: Task, probabilities: npt.NDArray[np.float64], seconds: float) -> Outcome:
    """Score the probabilities of the examples that were not fitted."""
    true = probabilities[np.arange(len(task.scored_labels)), task.scored_labels]
    right = probabilities.argmax(axis=1) == task.scored_labels
    return Outcome(seconds, float(right.mean()), float(-np.log(np.maximum(true, 1e-15)).mean()))


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError when the block takes longer."""

    def stop(signal_number: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def report(tasks: dict[str, dict[str, list[Outcome]]], conditions: str, *, markdown: bool) -> None:
    """Print a table for each task and a JSON line."""
    result: dict[str, Any] = {"benchmark": "heads", "conditions": conditions}
    print(conditions, end="\n\n")
    for task, outcomes in tasks.items():
        medians = {
            way: statistics.median(outcome.seconds for outcome in found) for way, found in outcomes.items() if found
        }
        fastest = min((way for way in medians if way != OURS), key=medians.__getitem__, default=None)
        rows = [_row(way, found, medians, fastest) for way, found in outcomes.items()]
        header = [task, "seconds", "of the fastest scikit-learn", "accuracy", "log-loss"]
        print_table(header, rows, markdown=markdown)
        result[task] = {
            "ratio": medians[OURS] / medians[fastest] if fastest else None,
            "ways": {way: [asdict(outcome) for outcome in found] for way, found in outcomes.items()},
        }
    print(json.dumps(result))


def _row(way: str, found: list[Outcome], medians: dict[str, float], fastest: str | None) -> list[str]:
    if not found:
        return [way, "stopped: too slow", "", "", ""]
    ratio = f"{medians[way] / medians[fastest]:.2f}" if fastest else ""
    seconds = middle([outcome.seconds for outcome in found], 2)
    return [way, seconds, ratio, f"{found[0].accuracy:.3f}", f"{found[0].log_loss:.3f}"]


if __name__ == "__main__":
    main()
