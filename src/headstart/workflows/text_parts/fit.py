"""Fitting a model whose answers are parts of a text, as a row of named stages."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.spec import EncoderFiles
from headstart.encoders.text import loading
from headstart.encoders.text.token_graphs import TokenEncoder, require_token_states
from headstart.encoders.text.tokenizer import FILE
from headstart.encoders.text.transformer import Transformer
from headstart.errors import DataError, MissingExtraError, RecipeError
from headstart.metrics.values import Evaluation
from headstart.probing.tokens import fit_token_head
from headstart.registry import resolve
from headstart.reporting.run_files import output_folder
from headstart.runtime.catalogue import Texts
from headstart.runtime.context import RunContext
from headstart.runtime.files import write_json, write_text
from headstart.settings.recipe import Recipe
from headstart.workflows.text_parts.base import PartTask
from headstart.workflows.text_parts.model import GRAPH, PartModel, described
from headstart.workflows.text_parts.report import PartReport, write_page
from headstart.workflows.text_parts.windows import Windows

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
    method = recipe.training.method if "method" in recipe.changed() else parts.method
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
    """Fit a head on the tokens of an encoder, move its weights if wanted, score and save the model."""
    clock = time.perf_counter()
    encoder = loading.load_encoder(recipe.encoder.name, cache=context.cache_folder, progress=context.progress)
    network = require_token_states(encoder.spec, encoder.files)
    if plan.method != "probe" or plan.parts.ends:
        _require_torch(plan)
    cut = [plan.parts.encode(example, encoder.preprocessing) for example in plan.fitted]
    boards: dict[str, Evaluation] = {"simple": _score(plan, plan.parts.simple(plan.fitted, plan.scored), recipe)}
    with output_folder(out, plan.path.stem) as folder, TemporaryDirectory(prefix="headstart-") as aside:
        tokenizer = encoder.files.beside[FILE]
        assert isinstance(tokenizer, Path), "a tokenizer is a file"
        model = PartModel(plan.parts.name, plan.labels, described(encoder.spec), Path(aside, GRAPH), tokenizer, {})
        tensors = _read_tensors(network, encoder.files)
        start = _fit_head(plan, network, tensors, cut, recipe, aside)
        if plan.method != "probe" or plan.parts.ends:
            if not plan.parts.ends:
                _write(network, tensors, model.graph, start)
                boards["probe"] = _score(plan, [*replace(model).answer(plan.scored)], recipe)
            tensors, start = _tune(plan, network, tensors, cut, start, recipe, context)
        _write(network, tensors, model.graph, start)
        answers = [*replace(model).answer(plan.scored)]
        board = _score(plan, answers, recipe)
        record = {
            "method": plan.method,
            "fitted": len(plan.fitted),
            "scored": len(plan.scored),
            "scores": {name: one.to_json() for name, one in {"model": board, **boards}.items()},
        }
        replace(model, record=record).save(folder / "model")
        report = PartReport(
            plan.parts.name, folder, encoder.spec.name, plan.method, len(plan.fitted), board, boards,
            time.perf_counter() - clock, encoder.notices,
        )  # fmt: skip
        write_json(folder / "metrics.json", report.to_json())
        write_text(folder / "recipe.toml", recipe.to_toml())
        write_json(folder / "predictions.json", [one.to_json() for one in answers])
        write_page(folder / "report.md", report, plan.parts, plan.scored, answers, context.language)
    return report


def _require_torch(plan: PartPlan) -> None:
    for package, extra in (("torch", "train"), *([("peft", "lora")] if plan.method == "lora" else [])):
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, "workflows.to_move_weights", method=plan.method)


def _score(plan: PartPlan, answers: Sequence[Any], recipe: Recipe) -> Evaluation:
    return plan.parts.evaluate(plan.scored, answers, recipe.run.seed, recipe.uncertainty.resamples)


def _read_tensors(network: Transformer, files: EncoderFiles) -> Any:  # noqa: ANN401 - arrays by name
    from headstart.encoders.text.graph_tensors import read_graph  # loads onnx: only where a graph is written

    assert files.graph is not None, "encoders of documents have graphs"
    return read_graph(network, files.graph)


def _write(network: Transformer, tensors: Any, path: Path, head: tuple[Singles, Singles] | None) -> None:  # noqa: ANN401
    from headstart.encoders.text.transformer_graph import write_token_graph

    write_token_graph(network, tensors, path, head)


def _fit_head(  # six: a network in two values, what it learns from, where
    plan: PartPlan,
    network: Transformer,
    tensors: Any,  # noqa: ANN401 - arrays by name
    cut: Sequence[Windows],
    recipe: Recipe,
    aside: str,
) -> tuple[Singles, Singles]:
    """Fit the head while the network stays as it is; where ends are learnt it starts from nothing."""
    if plan.parts.ends:
        return np.zeros((2, 2 * network.width), np.float32), np.zeros(2, np.float32)
    path = Path(aside, "states.onnx")
    _write(network, tensors, path, None)
    encoder, states, labels, documents = TokenEncoder(path), list[Any](), list[Any](), list[Any]()
    for number, (example, windows) in enumerate(zip(plan.fitted, cut, strict=True)):
        own = windows.join(encoder.run(windows.ids))
        targets = [one[:, None].astype(np.float32) for one in plan.parts.targets(example, windows, plan.labels)]
        known = windows.join(targets)[:, 0].astype(int)
        states.append(own[known >= 0])
        labels.append(known[known >= 0])
        documents.append(np.full(int((known >= 0).sum()), number))
    joined = (np.concatenate(states), np.concatenate(labels), np.concatenate(documents))
    head = fit_token_head(*joined, len(plan.labels), recipe.run.seed)
    return head.weight, head.bias


def _tune(  # seven: see tune_tokens
    plan: PartPlan,
    network: Transformer,
    tensors: Any,  # noqa: ANN401 - arrays by name
    cut: Sequence[Windows],
    start: tuple[Singles, Singles],
    recipe: Recipe,
    context: RunContext,
) -> tuple[Any, tuple[Singles, Singles]]:
    from headstart.finetuning.text_tokens import TokenTraining, TokenWindow, tune_tokens  # loads torch: seconds

    given = recipe.training
    training = TokenTraining(plan.method, plan.parts.ends, given.epochs, given.lr, given.rank, recipe.run.seed)
    pairs = [
        TokenWindow(ids, targets)
        for example, windows in zip(plan.fitted, cut, strict=True)
        for ids, targets in zip(windows.ids, plan.parts.targets(example, windows, plan.labels), strict=True)
    ]
    tuned = tune_tokens(network, tensors, pairs, start, training, context.progress)
    return tuned.tensors, (tuned.weight, tuned.bias)
