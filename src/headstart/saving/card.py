"""The model card ``README.md``: what a model is, how good it is, where it ends, and how to use it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headstart.metrics.values import CrossValidated
from headstart.modalities.base import load_modality
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding
from headstart.saving.card_parts import TaskCard, escaped, score_text, table_text
from headstart.saving.reference_set import REFERENCES, References
from headstart.saving.values import SavedModel
from headstart.tasks.base import load_task

# Licence names that model hubs know; any other is given as "other" with its name.
KNOWN_LICENCES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-sa-4.0")
}
USE = """\
```python
import headstart as hs
model = hs.load("path/to/this/folder")
print(model.predict("picture.jpg"))
```
"""


def model_card(model: SavedModel, why_not_timm: object = None, no_raw: object = None) -> str:
    """Write the model card as Markdown with YAML front matter; names from users are escaped.

    ``why_not_timm`` is a sentence for a model that timm cannot open, "" where nobody asks, None for one that it can;
    ``no_raw`` the same for one without ``model.onnx``.
    """
    card: TaskCard = load_task(model.target.task).card()
    texts = ENGLISH.for_modality(model.spec.modality)
    reword, reasons = texts.reword, [_said(reason, texts) for reason in (why_not_timm, no_raw)]
    sections = {
        card.title(model): _about(model),
        "Use": "\n".join([reword(USE), *card.use(model, *reasons)]),
        "Scores": reword(_scores(model, card)),
        **{title: _reworded(text, reword) for title, text in card.sections(model).items()},
        "Data": _data(model),
        "Limits": reword(_limits(model, card)),
        "Licence and origin": _origin(model),
    }
    body = "\n".join(
        f"{'##' if number else '#'} {title}\n\n{text}" for number, (title, text) in enumerate(sections.items())
    )
    return f"{_front_matter(model, card.tag, why_not_timm is None)}\n{body}"


def _said(reason: object, texts: Texts) -> object:
    return reason.render(texts) if isinstance(reason, Finding) else reason


def _reworded(text: str, reword: Callable[[str], str]) -> str:
    return text if text.startswith("|") else reword(text)  # a table has the names of classes


def _front_matter(model: SavedModel, task: str, opens_in_timm: bool) -> str:
    licence, row = model.spec.licence, load_modality(model.spec.modality)
    tag = task and f"{getattr(row, 'hub', row.name)}-{task}"
    known = licence.casefold() in KNOWN_LICENCES
    lines = [f"license: {licence.casefold()}"] if known else ["license: other", f"license_name: {json.dumps(licence)}"]
    tags = [
        *([tag] if tag else []),
        "transfer-learning",
        *(["onnx"] if model.spec.is_network else []),
        *(["timm"] if opens_in_timm else []),
    ]
    pipeline = [f"pipeline_tag: {tag}"] if tag else []
    lines += ["library_name: headstart", *pipeline, "tags:", *(f"- {tag}" for tag in tags)]
    return "\n".join(["---", *lines, "---", ""])


def _about(model: SavedModel) -> str:
    moved = "method" in model.head.settings()
    network = "a pretrained encoder whose weights moved" if moved else "a frozen pretrained encoder"
    encoder = network if model.spec.is_network else "an encoder without a network"
    settings = ", ".join(f"{escaped(key)} = {escaped(value)}" for key, value in _flat(model.head.settings()))
    return (
        f"Made by Headstart {model.training.versions.get('headstart') or ''}".rstrip()
        + f" on {escaped(model.training.created)}: {encoder} ({escaped(model.spec.architecture)}, "
        f"{model.spec.dimension} features) and a head of the kind {escaped(model.head.kind)}"
        + (f" ({settings})" if settings else "")
        + ".\n"
    )


def _flat(settings: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, str]]:
    """Go through settings, those of a part with its name before theirs."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{inside}{key} ")
        else:
            yield f"{inside}{key}".replace(" settings ", " "), _value(value)


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(_value, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _scores(model: SavedModel, card: TaskCard) -> str:
    evaluation = model.training.evaluation
    if evaluation is None:
        return "The model was not scored: no pictures were set apart for it.\n"
    columns = {"this model": evaluation, **_unleaked(model), **model.training.baselines}
    scores = card.scores or {key: key for key, one in evaluation.items() if isinstance(one, dict) and "low" in one}
    rows = [(words, *(score_text(column.get(key)) for column in columns.values())) for key, words in scores.items()]
    text = f"On {evaluation['count']} pictures that were set apart, with 95 % intervals."
    if model.training.counts.get("fit") == 0:
        text = f"On {evaluation['count']} pictures, none of which the model learned from, with 95 % intervals."
    if evaluation.get("cross_validated"):
        done = CrossValidated(**evaluation["cross_validated"])
        text = (
            f"On {evaluation['count']} pictures, {done}: each was scored by a model that had not seen it, of the same "
            f"kind as this one, which was fitted to all of them. The 95 % intervals of {card.corrected} are corrected "
            "for what the folds have in common (Nadeau and Bengio 2003)."
        )
    if model.training.baselines:
        text += (
            " The simple baselines beside it were scored on the same pictures: what they reach needs no pretrained "
            "network."
        )
    return f"{text}{_leak(model)}\n\n{table_text(('score', *map(escaped, columns)), rows)}"


def _unleaked(model: SavedModel) -> dict[str, dict[str, Any]]:
    clean = model.training.without_leaked
    return {} if clean is None else {f"on the {clean['count']} that did not leak": clean}


def _leak(model: SavedModel) -> str:
    """Write which scores to believe when examples set apart also lie in the fitted part."""
    leaked = model.training.leaked
    if not leaked:
        return ""
    also = f" **Also in the part the model was fitted to, or in one group with it: {leaked} of the pictures.**"
    if model.training.without_leaked is None:
        return f"{also} These scores do not say how good it is on new pictures."
    return f"{also} Trust the column without them."


def _data(model: SavedModel) -> str:
    record = model.training
    counts = ", ".join(f"{count} {escaped(use)}" for use, count in record.counts.items())
    return (
        f"- Data: {escaped(record.data_name)}, digest `{record.data_fingerprint}`\n"
        f"- {ENGLISH.for_modality(model.spec.modality).reword('Pictures')}: {counts}\n"
        f"- Split: {escaped(record.split_rule)}\n"
    )


def _limits(model: SavedModel, card: TaskCard) -> str:
    evaluation = model.training.evaluation
    lines = [
        *card.limits(model),
        ENGLISH.for_modality(model.spec.modality).say("saving.elsewhere"),
        "It was not tested against pictures made to deceive it, nor for fairness between groups of people.",
    ]
    if model.spec.is_network:
        lines.append(
            "The encoder learned from other pictures before, and what they show too often or too seldom is still in it."
        )
    if model.head.holds_examples:
        lines.append("The head holds the features of its training pictures: whoever gets the model gets those.")
    if model.references is not None:
        lines.append(_references(model.references, by_network=model.spec.is_network))
    lines += card.limits_of_data(model)
    if evaluation and evaluation["groups"] is None:
        lines.append(
            "The intervals take every picture as independent. If several show the same thing, person or place, the "
            "true uncertainty is larger."
        )
    return "".join(f"- {line}\n" for line in [*lines, *map(escaped, model.notices)])


def _references(references: References, *, by_network: bool) -> str:
    rows, total = len(references), references.total
    which = f"the {total:,} training pictures"
    if rows < total:
        which = f"{rows:,} of {which}, drawn evenly from the classes"
    what = "and no pictures" if by_network else "which are the numbers of these pictures, only scaled"
    return (
        f"`{REFERENCES}` holds features and names of {which}, {what}: whoever gets the model gets those. "
        "Headstart compares new pictures with them."
    )


def _origin(model: SavedModel) -> str:
    spec = model.spec
    versions = ", ".join(f"{name} {version}" for name, version in model.training.versions.items() if version)
    if not spec.is_network:
        without = f"- Encoder: {escaped(spec.architecture)}, {spec.engine}; it has no weights, and no licence"
        return f"{without}\n- Made with: {versions}\n"
    return (
        f"- Weights of the encoder: {escaped(spec.source)}, licence {escaped(spec.licence)}, "
        f"SHA-256 `{spec.weights_digest}`\n"
        f"- Network: {escaped(spec.architecture)}, {spec.engine}, {spec.precision}\n"
        f"- Made with: {versions}\n"
        "- Whoever passes this model on must keep the licence of the weights; the training "
        f"{ENGLISH.for_modality(spec.modality).reword('pictures')} have their own.\n"
    )
