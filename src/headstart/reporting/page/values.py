"""What a page is made from: everything that lay in the folder, read and unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headstart.data.example import DEFAULT_TASK
from headstart.metrics.values import Score
from headstart.modalities.base import DEFAULT

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of ``predictions.csv``; ``probability`` is that of the predicted class."""

    name: str
    label: str
    predicted: str
    probability: float

    @property
    def correct(self) -> bool:
        """Whether the prediction is the label."""
        return self.label == self.predicted


@dataclass(frozen=True, slots=True)
class DataCounts:
    """What ``data.csv`` says, counted.

    Attributes
    ----------
    fitted
        Examples of each class that the model was fitted to.
    parts
        Number of examples by the part that the data gave them ("" for none) and what they were used for: ``fit``,
        ``score``, ``fit and score`` (in folds) or ``left out``.
    groups
        Number of groups; 0 when there are none.
    """

    fitted: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    groups: int = 0


@dataclass(frozen=True, slots=True)
class RunData:
    """The files of a fitted run.

    Attributes
    ----------
    metrics, environment, recipe
        ``metrics.json``, ``environment.json`` and ``recipe.toml``; the last two are empty where there is no such file.
    recipe_text
        ``recipe.toml`` as it stands.
    answers, counts, history
        ``predictions.csv``, ``data.csv`` and ``history.csv`` (numbers by column, None where nothing was validated).
    """

    metrics: Json
    environment: Json
    recipe: Json
    recipe_text: str
    answers: tuple[Answer, ...]
    counts: DataCounts
    history: tuple[Mapping[str, float | None], ...]

    @property
    def task(self) -> str:
        """Name of the task; older recipes name none, and classify."""
        return str(self.metrics.get("task") or self.recipe.get("task") or DEFAULT_TASK)

    @property
    def folds(self) -> int:
        """In how many folds every example was scored; 0 when one part was held out for scoring."""
        # Older recipes called the folds inside the part to fit so; those name no inner ones.
        return int(self.recipe.get("folds") or 0) if "inner_folds" in self.recipe else 0

    @property
    def examples(self) -> int:
        """How many examples were used; in folds, those that were fitted and those that were scored are the same."""
        fitted, scored = (int(look_up(self.metrics, "counts", part) or 0) for part in ("fit", "score"))
        return fitted if self.folds else fitted + scored


@dataclass(frozen=True, slots=True)
class PageData:
    """Everything that a page shows; what was not there is None.

    Attributes
    ----------
    name
        Of the folder.
    run
        A fitted model's files.
    compare, rank, check, search
        ``compare.json``, ``rank.json``, ``check.json`` and ``search.json``.
    previews
        Thumbnails as data URIs, by the name of the example.
    """

    name: str
    run: RunData | None = None
    compare: Json | None = None
    rank: Json | None = None
    check: Json | None = None
    search: Json | None = None
    previews: Mapping[str, str] = field(default_factory=dict)

    @property
    def modality(self) -> str:
        """The kind of examples that it is about."""
        described = look_up(self.run.metrics, "encoder", "preprocessing", "kind") if self.run else None
        return described or next(filter(None, (look_up(study, "modality") for study in self.studies)), DEFAULT)

    @property
    def studies(self) -> tuple[Json | None, ...]:
        """What was found beside a run, kind by kind."""
        return (self.compare, self.rank, self.check, self.search)


def simple_baseline(metrics: Json) -> str:
    """Name the baseline that the modality of a run brings; "" where there is none.

    Examples
    --------
    >>> simple_baseline({"baselines": {"majority": {}, "colour_histogram": {}, "probe": {}}})
    'colour_histogram'
    """
    return next((name for name in look_up(metrics, "baselines") or {} if name not in ("majority", "probe")), "")


def is_baseline(metrics: Json) -> bool:
    """Return whether the model itself stands on what the baseline stands on, and on no network.

    Examples
    --------
    >>> is_baseline({"encoder": {"name": "words"}, "baselines": {"majority": {}, "words": {}}})
    True
    """
    return look_up(metrics, "encoder", "name") in (look_up(metrics, "baselines") or {})


def look_up(value: Any, *keys: str) -> Any:  # noqa: ANN401 - any plain data
    """Go down into plain data; None where a key is missing on the way.

    Examples
    --------
    >>> look_up({"a": {"b": 3}}, "a", "b"), look_up({"a": 1}, "a", "b"), look_up(None, "a")
    (3, None, None)
    """
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def trusted(metrics: Json) -> Json:
    """Return the metrics with the scores to believe: without the examples that leaked, where there are such scores.

    A run of an older version has no baselines without them; then its baselines stay, on all examples.

    Examples
    --------
    >>> leaked = {"count": 2, "evaluation_without": {"count": 8}, "baselines_without": {"majority": {"count": 8}}}
    >>> found = trusted({"evaluation": {"count": 10}, "baselines": {"majority": {"count": 10}}, "leaked": leaked})
    >>> found["evaluation"], found["baselines"]
    ({'count': 8}, {'majority': {'count': 8}})
    """
    clean = look_up(metrics, "leaked", "evaluation_without")
    if not clean:
        return metrics
    return {
        **metrics,
        "evaluation": clean,
        "baselines": look_up(metrics, "leaked", "baselines_without") or metrics.get("baselines"),
    }


def first_score(value: Json) -> Score | None:
    """Find the first score with its interval in plain data, whatever its name; None where there is none.

    Examples
    --------
    >>> print(first_score({"encoder": "x", "r2": {"value": 0.5, "low": 0.4, "high": 0.6}}))
    0.500 [0.400, 0.600]
    """
    return next((score for name in value if (score := score_in(value, name)) is not None), None)


def score_in(value: Any, *keys: str) -> Score | None:  # noqa: ANN401 - any plain data
    """Find a score with its interval in plain data; None when it is not there or not defined.

    Examples
    --------
    >>> print(score_in({"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}, "accuracy"))
    0.500 [0.400, 0.600]
    >>> score_in({"accuracy": {"value": None, "low": None, "high": None}}, "accuracy")
    """
    found = [look_up(value, *keys, end) for end in ("value", "low", "high")]
    if not all(isinstance(number, int | float) for number in found):
        return None
    point, low, high = (float(number) for number in found)
    return Score(point, low, high)
