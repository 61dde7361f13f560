"""How long the trainings of a comparison will take, from a few steps timed on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.progress import duration_text
from headstart.studies.conditions import TRAINED, ExperimentData, examples_learned, rows_of, select_training_inputs
from headstart.studies.result_cache import Condition, ResultStore

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.short_training import TrialTime

SEARCHES = 3  # trainings that look for the rate of an arm at a number of examples
FEWEST_TO_SEARCH = 20  # examples: with fewer nothing is held out, and the usual rate is taken


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Expected seconds of the cells that are to be computed; those that train nothing count as none."""

    seconds: dict[Condition, float]

    def of(self, spot: Condition) -> float:
        """Return the expected seconds of one cell."""
        return self.seconds.get(spot, 0.0)

    @property
    def finding(self) -> Finding | None:
        """What to say before the work begins; None when nothing is to be trained."""
        values = {"count": len(self.seconds), "time": duration_text(sum(self.seconds.values()))}
        return Finding("studies.trainings", values, "note") if self.seconds else None


def estimate_costs(
    arena: ExperimentData, spots: Sequence[Condition], steps: int, known: "set[tuple[str, int]]", context: RunContext
) -> CostEstimate:
    """Time a few steps on the largest lesson, and say how long each of ``spots`` (those not computed yet) will take.

    ``known`` are arms and sizes whose learning rate was found already.
    """
    trained = [spot for spot in spots if spot.arm in TRAINED]
    if not trained:
        return CostEstimate({})
    from headstart.finetuning.short_training import plan_for_steps, time_trial  # loads torch: seconds

    sizes = {spot: len(rows_of(arena, spot)) for spot in trained}
    largest = max(trained, key=lambda spot: sizes[spot])
    lesson = select_training_inputs(arena, largest, steps, context)
    pace = time_trial(lesson.ground, plan_for_steps(lesson.ground, steps), arena.test.examples, context)
    seconds = {}
    for spot in trained:
        kind = arena.encoder.spec.modality
        learned = examples_learned(arena.recipe, spot, sizes[spot], arena.target.names, steps, kind)
        searched = (spot.arm, spot.shots) in known or sizes[spot] < FEWEST_TO_SEARCH
        known = known | {(spot.arm, spot.shots)}
        seconds[spot] = seconds_of_cell(pace, learned, len(arena.test.examples), search=not searched)
    return CostEstimate(seconds)


def seconds_of_cell(pace: "TrialTime", learned: int, answered: int, *, search: bool) -> float:
    """Estimate how long a cell takes: the training and its answers, and before it the search for the learning rate.

    A training of the search leaves out a fifth of the examples, and answers these after every epoch.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> pace = SimpleNamespace(start=1.0, learning=0.1, answering=0.02)
    >>> round(seconds_of_cell(pace, 100, 50, search=False), 2), round(seconds_of_cell(pace, 100, 50, search=True), 2)
    (12.0, 40.2)
    """
    once = pace.start + learned * pace.learning + answered * pace.answering
    looked = pace.start + 0.8 * learned * pace.learning + 0.2 * learned * pace.answering
    return once + (SEARCHES * looked if search else 0.0)


def known_rates(store: ResultStore, spots: Sequence[Condition]) -> dict[tuple[str, int], float]:
    """Take the learning rates that were found before from the cells that are there."""
    found = {(spot.arm, spot.shots): store.find(spot) for spot in spots}
    return {key: cell.rate for key, cell in found.items() if cell is not None and cell.rate is not None}
