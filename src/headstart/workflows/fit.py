"""THE LINE: a fit as a row of named stages. Read this file and you know the program.

What is planned before stands in :mod:`headstart.workflows.plan`, the stages that need more than a call in
:mod:`headstart.workflows.fit_stages`, what a model does once it is there in :mod:`headstart.workflows.model`.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.arrays import Floats
from headstart.data.plan import Plan
from headstart.export.parity_data import run_root
from headstart.features.values import Extraction
from headstart.heads.words import heaviest_terms
from headstart.metrics.comparison import Comparison, compare_with_baselines
from headstart.metrics.values import ScoredPart
from headstart.probing.baseline import fit_with_baseline
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample, require_some, select_sample
from headstart.reporting.page.writing import with_page
from headstart.reporting.report import RunReport, run_findings
from headstart.reporting.run_files import TRAINING, output_folder, write_log, write_tables
from headstart.reporting.sections.base import task_report
from headstart.reporting.training_files import write_training
from headstart.runtime.catalogue import texts_in
from headstart.runtime.context import RunContext
from headstart.runtime.environment import environment
from headstart.runtime.files import write_json
from headstart.runtime.findings import Finding
from headstart.saving.build import add_references, describe
from headstart.saving.values import Baseline
from headstart.tasks.base import load_task
from headstart.uncertainty.evaluate import PolicyScores
from headstart.workflows.embed import read_usable
from headstart.workflows.fit_stages import (
    FittedPredictor,
    reference_rows,
    run_fine_tuning,
    score,
    select_final_predictor,
    split_encoded,
    training_inputs,
)
from headstart.workflows.load_encoder import planned_baseline, planned_encoder
from headstart.workflows.model import Model, load
from headstart.workflows.zero_shot import describe_names, fit_names

if TYPE_CHECKING:
    from headstart.finetuning.fine_tuning import FineTuned


@dataclass(frozen=True, slots=True)
class Run:
    """A model that was fitted, and what was found on the way: see :class:`RunReport`."""

    model: Model
    report: RunReport


@dataclass(frozen=True, slots=True)
class FitResult:
    """A model and all that was found on the way; ``outputs`` are those of the examples in ``scored``.

    ``tuned`` is None when no weight moved; ``words`` are those with the largest weights for each class.
    """

    model: Model
    extraction: Extraction
    probe: Probe
    board: Comparison
    scored: Sample
    outputs: Floats
    tuned: "FineTuned | None" = None
    policy_scores: PolicyScores | None = None
    words: Mapping[str, list[tuple[str, float]]] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[Finding, ...]:
        """What the user should know of the walk over the examples, the head and the training."""
        moved = self.tuned.notices if self.tuned else ()
        encoder = getattr(self.model.encoder, "notices", ())
        refused = task_report(self.model.saved.target).unscored(self.model.saved.policy, self.policy_scores)
        return (*moved, *encoder, *self.extraction.notices, *self.probe.notices, *refused)


def run_fit(planned: Plan, context: RunContext, *, out: Path | None = None) -> Run:
    """Train, and write everything into a run folder: ``out``, or a new ``runs/NAME-N``.

    The folder is made first, so that a place that cannot be written to is found before anything is computed.
    """
    started, clock = datetime.now().astimezone(), time.perf_counter()
    with output_folder(out, planned.dataset.name, resume=context.resume) as folder:
        shutil.rmtree(folder / "model", ignore_errors=True)  # of a run that was killed after it had saved
        trained = train(planned, replace(context, run_folder=folder / TRAINING))
        with ThreadPoolExecutor(1) as beside:  # digests and files leave Python free for the charts
            saving = beside.submit(copy_context().run, trained.model.save, folder / "model")
            drawn = task_report(planned.dataset.target).draw(
                folder, trained.board.evaluation, planned.dataset, trained.scored, trained.outputs
            )
        curves = write_training(folder, trained.tuned) if trained.tuned else ()
        notices = (*trained.notices, *saving.result(), *drawn, *curves)
        report = RunReport(
            folder, planned, trained.model.encoder.spec, trained.extraction, trained.probe, trained.board,
            time.perf_counter() - clock, notices, trained.tuned, policy_scores=trained.policy_scores,
            words=trained.words,
        )  # fmt: skip
        write_tables(report, trained.scored, trained.outputs)  # with metrics.json a run is finished
        write_json(folder / "environment.json", {**environment(started, sys.argv), "data": run_root(planned.dataset)})
        texts = texts_in(context.language)
        write_log(folder / "log.txt", started, [*planned.lines(texts), *report.lines(texts)])
    # The run lies finished in its folder: whatever became of its page, nothing that was computed would be lost.
    model = replace(_open_from_run(trained, folder), findings=report.findings)
    return Run(model, with_page(report, trained.scored, context.language))


def train(planned: Plan, context: RunContext) -> FitResult:
    """Encode once, fit a head, move weights if wanted, score on the part that nothing was chosen on."""
    recipe, target = planned.recipe, planned.dataset.target
    if recipe.zero_shot:
        return _train_on_names(planned, context)
    encoder = planned_encoder(planned, context)
    baseline = planned_baseline(planned)
    walk = read_usable(planned.inspection, (encoder, baseline), context, planned.inspection.usable, recipe.data.strict)
    encoded = split_encoded(planned, walk)
    fitted = encoded.fitted
    probe, plain = fit_with_baseline(encoded.features, encoded.baseline, fitted, target, recipe, context.progress)
    simple = Baseline(baseline.spec, plain.head, plain.decoding)
    tuned = run_fine_tuning(training_inputs(planned, encoded, encoder, probe), context)
    final = select_final_predictor(
        planned,
        encoded,
        FittedPredictor(encoder, encoded.features, probe, reference_rows(encoded, recipe)),
        tuned,
        context,
    )
    fit_policy = load_task(target.task).policy
    policy = fit_policy and fit_policy(
        recipe, final.probe, final.features[fitted.positions], fitted, final.kept, final.validation
    )
    outputs, board, promises = score(planned, encoded, (probe, simple), final, policy, context)
    saved = describe(planned, final.encoder.spec, final.probe, simple, fitted, board, datetime.now().astimezone())
    saved = add_references(saved, planned, final.features, fitted, final.kept, context.cache_folder)
    saved = replace(saved, policy=policy, policy_scores=None if promises is None else promises.to_json())
    model = Model(final.encoder, saved, final.encoder.files, board)
    words = heaviest_terms(plain.head, baseline.terms.vocabulary, target.names) if hasattr(baseline, "terms") else {}
    return _with_findings(
        planned, FitResult(model, walk, probe, board, encoded.scored, outputs, tuned, promises, words)
    )


def _train_on_names(planned: Plan, context: RunContext) -> FitResult:
    """Learn from the names of the classes and from no example; whatever has a label and is to be scored is."""
    recipe, dataset, created = planned.recipe, planned.dataset, datetime.now().astimezone()
    encoder, walk, probe = fit_names(planned, context)
    scored = select_sample(dataset, planned.parts.score, planned.inspection.together, walk.failures)
    require_some(scored)
    outputs = probe.outputs(walk.features[0].matrix[scored.positions])
    board = compare_with_baselines(
        load_task(dataset.target.task).metrics,
        ScoredPart(scored.labels, dataset.target.names, scored.user_groups, np.zeros(len(scored), dtype=np.bool_)),
        outputs,
        {"majority": dataset.target.constant(dataset.target.summarise(scored.labels))},
        seed=recipe.run.seed,
        resamples=recipe.uncertainty.resamples,
    )
    saved = describe_names(planned, encoder, probe, board, created)
    model = Model(encoder, saved, encoder.files, board)
    return _with_findings(planned, FitResult(model, walk, probe, board, scored, outputs))


def _with_findings(planned: Plan, trained: FitResult) -> FitResult:
    """Write into the model what the user should know of it."""
    found = run_findings(planned, trained.extraction, trained.probe, trained.board, trained.notices)
    model = replace(trained.model, saved=replace(trained.model.saved, findings=found), findings=found)
    return replace(trained, model=model)


def _open_from_run(trained: FitResult, folder: Path) -> Model:
    """Let a fine-tuned model live from its run folder, and take its encoder out of the cache."""
    if trained.tuned is None or trained.tuned.encoder is None:
        return trained.model
    made = trained.tuned.encoder.files
    kept = made.weights or made.graph
    assert kept is not None, "what was tuned has weights"
    shutil.rmtree(kept.parent, ignore_errors=True)
    return replace(load(folder), board=trained.board) if folder.exists() else trained.model
