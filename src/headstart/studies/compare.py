"""How much the transfer helped: arms with and without pretraining, over the number of examples per class.

All arms learn from the same draws of examples and answer the same test examples. Arms that train a network make the
same number of steps, each at the best of three learning rates, chosen on held-out pictures of the first draw.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.data.names import plural
from headstart.data.splits import merge_groups
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.errors import MissingExtraError
from headstart.features.values import Extraction
from headstart.learning.ground import Ground
from headstart.learning.probe import fit_probe
from headstart.learning.sample import require_two_classes, take_sample
from headstart.places import Place
from headstart.recipe import Recipe
from headstart.reporting.plan import Plan
from headstart.studies.cells import Cell, CellStore, Right, Spot

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder

Labels = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

ARMS = ("majority", "colours", "random", "probe", "scratch", "lpft", "full")  # in the order they are computed
TRAINED = ("scratch", "lpft", "full")
FROM_FEATURES = ("colours", "random", "probe")
PRETRAINED = ("probe", "lpft", "full")
ALL = 0  # as a number of examples per class


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared: arms, examples per class (0: all), draws of them, steps of a training, seconds."""

    arms: tuple[str, ...]
    shots: tuple[int, ...]
    draws: int
    steps: int
    limit: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Examples with labels and groups (n,), and their features by arm, (n, D) each."""

    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: Labels
    groups: Labels
    features: dict[str, Matrix]


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """What all arms share."""

    recipe: Recipe
    classes: tuple[str, ...]
    encoder: "OnnxEncoder | TorchEncoder"
    fit: Part
    test: Part


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers by arm and examples per class: right or wrong, (draws, N); how many were learned from; what is missing.

    ``sizes`` are mean examples per class, by examples per class as wanted.
    """

    right: dict[tuple[str, int], Right]
    sizes: dict[int, float]
    missing: tuple[str, ...]


def make_arena(planned: Plan, encoder: "OnnxEncoder | TorchEncoder", walks: Mapping[str, Extraction]) -> Arena:
    """Gather both parts of planned data; ``walks`` are the features by arm. Raises DataError for a single class."""
    dataset, keys = planned.dataset, planned.audit.keys
    failures = {position for walk in walks.values() for position in walk.failures}
    groups = merge_groups(keys, [example.group for example in dataset.examples])
    parts = []
    for positions in (planned.parts.fit, planned.parts.score):
        sample = take_sample(dataset, positions, groups, failures)
        rows = sample.positions.tolist()
        parts.append(
            Part(
                tuple(dataset.examples[row] for row in rows),
                tuple(keys[row] for row in rows),
                sample.labels,
                sample.groups,
                {arm: walk.features[0].matrix[sample.positions] for arm, walk in walks.items()},
            )
        )
    require_two_classes(parts[0].labels, dataset.classes)
    return Arena(planned.recipe, dataset.classes, encoder, *parts)


def compare_arms(arena: Arena, wanted: Wanted, store: CellStore, surroundings: Place) -> Answers:
    """Compute every cell that is not in the store, the cheap ones first, until the time is over."""
    started, rates, missing = time.perf_counter(), dict[tuple[str, int], float](), list[str]()
    places = list(_places(wanted))
    for number, place in enumerate(places):
        if store.find(place) is None:
            if time.perf_counter() - started > wanted.limit:
                missing.append(f"{place.arm} at {shots_name(place.shots)}, draw {place.draw + 1}")
                continue
            clock = time.perf_counter()
            rows = draw_support(arena.fit.labels, place.shots, place.draw, arena.recipe.seed)
            right = _answer(arena, place, rows, wanted.steps, rates, surroundings)
            store.add(place, Cell(right, len(rows), time.perf_counter() - clock))
            _announce(places, number, store, surroundings)
        surroundings.progress("comparing", number + 1, len(places))
    return _gather(places, store, arena, tuple(missing))


def draw_support(labels: Labels, shots: int, draw: int, seed: int) -> Labels:
    """Draw examples of each class, without replacement; a larger number holds the smaller one of the same draw.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> small, large = draw_support(labels, 1, 0, 0), draw_support(labels, 2, 0, 0)
    >>> len(small), len(large), set(small.tolist()) <= set(large.tolist())
    (2, 4, True)
    """
    if shots == ALL:
        return np.arange(len(labels))
    order = np.random.default_rng([seed, draw]).permutation(len(labels))
    kept = [order[labels[order] == number][:shots] for number in np.unique(labels)]
    return np.sort(np.concatenate(kept))


def usable_shots(labels: Labels, wanted: Sequence[int]) -> tuple[int, ...]:
    """Keep the numbers that leave something out in at least one class; ascending, and all examples last.

    Examples
    --------
    >>> usable_shots(np.array([0, 0, 0, 1, 1]), [0, 5, 2, 1])
    (1, 2, 0)
    """
    largest = int(np.bincount(labels).max())
    kept = sorted({number for number in wanted if 0 < number < largest})
    return (*kept, ALL) if ALL in wanted or len(kept) < len({*wanted}) else tuple(kept)


