"""A task: the kind of answer that is learned. Everything else sees arrays, scores and values."""

from typing import Any, Protocol

from headstart.registry import resolve


class Task(Protocol):
    """One row: where everything lies that a kind of answer brings; each part is loaded on first use.

    Attributes
    ----------
    target
        Class of :class:`headstart.data.targets.base.Target`: columns of examples become an array.
    baseline_head
        Name of the head that is fitted to the simple baseline's features.
    auto, heads
        Names of the heads that ``head = "auto"`` tries, in the order of trust, and of all that answer this way.
    scorer
        Class of :class:`headstart.heads.cv_scoring.CvScorer`: how good held-out scores are, and their decoding.
    decoding
        Class of :class:`headstart.heads.head.Decoding`: scores become outputs.
    predictor
        Class of :class:`headstart.probing.predictor.HeadPredictor`: outputs become predictions for people.
    policy
        :func:`headstart.uncertainty.calibrate.fit_policy` or its like: when not to answer; None for what always does.
    card
        Class of :class:`headstart.saving.card_parts.TaskCard`: what the model card says.
    report
        Class of :class:`headstart.reporting.sections.base.TaskReport`: tables, drawings and sections of a run.
    text, csv
        :func:`headstart.reporting.tables.plain_text` and :func:`headstart.reporting.tables.plain_csv` or their like:
        predictions as tables.
    metrics
        A :class:`headstart.metrics.values.Metrics`: how answers are scored.
    """

    name: str
    target: Any
    auto: tuple[str, ...]
    heads: tuple[str, ...]
    baseline_head: str
    scorer: Any
    decoding: Any
    predictor: Any
    policy: Any
    card: Any
    report: Any
    text: Any
    csv: Any
    metrics: Any


def load_task(name: str) -> Task:
    """Load a task by its name; raises UnknownNameError.

    Examples
    --------
    >>> load_task("classification").target.__name__
    'Classes'
    """
    task: Task = resolve("tasks", name)
    return task
