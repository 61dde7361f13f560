"""A first model of examples without labels, from the names of the classes alone: nothing is scored."""

import shlex
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Integers
from headstart.data.plan import Plan
from headstart.encoders.spec import LoadedEncoder
from headstart.features.values import Extraction
from headstart.metrics.comparison import Comparison
from headstart.probing.probe import Probe, zero_shot_probe
from headstart.probing.rows import Sample, require_some, select_sample
from headstart.reporting.run_files import output_folder, write_log
from headstart.runtime.catalogue import ENGLISH, Texts, texts_in
from headstart.runtime.context import RunContext
from headstart.runtime.environment import environment
from headstart.runtime.files import write_json, write_text
from headstart.runtime.findings import Finding, about, notices_json, sentences
from headstart.saving.build import describe
from headstart.saving.values import SavedModel
from headstart.workflows.embed import read_usable
from headstart.workflows.load_encoder import encode_names, planned_encoder
from headstart.workflows.model import Model


@dataclass(frozen=True, slots=True)
class FirstModel:
    """A model without labelled examples, and which share of the examples it would give to each class."""

    model: Model
    plan: Plan
    shares: dict[str, float]
    notices: tuple[Finding, ...]
    seconds: float
    folder: Path | None = None

    @property
    def report(self) -> "FirstModel":
        """What is shown of it."""
        return self

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.plan.dataset.modality)
        shares = [
            Finding("reporting.share_of_class", {"name": name, "share": one}) for name, one in self.shares.items()
        ]
        done = {"seconds": self.seconds, "folder": self.folder, "run": shlex.quote(str(self.folder))}
        return [
            *sentences(self.notices, texts),
            texts.say("reporting.shares_of_classes", {"shares": shares}),
            texts.say("reporting.done", done),
            texts.say("reporting.try_it", done),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        where = {"run": str(self.folder), "model": str(self.folder and self.folder / "model")}
        known = {"classes": list(self.plan.dataset.classes), "count": len(self.plan.inspection.usable)}
        found = notices_json(self.model.findings)
        return {**where, "data": self.plan.dataset.name, **known, "shares": self.shares, **found}


def fit_unlabelled(planned: Plan, context: RunContext, out: Path | None = None, *, write: bool = True) -> FirstModel:
    """Make a model from the names of the classes, and write it into a run folder if it is to be written."""
    started, clock = datetime.now().astimezone(), time.perf_counter()
    model, shares, notices = _train(planned, context, started)
    found = FirstModel(model, planned, shares, notices, time.perf_counter() - clock)
    if not write:
        return found
    with output_folder(out, planned.dataset.name) as folder:
        model.save(folder / "model")
        found = replace(found, folder=folder)
        write_text(folder / "recipe.toml", planned.recipe.to_toml())
        write_json(folder / "environment.json", environment(started, sys.argv))
        texts = texts_in(context.language)
        write_log(folder / "log.txt", started, [*planned.lines(texts), *found.lines(texts)])
    return found


def fit_names(planned: Plan, context: RunContext) -> tuple[LoadedEncoder, Extraction, Probe]:
    """Encode the examples and fit a probe to the names of the classes, and to the mean of the examples that are seen.

    Raises
    ------
    DataError
        When none of these can be read.
    """
    checked, encoder = planned.inspection, planned_encoder(planned, context)
    walk = read_usable(checked, (encoder,), context, checked.usable, planned.recipe.data.strict)
    features = walk.features[0].matrix[_seen(planned, walk)]
    return encoder, walk, zero_shot_probe(encode_names(encoder, planned), features, planned.dataset.target)


def describe_names(
    planned: Plan, encoder: LoadedEncoder, probe: Probe, board: Comparison | None, created: datetime
) -> SavedModel:
    """Return what is kept of a model that learned from no example: no label was seen, so that all may score it."""
    nothing = np.empty(0, dtype=np.int64)
    alike = np.arange(planned.dataset.target.width)  # of no class more is known than of another
    return describe(planned, encoder.spec, probe, None, Sample(nothing, alike, nothing, None), board, created)


def _seen(planned: Plan, walk: Extraction) -> Integers:
    sample = select_sample(planned.dataset, planned.parts.seen, planned.inspection.together, walk.failures)
    require_some(sample)
    return sample.positions


def _train(
    planned: Plan, context: RunContext, started: datetime
) -> tuple[Model, dict[str, float], tuple[Finding, ...]]:
    dataset = planned.dataset
    encoder, walk, probe = fit_names(planned, context)
    features = walk.features[0].matrix[_seen(planned, walk)]
    saved = describe_names(planned, encoder, probe, None, started)
    answers = np.bincount(probe.outputs(features).argmax(axis=1), minlength=dataset.target.width) / len(features)
    same = () if answers.max() < 1 else (Finding("workflows.names_tell_nothing"),)
    notices = (*encoder.notices, *walk.notices, *probe.notices, *same)
    findings = about(dict.fromkeys((*planned.findings, *notices)), dataset.modality)
    saved = replace(saved, findings=findings)
    shares = dict(zip(dataset.classes, answers.round(4).tolist(), strict=True))
    return Model(encoder, saved, encoder.files, findings=findings), shares, notices
