"""What a run, an evaluation, an embedding or a prediction found: each as lines for people and as plain data."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.inspection import Inspection
from headstart.data.inspection_report import inspection_findings, inspection_lines, left_out_findings
from headstart.data.plan import Plan
from headstart.data.sources import fingerprint
from headstart.data.targets.base import Target
from headstart.encoders.spec import EncoderSpec
from headstart.features.values import Extraction
from headstart.metrics.comparison import Comparison
from headstart.metrics.values import CrossValidated
from headstart.probing.probe import Probe
from headstart.reporting.answers import failure_lines, failures_by_name, failures_to_json
from headstart.reporting.summary import candidate_lines, score_lines
from headstart.reporting.training_files import training_lines, training_to_json
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import NOTE, WARNING, Finding, Severity, about, notices_json, sentences
from headstart.tasks.base import load_task
from headstart.uncertainty.evaluate import PolicyScores

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.fine_tuning import FineTuned


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run found, the folder it lies in, and its page, once that is written."""

    folder: Path
    plan: Plan
    spec: EncoderSpec
    extraction: Extraction
    probe: Probe
    board: Comparison
    seconds: float
    notices: tuple[Finding, ...] = ()
    tuned: "FineTuned | None" = None
    page: Path | None = None
    policy_scores: PolicyScores | None = None
    words: Mapping[str, list[tuple[str, float]]] = field(default_factory=dict)

    @property
    def model(self) -> Path:
        """The folder of the saved model."""
        return self.folder / "model"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that the user should know of the run."""
        return run_findings(self.plan, self.extraction, self.probe, self.board, self.notices)

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        walk, target = self.extraction, self.plan.dataset.target
        texts = texts.for_modality(self.plan.dataset.modality)
        features = {
            "encoder": _probed(self.spec.name, self.plan.recipe.training.method),
            "dimension": self.spec.dimension,
            "computed": walk.computed,
            "cached": walk.cached,
            "seconds": walk.seconds,
        }
        done = {"seconds": self.seconds, "folder": self.folder, "page": self.page, "run": shlex.quote(str(self.folder))}
        return [
            *failure_lines(failures_by_name(self.plan.dataset.examples, walk.failures), texts),
            texts.say("reporting.features", features),
            *self._heads(texts),
            *(training_lines(self.tuned, texts) if self.tuned else []),
            *score_lines(target, self.board, self._title(texts), self.policy_scores, texts, self.spec.name),
            *sentences(_promises(self.plan, self.probe, self.board), texts),
            *sentences(self._news(), texts),
            texts.say("reporting.done", done),
            *([texts.say("reporting.page", done)] if self.page else []),
            texts.say("reporting.try_it", done),
        ]

    def _news(self) -> list[Finding]:
        """Return the notices that the plan has not brought already."""
        told = {one.code for one in self.plan.notices}
        return [one for one in self.notices if one.code not in told]

    def _heads(self, texts: Texts) -> list[str]:
        """Show the heads that were compared, where any were."""
        if not self.probe.candidates:
            return []
        title = texts.say("reporting.heads", {"count": self.plan.counts(self.extraction.failures)["fit"]})
        return [title, *candidate_lines(self.plan.dataset.target, self.probe.candidates, self.probe.name, texts)]

    def _title(self, texts: Texts) -> str:
        """Describe how the examples were scored."""
        result = self.board.evaluation
        values = {"count": result.count, "leaked": self.board.leaked}
        if result.cross_validated is not None:
            return texts.say("reporting.scores_folds", {**values, "done": cross_validation(result.cross_validated)})
        return texts.say("reporting.scores_leaked" if self.board.leaked else "reporting.scores_new", values)

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``features.seconds`` and ``seconds`` are wall-clock times."""
        return {
            "run": str(self.folder),
            "model": str(self.model),
            "data": self.plan.dataset.name,
            "data_digest": fingerprint(self.plan.dataset, self.plan.inspection.keys),
            "classes": list(self.plan.dataset.classes),
            "counts": self.plan.counts(self.extraction.failures),
            "split": str(self.plan.parts.rule),
            "encoder": self.spec.to_json(),
            "features": {
                "computed": self.extraction.computed,
                "cached": self.extraction.cached,
                "seconds": round(self.extraction.seconds, 3),
                "dimension": self.spec.dimension,
                "failures": failures_to_json(failures_by_name(self.plan.dataset.examples, self.extraction.failures)),
            },
            "head": _head_json(self.probe, self.plan.dataset.target),
            **(training_to_json(self.tuned) if self.tuned else {}),
            **self.board.to_json(),
            **({"words": self.words} if self.words else {}),
            "guard": None if self.policy_scores is None else self.policy_scores.to_json(),
            **notices_json(about(self.notices, self.plan.dataset.modality)),
            "audit": self.plan.inspection.to_json(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What the evaluation of a saved model found; ``rule`` is which part of the data was scored, if not all."""

    inspection: Inspection
    rule: Finding | None
    extraction: Extraction
    board: Comparison
    seconds: float
    policy_scores: PolicyScores | None = None

    @property
    def notices(self) -> tuple[Finding, ...]:
        """What the user should know: a saved model knows its examples by their bytes, so near copies pass for new."""
        return (*self.extraction.notices, *((Finding("reporting.by_bytes"),) if self.board.leaked else ()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that the user should know."""
        rule = (self.rule,) if self.rule else ()
        return data_findings(self.inspection, self.extraction, (*rule, *self.notices))

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        dataset, walk = self.inspection.dataset, self.extraction
        texts = texts.for_modality(dataset.modality)
        title = texts.say("reporting.scores_of", {"count": self.board.evaluation.count, "name": dataset.name})
        return [
            *inspection_lines(self.inspection, texts),
            *failure_lines(failures_by_name(dataset.examples, walk.failures), texts),
            *([self.rule.render(texts)] if self.rule else []),
            *sentences(self.notices, texts),
            *score_lines(dataset.target, self.board, title, self.policy_scores, texts),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "data": self.inspection.dataset.name,
            **self.board.to_json(),
            "guard": None if self.policy_scores is None else self.policy_scores.to_json(),
            "failures": failures_to_json(
                failures_by_name(
                    self.inspection.dataset.examples, self.inspection.unreadable | self.extraction.failures
                )
            ),
            "split": str(self.rule or ""),
            "notices": sentences(about(self.notices, self.inspection.dataset.modality)),
            "audit": self.inspection.to_json(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What ``embed`` wrote."""

    file: Path
    spec: EncoderSpec
    count: int
    computed: int
    cached: int
    seconds: float
    failures: dict[str, Finding]
    notices: tuple[Finding, ...] = ()

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.spec.modality)
        values = {
            "count": self.count,
            "dimension": self.spec.dimension,
            "encoder": self.spec.name,
            "computed": self.computed,
            "cached": self.cached,
            "seconds": self.seconds,
            "rate": self.count / self.seconds if self.seconds else 0.0,
        }
        return [
            *failure_lines(self.failures, texts),
            *sentences(self.notices, texts),
            texts.say("reporting.embedded", values),
            texts.say("reporting.written", {"file": self.file}),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``images_per_second`` counts all examples, stored ones too."""
        return {
            "file": str(self.file),
            "encoder": self.spec.name,
            "count": self.count,
            "dimension": self.spec.dimension,
            "computed": self.computed,
            "cached": self.cached,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.count / self.seconds, 1) if self.seconds else None,
            "failures": failures_to_json(self.failures),
            "notices": sentences(about(self.notices, self.spec.modality)),
        }


def run_findings(
    plan: Plan, walk: Extraction, probe: Probe, board: Comparison, notices: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Return everything that the user should know of a run."""
    left_out = left_out_findings(plan.dataset.examples, walk.failures)
    found = dict.fromkeys((*plan.findings, *left_out, *_promises(plan, probe, board), *notices))
    return about(found, plan.dataset.modality)


def data_findings(
    checked: Inspection, walk: Extraction, notices: Iterable[Finding] = (), *, least: Severity = NOTE
) -> tuple[Finding, ...]:
    """Return what the user should know of the data and a walk over it, and ``notices``; perhaps warnings alone."""
    every = replace(checked, unreadable=checked.unreadable | walk.failures)
    found = dict.fromkeys((*inspection_findings(every), *walk.notices, *notices))
    return about((one for one in found if NOTE == least or one.severity == WARNING), checked.dataset.modality)


def _promises(plan: Plan, probe: Probe, board: Comparison) -> tuple[Finding, ...]:
    metrics = load_task(plan.dataset.target.task).metrics
    return promise_findings(probe, board, metrics.balanced if plan.recipe.head.balance else metrics.name)


def promise_findings(probe: Probe, board: Comparison, metric: str) -> tuple[Finding, ...]:
    """Return a note when cross-validation promised more than the scored examples kept."""
    promised = next((one.cv_score.metric for one in probe.candidates if one.name == probe.name), 0.0)
    # The heads that were compared stand on the network as it came.
    scored = board.baselines.get("probe", board.evaluation)
    kept = getattr(scored, metric).high
    return (Finding("reporting.promised", {"accuracy": promised}, "note"),) if promised > kept else ()


def cross_validation(done: CrossValidated) -> Finding:
    """Return how an evaluation was cross-validated."""
    values = {"folds": done.folds, "repeats": done.repeats}
    return Finding("reporting.repeatedly" if done.repeats > 1 else "reporting.in_folds", values)


def _probed(name: str, method: str) -> str:
    """Name the encoder whose features were computed or stored: the pretrained one, also where weights moved later."""
    return name.removesuffix(f"+{method}")


def _head_json(probe: Probe, target: Target) -> dict[str, Any]:
    metrics = load_task(target.task).metrics
    return {
        "name": probe.name,
        "kind": probe.head.kind,
        "settings": probe.head.settings(),
        **asdict(probe.decoding),
        "candidates": [
            {
                "name": one.name,
                "setting": one.setting,
                metrics.name: one.cv_score.metric,
                metrics.loss: one.cv_score.loss,
            }
            for one in probe.candidates
        ],
    }
