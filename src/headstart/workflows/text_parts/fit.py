"""Fitting a model whose answers are parts of a text, as a row of named stages."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from headstart.arrays import Booleans
from headstart.encoders.text import loading
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.graph_tensors import read_graph
from headstart.encoders.text.token_graphs import TokenEncoder, require_token_states
from headstart.encoders.text.tokenizer import FILE
from headstart.encoders.text.transformer import Transformer
from headstart.encoders.text.transformer_graph import write_token_graph
from headstart.encoders.weight_files import Array
from headstart.errors import DataError, MissingExtraError, RecipeError
from headstart.heads.linear import LinearHead
from headstart.metrics.values import Evaluation
from headstart.registry import resolve
from headstart.reporting import run_files
from headstart.reporting.page.writing import write_page
from headstart.runtime.catalogue import Texts
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.settings.text import TRAINING
from headstart.workflows.text_parts.base import PartTask
from headstart.workflows.text_parts.entities import IGNORED
from headstart.workflows.text_parts.frozen import KnownTokens, read_tokens
from headstart.workflows.text_parts.model import PartModel, described
from headstart.workflows.text_parts.report import PartReport, write_run
from headstart.workflows.text_parts.windows import Windows

if TYPE_CHECKING:  # they load torch
    from headstart.finetuning.text_tokens import TokenInputs
    from headstart.finetuning.train_job import TrainingRecord

METHODS = ("probe", "lora", "full")


@dataclass(frozen=True, slots=True)
class PartPlan:
    """What was understood: the task, and the examples to fit and to score."""

    path: Path
    parts: PartTask
    fitted: tuple[Any, ...]
    scored: tuple[Any, ...]
    labels: tuple[str, ...]
    method: str

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        counts = {"fitted": len(self.fitted), "scored": len(self.scored)}
        return {"path": str(self.path), "task": self.parts.name, **counts, "method": self.method, "labels": self.labels}

    def lines(self, texts: Texts) -> list[str]:
        """Say what the file is taken for, and how it is divided."""
        values = {"path": self.path, "fitted": len(self.fitted), "scored": len(self.scored)}
        kinds = dict.fromkeys(label.partition("-")[2] for label in self.labels if "-" in label)
        said = texts.say(f"workflows.parts_found_{self.parts.name}", values | {"names": [*kinds]})
        return [said, texts.say(f"workflows.parts_method_{self.method}")]


def plan_parts(name: str, data: str | Path, recipe: Recipe) -> PartPlan:
    """Read a file and divide it: texts that are equal stay on one side.

    Raises
    ------
    DataError
        When it cannot be read, or holds too little.
    RecipeError
        When the method is none for this task.
    """
    parts, path = cast(PartTask, resolve("part_tasks", name).parts), Path(data).expanduser()
    wanted = recipe.training
    method = wanted.method if "method" in recipe.changed() else TRAINING.presets.get(wanted.preset, parts.method)
    if method not in METHODS:
        raise RecipeError("workflows.method_not_for_parts", method=method, task=name, names=METHODS)
    examples = parts.read(path)
    if recipe.split.test:
        fitted, scored = examples, parts.read(Path(recipe.split.test).expanduser())
    else:
        texts = sorted({one.text for one in examples})
        count = max(1, round(len(texts) * recipe.split.test_fraction))
        chosen = np.random.default_rng(recipe.run.seed).permutation(len(texts))[:count]
        held = {texts[place] for place in chosen}
        fitted = [one for one in examples if one.text not in held]
        scored = [one for one in examples if one.text in held]
    labels = parts.labels(fitted)
    if len(fitted) < 2 or not scored or len(labels) < 2:
        raise DataError("workflows.too_few_parts", path=path, count=len(examples))
    return PartPlan(path, parts, tuple(fitted), tuple(scored), labels, method)


def fit_parts(plan: PartPlan, recipe: Recipe, context: RunContext, out: Path | None = None) -> PartReport:
    """Fit a head on the tokens of an encoder, move its weights if wanted, score and save the model.

    Raises
    ------
    RecipeError, OutputError
        As :func:`headstart.workflows.fit.run_fit` does where a run is gone on with.
    """
    started, clock = datetime.now().astimezone(), time.perf_counter()
    encoder = loading.load_encoder(recipe.encoder.name, cache=context.cache_folder, progress=context.progress)
    network = require_token_states(encoder.spec, encoder.files)
    _require_torch(plan.method)
    with (
        run_files.output_folder(out, plan.path.stem, resume=context.resume) as folder,
        TemporaryDirectory(prefix="headstart-") as aside,
    ):
        shutil.rmtree(folder / "model", ignore_errors=True)  # of a run that was killed after it had saved
        bench = _Bench(plan, recipe, encoder, network, Path(aside))
        found = bench.fit(replace(context, run_folder=folder / run_files.TRAINING))
        moved = found.tuned
        method = "probe" if moved is not None and moved.share == 0 else plan.method
        record = {
            "method": method,
            "fitted": len(plan.fitted),
            "scored": len(plan.scored),
            "scores": {name: one.to_json() for name, one in {"model": found.board, **found.boards}.items()},
        }
        replace(found.model, record=record).save(folder / "model")
        notices = (*(moved.notices if moved else ()), *encoder.notices)
        report = PartReport(
            plan.parts.name, folder, plan.path.name, found.model.spec, method, len(plan.fitted), found.board,
            found.boards, time.perf_counter() - clock, notices, moved,
        )  # fmt: skip
        write_run(report, plan.parts, plan.scored, found.answers, recipe, started)
        write_page(folder, context.language)
    return report


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    model: PartModel
    answers: Sequence[Any]
    board: Evaluation
    boards: dict[str, Evaluation]
    tuned: "TrainingRecord | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """What a fit has at hand: graphs are written into ``aside``."""

    plan: PartPlan
    recipe: Recipe
    encoder: TextEncoder
    network: Transformer
    aside: Path

    def fit(self, context: RunContext) -> _Found:
        """Fit the head of the frozen encoder, then move weights if wanted, and score both."""
        plan, parts = self.plan, self.plan.parts
        cut = [parts.encode(example, self.encoder.preprocessing) for example in plan.fitted]
        assert self.encoder.files.graph is not None, "encoders of documents have graphs"
        tensors = read_graph(self.network, self.encoder.files.graph)
        known = self._read(tensors, cut)
        nobody, seed = np.zeros(len(cut), bool), self.recipe.run.seed
        frozen = self._score(tensors, known.fit(nobody, len(plan.labels), seed), "frozen")
        simple = {"simple": self._evaluate(parts.simple(plan.fitted, plan.scored))}
        if plan.method == "probe":
            return replace(frozen, boards=simple)
        from headstart.finetuning.text_tokens import hold_out_texts, tune_tokens  # loads torch: seconds

        held = hold_out_texts([one.text for one in plan.fitted], self.recipe)
        head = known.fit(held, len(plan.labels), seed)
        del known  # the largest thing here
        tuned = tune_tokens(self._inputs(cut, held, head), context)
        best = self._score(tuned.tensors, tuned.head, "moved") if tuned.record.share else frozen
        return replace(best, boards={**simple, "probe": frozen.board}, tuned=tuned.record)

    def _read(self, tensors: Mapping[str, Array], cut: Sequence[Windows]) -> KnownTokens:
        path, plan = self.aside / "states.onnx", self.plan
        write_token_graph(self.network, tensors, path, None)
        return read_tokens(plan.parts, TokenEncoder(path), plan.fitted, cut, plan.labels, self.recipe.run.seed)

    def _score(self, tensors: Mapping[str, Array], head: LinearHead, name: str) -> _Found:
        path, tokenizer = self.aside / f"{name}.onnx", self.encoder.files.beside[FILE]
        assert isinstance(tokenizer, Path), "a tokenizer is a file"
        write_token_graph(self.network, tensors, path, (head.weight, head.bias))
        model = PartModel(self.plan.parts.name, self.plan.labels, described(self.encoder.spec), path, tokenizer, {})
        answers = [*model.answer(self.plan.scored)]
        return _Found(model, answers, self._evaluate(answers), {})

    def _evaluate(self, answers: Sequence[Any]) -> Evaluation:
        seed, resamples = self.recipe.run.seed, self.recipe.uncertainty.resamples
        return self.plan.parts.evaluate(self.plan.scored, answers, seed, resamples)

    def _inputs(self, cut: Sequence[Windows], held: Booleans, head: LinearHead) -> "TokenInputs":
        """Collect what a training is given: every window of every text by itself."""
        from headstart.finetuning.text_tokens import TokenInputs

        pairs = [
            (number, ids, own)
            for number, (example, windows) in enumerate(zip(self.plan.fitted, cut, strict=True))
            for ids, own in zip(windows.ids, self.plan.parts.targets(example, windows, self.plan.labels), strict=True)
        ]
        labels = np.full((len(pairs), max(len(own) for _, _, own in pairs)), IGNORED)
        for row, (_, _, own) in zip(labels, pairs, strict=True):
            row[: len(own)] = own
        texts = {text: number for number, text in enumerate(dict.fromkeys(one.text for one in self.plan.fitted))}
        groups = np.array([texts[self.plan.fitted[number].text] for number, _, _ in pairs])
        recipe = self.recipe.replace(method=self.plan.method)
        windows_held = held[[number for number, _, _ in pairs]]
        return TokenInputs(
            recipe, self.encoder, [ids for _, ids, _ in pairs], labels, groups, windows_held, head, self.plan.parts.ends
        )


def _require_torch(method: str) -> None:
    if method in METHODS[1:] and find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "workflows.to_move_weights", method=method)
