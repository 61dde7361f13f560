"""A task: the kind of answer that is learned. Everything else sees arrays, scores and values."""

from typing import Any, Protocol

from headstart.registry import TABLES, Row, resolve


class Task(Protocol):
    """One row: where everything lies that a kind of answer brings; each part is loaded on first use.

    Attributes
    ----------
    target
        Class of :class:`headstart.data.targets.base.Target`: columns of examples become an array.
    auto
        Names of the heads that ``head = "auto"`` tries, in the order of trust.
    quick_head, ranked_heads
        Name of the head of baselines and studies, by default the first of ``auto``, and of those that stand beside it
        where encoders are ranked.
    scorer
        Class of :class:`headstart.heads.cv_scoring.CvScorer`: how good held-out scores are, and their decoding.
    decoding
        Class of :class:`headstart.heads.head.Decoding`: scores become outputs.
    predictor
        Class of :class:`headstart.probing.predictor.HeadPredictor`: outputs become predictions for people.
    policy
        :func:`headstart.uncertainty.calibrate.fit_policy` or its like: when not to answer; None for what always does.
    policy_files
        A module like :mod:`headstart.uncertainty.serialisation`: a policy as arrays and plain data; None without one.
    card
        Class of :class:`headstart.saving.card_parts.TaskCard`: what the model card says.
    report
        Class of :class:`headstart.reporting.sections.base.TaskReport`: tables, drawings and sections of a run.
    check_parity
        :func:`headstart.export.parity_check.check_parity_of_numbers` or its like: how an exported file differs from
        the library.
    explained
        Whether maps and nearest examples explain its answers.
    answers
        A :class:`headstart.serving.schemas.AnswerSchemas`: what a server answers.
    text, csv
        :func:`headstart.reporting.tables.plain_text` and :func:`headstart.reporting.tables.plain_csv` or their like:
        predictions as tables.
    loss
        Class of :class:`headstart.finetuning.losses.TrainingLoss`; None where no weight of the network can move.
    measures
        :func:`headstart.studies.class_measures.measure_classes` or its like: what features alone say; or None.
    across
        :func:`headstart.studies.class_distance.probe_across` or its like: what a probe loses between two sets; or None.
    review
        :func:`headstart.audit.label_noise.review_labels` or its like: which labels are likely wrong; or None.
    metrics
        A :class:`headstart.metrics.values.Metrics`: how answers are scored.
    """

    name: str
    target: Any
    auto: tuple[str, ...]
    quick_head: str
    ranked_heads: tuple[str, ...]
    scorer: Any
    decoding: Any
    predictor: Any
    policy: Any
    policy_files: Any
    loss: Any
    measures: Any
    across: Any
    review: Any
    card: Any
    report: Any
    check_parity: Any
    explained: bool
    answers: Any
    text: Any
    csv: Any
    metrics: Any


# What a task brings that says no more: it names no parts for what makes no sense for it.
USUAL = {
    "ranked_heads": (),
    "policy": None,
    "policy_files": None,
    "loss": None,
    "measures": None,
    "across": None,
    "review": None,
    "card": "headstart.saving.card_parts:TaskCard",
    "report": "headstart.reporting.sections.base:TaskReport",
    "check_parity": "headstart.export.parity_check:check_parity_of_numbers",
    "explained": False,
    "answers": "headstart.serving.schemas:PLAIN",
    "text": "headstart.reporting.tables:plain_text",
    "csv": "headstart.reporting.tables:plain_csv",
}


def define_task(name: str, **parts: Any) -> Row:  # noqa: ANN401 - see Task
    """Define the row of a task; what it does not name is as for a task without that part."""
    return Row(name, **{**USUAL, "quick_head": parts["auto"][0], **parts})


def load_task(name: str) -> Task:
    """Load a task by its name; raises UnknownNameError.

    Examples
    --------
    >>> load_task("classification").target.__name__
    'Classes'
    """
    task: Task = resolve("part_tasks" if name in TABLES["part_tasks"] else "tasks", name)
    return task
