"""The baseline of a probe: a cheap head on features that cost little, fitted to the same examples."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from threadpoolctl import threadpool_limits

from headstart.data.targets.base import Labels, Target
from headstart.heads.family import HeadFamily
from headstart.heads.head import Matrix
from headstart.heads.training_set import TrainingSet
from headstart.modalities.base import load_modality
from headstart.probing.probe import Groups, Probe, select_head
from headstart.probing.rows import Sample
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent
from headstart.settings.parallelism import algebra_threads
from headstart.settings.recipe import Recipe
from headstart.tasks.base import load_task


def baseline_family(modality: str) -> type[HeadFamily] | None:
    """Load the family of the head of a modality's baseline; None where it is ridge."""
    found: type[HeadFamily] | None = getattr(load_modality(modality), "baseline_head", None)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class BaselineRows:
    """What the baseline learns from: a matrix (N, D), and the family of its head; None stands for that of the task.

    ``places`` are those of its examples in the matrix; None where they are all of it.
    """

    matrix: Matrix
    family: type[HeadFamily] | None = None
    places: Groups | None = None

    def take(self, rows: Groups) -> "BaselineRows":
        """Take some of the rows; nothing is copied."""
        return replace(self, places=rows if self.places is None else self.places[rows])

    def select(self, rows: Groups) -> Matrix:
        """Copy some of the rows."""
        return self.matrix[rows if self.places is None else self.places[rows]]

    def fit(self, labels: Labels, target: Target, groups: Groups, recipe: Recipe) -> Probe:
        """Fit the head of the baseline; parameters as for :func:`fit_probe`.

        Leave-one-out chooses its strength; the inner folds only give its decoding, and two of them do.
        """
        cheap = recipe.replace(head=load_task(target.task).quick_head, inner_folds=2)
        own = [self.family()] if self.family is not None and target.task in self.family.tasks else None
        training = TrainingSet(self.matrix, labels, target.width, cheap.head.balance, self.places)
        return select_head(training, target, groups, cheap, families=own)


def fit_with_baseline(  # six: what is learned from what, how, and who is told
    features: Matrix, baseline: BaselineRows, part: Sample, target: Target, recipe: Recipe, progress: Progress = silent
) -> tuple[Probe, Probe]:
    """Fit the probe and the head of the baseline to the rows of a part; parameters as for :func:`fit_probe`.

    Where the linear algebra of both has one thread, both are fitted at the same time: the folds leave a core idle.
    """
    training = TrainingSet(features, part.labels, target.width, recipe.head.balance, part.positions)
    widest = max(features.shape[1], baseline.matrix.shape[1])
    threads = algebra_threads(len(part) * widest, available_cores())
    fit_plain = partial(baseline.take(part.positions).fit, part.labels, target, part.groups, recipe)

    def fit() -> Probe:
        """Fit to a set of its own, so that its rotation goes with it."""
        return select_head(replace(training), target, part.groups, recipe, progress)

    if threads > 1:
        return fit(), fit_plain()
    # The limit is one of the process: it has to outlast whichever ends first.
    with threadpool_limits(limits=threads, user_api="blas"), ThreadPoolExecutor(1) as beside:
        simple = beside.submit(fit_plain)
        return fit(), simple.result()
