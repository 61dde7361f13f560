"""What a run, an evaluation, an embedding or a prediction found: each as lines for people and as plain data."""

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.inspection import Inspection
from headstart.data.inspection_report import inspection_lines
from headstart.data.plan import Plan
from headstart.data.sources import fingerprint
from headstart.encoders.spec import EncoderSpec
from headstart.features.values import Extraction
from headstart.metrics.comparison import Comparison
from headstart.probing.probe import Probe
from headstart.reporting.answers import failure_lines, failures_by_name
from headstart.reporting.summary import candidate_lines, score_lines
from headstart.reporting.training_files import training_lines, training_to_json
from headstart.runtime.findings import Finding
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
    notices: tuple[Finding | str, ...] = ()
    tuned: "FineTuned | None" = None
    page: Path | None = None
    policy_scores: PolicyScores | None = None

    @property
    def model(self) -> Path:
        """The folder of the saved model."""
        return self.folder / "model"

    def lines(self) -> list[str]:
        """Say the same for people."""
        walk = self.extraction
        fitted = self.plan.counts(walk.failures)["fit"]
        return [
            *failure_lines(failures_by_name(self.plan.dataset.examples, walk.failures)),
            f"Features: {_probed(self.spec.name, self.plan.recipe.training.method)}, "
            f"{self.spec.dimension} numbers a picture; {walk.computed} computed,"
            f" {walk.cached} from the store, {walk.seconds:.1f} s.",
            f"Heads, compared by cross-validation inside the {fitted:,} pictures to fit:",
            *candidate_lines(self.probe.candidates, self.probe.name),
            *(training_lines(self.tuned) if self.tuned else []),
            *score_lines(self.board, self._title(), self.policy_scores),
            *_promise_lines(self.probe, self.board, self.plan.recipe.head.balance),
            *map(str, self.notices),
            f"Done in {self.seconds:.1f} s. Model, tables and pictures: {self.folder}",
            *([f"Report: {self.page}"] if self.page else []),
            f"Try it: headstart predict {shlex.quote(str(self.folder))} PICTURE",
        ]

    def _title(self) -> str:
        """Say how the pictures were scored."""
        result = self.board.evaluation
        if result.cross_validated is None and self.board.leaked:
            return (
                f"Scores on {result.count:,} pictures, {self.board.leaked:,} of them not new to the model, with 95 %"
                " intervals:"
            )
        if result.cross_validated is None:
            return f"Scores on {result.count:,} pictures that nothing was fitted to or chosen on, with 95 % intervals:"
        return (
            f"Scores of {result.count:,} pictures, {result.cross_validated}: each by a model that had not seen it; with"
            " 95 % intervals; the model's own, but that of the calibration error, are corrected for what the folds have"
            " in common:"
        )

    def to_json(self) -> dict[str, Any]:
        """Give plain data; ``features.seconds`` and ``seconds`` are wall-clock times."""
        return {
            "run": str(self.folder),
            "model": str(self.model),
            "data": self.plan.dataset.name,
            "data_digest": fingerprint(self.plan.dataset, self.plan.inspection.keys),
            "classes": list(self.plan.dataset.classes),
            "counts": self.plan.counts(self.extraction.failures),
            "split": self.plan.parts.rule,
            "encoder": self.spec.to_json(),
            "features": {
                "computed": self.extraction.computed,
                "cached": self.extraction.cached,
                "seconds": round(self.extraction.seconds, 3),
                "dimension": self.spec.dimension,
                "failures": failures_by_name(self.plan.dataset.examples, self.extraction.failures),
            },
            "head": _head_json(self.probe),
            **(training_to_json(self.tuned) if self.tuned else {}),
            **self.board.to_json(),
            "guard": None if self.policy_scores is None else self.policy_scores.to_json(),
            "notices": list(map(str, self.notices)),
            "audit": self.plan.inspection.to_json(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What the evaluation of a saved model found; ``rule`` says which part of the data was scored, if not all."""

    inspection: Inspection
    rule: str
    extraction: Extraction
    board: Comparison
    seconds: float
    policy_scores: PolicyScores | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user; a saved model knows its pictures by their bytes, so that near copies pass for new."""
        unseen = (
            "The model knows the pictures it was fitted to by their bytes: near copies of them count as new ones here."
        )
        return (*self.extraction.notices, *((unseen,) if self.board.leaked else ()))

    def lines(self) -> list[str]:
        """Say the same for people."""
        dataset, walk = self.inspection.dataset, self.extraction
        return [
            *inspection_lines(self.inspection),
            *failure_lines(failures_by_name(dataset.examples, walk.failures)),
            *([self.rule] if self.rule else []),
            *self.notices,
            *score_lines(
                self.board,
                f"Scores on {self.board.evaluation.count:,} pictures of {dataset.name}, with 95 % intervals:",
                self.policy_scores,
            ),
        ]

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        return {
            "data": self.inspection.dataset.name,
            **self.board.to_json(),
            "guard": None if self.policy_scores is None else self.policy_scores.to_json(),
            "failures": failures_by_name(
                self.inspection.dataset.examples, self.inspection.unreadable | self.extraction.failures
            ),
            "split": self.rule,
            "notices": list(self.notices),
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
    failures: dict[str, str]
    notices: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Say the same for people."""
        rate = self.count / self.seconds if self.seconds else 0.0
        return [
            *failure_lines(self.failures),
            *self.notices,
            f"{self.count} pictures, {self.spec.dimension} numbers each by {self.spec.name}: {self.computed} computed,"
            f" {self.cached} from the store, {self.seconds:.1f} s ({rate:.0f} pictures/s).",
            f"Written: {self.file}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Give plain data; ``images_per_second`` counts all pictures, stored ones too."""
        return {
            "file": str(self.file),
            "encoder": self.spec.name,
            "count": self.count,
            "dimension": self.spec.dimension,
            "computed": self.computed,
            "cached": self.cached,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(self.count / self.seconds, 1) if self.seconds else None,
            "failures": self.failures,
            "notices": list(self.notices),
        }


def _promise_lines(probe: Probe, board: Comparison, balanced: bool) -> list[str]:
    """Say so when cross-validation promised more than the scored pictures kept."""
    promised = next((one.cv_score.metric for one in probe.candidates if one.name == probe.name), 0.0)
    # The heads that were compared stand on the network as it came.
    scored = board.baselines.get("probe", board.evaluation)
    kept = scored.balanced_accuracy if balanced else scored.accuracy
    if promised <= kept.high:
        return []
    return [
        f"Note: cross-validation inside the fitted part gave {promised:.3f}. The scored pictures are unlike the fitted"
        " ones (another place, camera or time), or the fitted part holds near-copies. Expect the lower number."
    ]


def _probed(name: str, method: str) -> str:
    """Name the encoder whose features were computed or stored: the pretrained one, also where weights moved later."""
    return name.removesuffix(f"+{method}")


def _head_json(probe: Probe) -> dict[str, Any]:
    return {
        "name": probe.name,
        "kind": probe.head.kind,
        "settings": probe.head.settings(),
        **asdict(probe.decoding),
        "candidates": [
            {
                "name": one.name,
                "setting": one.setting,
                "accuracy": one.cv_score.metric,
                "log_loss": one.cv_score.loss,
            }
            for one in probe.candidates
        ],
    }