def require_torch(arms: Sequence[str]) -> None:
    """Raise MissingExtraError when an arm needs a network in torch and torch is not installed."""
    needing = [arm for arm in arms if arm in (*TRAINED, "random")]
    if needing and find_spec("torch") is None:
        raise MissingExtraError("torch", "train", f"for the arms {', '.join(needing)}")


def shots_name(shots: int) -> str:
    """Name a number of examples per class."""
    return "all" if shots == ALL else str(shots)


def identity(arena: Arena, steps: int) -> str:
    """Say what makes two cells the same: the pictures and their parts, the encoder, the settings; a SHA-256."""
    total = hashlib.sha256()
    for part in (arena.fit, arena.test):
        total.update(b"".join(part.keys) + part.labels.tobytes() + part.groups.tobytes() + b"|")
    recipe = arena.recipe
    settings = (
        arena.encoder.spec.digest,
        recipe.head,
        recipe.balance,
        recipe.inner_folds,
        recipe.seed,
        recipe.batch_size,
    )
    total.update(repr((*settings, recipe.optimizer, recipe.augment, recipe.flip, steps)).encode())
    return total.hexdigest()


def _places(wanted: Wanted) -> Iterator[Spot]:
    for arm in ARMS:
        for shots in wanted.shots if arm in wanted.arms else ():
            # Nothing is drawn when all are taken, and what is not trained knows no other chance.
            draws = 1 if shots == ALL and arm not in TRAINED else wanted.draws
            yield from (Spot(arm, shots, draw) for draw in range(draws))


def _answer(
    arena: Arena,
    place: Spot,
    rows: Labels,
    steps: int,
    rates: dict[tuple[str, int], float],
    surroundings: Place,
) -> Right:
    labels = arena.fit.labels[rows]
    if place.arm == "majority":
        common: Right = arena.test.labels == np.bincount(labels).argmax()
        return common
    features = {arm: matrix[rows] for arm, matrix in arena.fit.features.items()}
    if place.arm in FROM_FEATURES:
        probe = fit_probe(features[place.arm], labels, arena.classes, arena.fit.groups[rows], arena.recipe)
        return scored_right(probe.head.scores(arena.test.features[place.arm]), arena.test.labels)
    from headstart.learning.trial import best_rate, plan_for_steps, train_and_score  # loads torch: seconds

    ground = _ground(arena, place, rows, features["probe"])
    plan = plan_for_steps(ground, steps)
    quiet = replace(surroundings, progress=lambda *_: None)
    key = (place.arm, place.shots)
    if key not in rates:
        first = draw_support(arena.fit.labels, place.shots, 0, arena.recipe.seed)
        tuned = _ground(arena, replace(place, draw=0), first, arena.fit.features["probe"][first])
        rates[key] = best_rate(tuned, plan_for_steps(tuned, steps), quiet)
    scores = train_and_score(ground, replace(plan, rate=rates[key]), arena.test.examples, quiet)
    return scored_right(scores, arena.test.labels)


def scored_right(scores: npt.NDArray[np.float64], labels: Labels) -> Right:
    """Say which rows of scores (N, C) are largest at the label."""
    right: Right = scores.argmax(axis=1) == labels
    return right


def _ground(arena: Arena, place: Spot, rows: Labels, features: Matrix) -> Ground:
    fit = arena.fit
    recipe = replace(arena.recipe, method=place.arm, seed=(arena.recipe.seed + 7919 * place.draw) % 2**32)
    labels, groups = fit.labels[rows], fit.groups[rows]
    return Ground(
        recipe=recipe,
        classes=arena.classes,
        encoder=arena.encoder,
        examples=tuple(fit.examples[row] for row in rows),
        keys=tuple(fit.keys[row] for row in rows),
        labels=labels,
        groups=groups,
        features=features,
        probe=fit_probe(features, labels, arena.classes, groups, replace(recipe, method="probe")),
    )


def _announce(places: Sequence[Spot], number: int, store: CellStore, surroundings: Place) -> None:
    """After the first training of an arm, say how long the others will take."""
    place = places[number]
    before = [one for one in places[:number] if one.arm in TRAINED]
    left = [one for one in places[number + 1 :] if one.arm in TRAINED and store.find(one) is None]
    found = store.find(place)
    if place.arm not in TRAINED or before or not left or found is None:
        return
    minutes = found.seconds * len(left) / 60  # the first one of a size tries three rates; so do some of the others
    surroundings.tell(
        f"{plural(len(left), 'more training')} to do: at most about {minutes:.0f} min. "
        "After a stop the same command goes on."
    )


def _gather(places: Sequence[Spot], store: CellStore, arena: Arena, missing: tuple[str, ...]) -> Answers:
    rows: dict[tuple[str, int], list[Right]] = {}
    sizes: dict[int, float] = {}
    for place in places:
        cell = store.find(place)
        if cell is not None:
            rows.setdefault((place.arm, place.shots), []).append(cell.right)
            sizes[place.shots] = cell.learned / len(np.unique(arena.fit.labels))
    return Answers({key: np.stack(found) for key, found in rows.items()}, sizes, missing)
