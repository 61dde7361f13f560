"""How much the transfer helped: arms with and without pretraining, over the number of examples per class.

All arms learn from the same draws of examples and answer the same test examples. Arms that train a network make the
same number of steps, each at the best of several learning rates, chosen on held-out examples of the first draw.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from headstart.errors import MissingExtraError
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_parts
from headstart.runtime.progress import silent
from headstart.studies.conditions import (
    ALL,
    TRAINED,
    ExperimentData,
    predict_by_training,
    predict_from_features,
    rows_of,
    select_training_inputs,
    tuned_rate,
)
from headstart.studies.cost_estimate import estimate_costs, known_rates
from headstart.studies.result_cache import Condition, Result, ResultStore, Right
from headstart.tasks.base import load_task

Labels = npt.NDArray[np.int64]
Rates = dict[tuple[str, int], float]


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """What is to be compared: arms, examples per class (0: all), draws of them, steps of a training, seconds."""

    arms: tuple[str, ...]
    shots: tuple[int, ...]
    draws: int
    steps: int
    limit: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the arms answered.

    Attributes
    ----------
    right
        What the answers add to the metric, such as right or wrong, by arm and examples per class, each (draws, N).
    sizes
        Mean examples per class, by examples per class as wanted.
    missing
        Cells that the time did not suffice for.
    steps
        Of each training.
    rates
        Learning rates that were chosen, by arm and examples per class.
    metric
        Name of the mean of what answers add.
    """

    right: dict[tuple[str, int], Right]
    sizes: dict[int, float]
    missing: tuple[Finding, ...]
    steps: int = 0
    rates: Rates | None = None
    metric: str = "accuracy"


def compare_arms(arena: ExperimentData, wanted: ComparisonRequest, store: ResultStore, context: RunContext) -> Answers:
    """Compute every cell that is not in the store, the cheap ones first, until the time is over.

    Before the first training it says how long all of them will take. A training that would not end in time is not
    begun.
    """
    started, missing = time.perf_counter(), list[Finding]()
    spots = list(order_cells(wanted))
    rates = known_rates(store, spots)
    open_spots = [spot for spot in spots if store.find(spot) is None]
    forecast = estimate_costs(arena, open_spots, wanted.steps, set(rates), context)
    if forecast.finding:
        context.notify(forecast.finding)
    for number, spot in enumerate(spots):
        if store.find(spot) is None:
            passed = time.perf_counter() - started
            if passed + forecast.of(spot) > wanted.limit:
                missing.append(_cell(spot))
                continue
            store.add(spot, _compute(arena, spot, wanted.steps, rates, context))
        context.progress("comparing", number + 1, len(spots))
    return _gather(spots, store, arena, wanted.steps, tuple(missing))


def _cell(spot: Condition) -> Finding:
    shots = Finding("studies.shots_all" if spot.shots == ALL else "studies.shots", {"count": spot.shots})
    return Finding("studies.cell", {"arm": Finding(f"studies.arm.{spot.arm}"), "shots": shots, "draw": spot.draw + 1})


def usable_shots(strata: Labels, wanted: Sequence[int]) -> tuple[int, ...]:
    """Keep the numbers that leave something out in at least one stratum, such as a class; ascending, all examples last.

    Examples
    --------
    >>> usable_shots(np.array([0, 0, 0, 1, 1]), [0, 5, 2, 1])
    (1, 2, 0)
    """
    largest = int(np.bincount(strata).max())
    kept = sorted({number for number in wanted if 0 < number < largest})
    return (*kept, ALL) if ALL in wanted or len(kept) < len({*wanted}) else tuple(kept)


def require_torch(arms: Sequence[str]) -> None:
    """Raise MissingExtraError when an arm moves weights and torch is not installed."""
    needing = [arm for arm in arms if arm in TRAINED]
    if needing and find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "studies.for_arms", names=needing)


def shots_name(shots: int) -> str:
    """Name a number of examples per class."""
    return "all" if shots == ALL else str(shots)


def identity(arena: ExperimentData, steps: int) -> str:
    """Describe what makes two cells the same: the examples and their parts, the encoder, the settings; a SHA-256."""
    parts = [
        field
        for part in (arena.fit, arena.test)
        for field in (*part.keys, part.labels.tobytes(), part.groups.tobytes(), b"|")
    ]
    # What changes no answer is left out, and so is what every arm has in its own way.
    free = arena.recipe.replace(encoder="", method="probe", time_limit="", resamples=1000, test_fraction=0.2,
                   strict=False, group_by="", group_pattern="", checkpoint_seconds=20.0, path_column="",
                   text_column="", encoding="", label_column="", images="", test="")  # fmt: skip
    return sha256_of_parts(
        [*parts, repr((arena.encoder.spec.digest, arena.target.names, sorted(free.to_json().items()), steps)).encode()]
    )


def order_cells(wanted: ComparisonRequest) -> Iterator[Condition]:
    """List the cells in the order they are computed: what trains nothing first, then all arms draw by draw.

    So a comparison that runs out of time has few draws, but all arms.

    Examples
    --------
    >>> [(spot.arm, spot.draw) for spot in order_cells(ComparisonRequest(("probe", "scratch", "lpft"), (5,), 2, 100))]
    [('probe', 0), ('probe', 1), ('scratch', 0), ('lpft', 0), ('scratch', 1), ('lpft', 1)]
    """
    for arm in wanted.arms:
        for shots in wanted.shots if arm not in TRAINED else ():
            # Nothing is drawn when all are taken, and what is not trained knows no other chance.
            yield from (Condition(arm, shots, draw) for draw in range(1 if shots == ALL else wanted.draws))
    for draw in range(wanted.draws):
        for shots in wanted.shots:
            yield from (Condition(arm, shots, draw) for arm in wanted.arms if arm in TRAINED)


def _compute(arena: ExperimentData, spot: Condition, steps: int, rates: Rates, context: RunContext) -> Result:
    clock = time.perf_counter()
    learned = len(rows_of(arena, spot))
    if spot.arm not in TRAINED:
        return Result(predict_from_features(arena, spot), learned, time.perf_counter() - clock)
    quiet = replace(context, progress=silent)
    key = (spot.arm, spot.shots)
    lesson = select_training_inputs(arena, spot, steps, quiet)
    find = partial(tuned_rate, arena, spot, steps, quiet)
    right, rates[key] = predict_by_training(arena, lesson, rates.get(key), find, quiet)
    return Result(right, learned, time.perf_counter() - clock, rates[key])


def _gather(
    spots: Sequence[Condition], store: ResultStore, arena: ExperimentData, steps: int, missing: tuple[Finding, ...]
) -> Answers:
    rows: dict[tuple[str, int], list[Right]] = {}
    sizes: dict[int, float] = {}
    for spot in sorted(spots, key=lambda one: one.draw):
        cell = store.find(spot)
        if cell is not None:
            rows.setdefault((spot.arm, spot.shots), []).append(cell.right)
            sizes[spot.shots] = cell.learned / len(np.unique(arena.fit.strata))
    right = {key: np.stack(found) for key, found in rows.items()}
    metric = load_task(arena.target.task).metrics.name
    return Answers(right, sizes, missing, steps, known_rates(store, spots), metric)
