"""The model card ``README.md``: what a model is, how good it is, where it ends, and how to use it."""

import json
import re
from typing import Any

from headstart.heads.probabilities import as_softmax
from headstart.metrics.values import CrossValidated
from headstart.runtime.text import escape_control_characters
from headstart.saving.policy_card import policy_section
from headstart.saving.reference_set import REFERENCES, References
from headstart.saving.values import SavedModel

# Licence names that model hubs know; any other is given as "other" with its name.
KNOWN_LICENCES = {
    "apache-2.0",
    "mit",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-sa-4.0",
}
SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "macro_roc_auc": "macro ROC AUC",
    "log_loss": "log-loss (less is better)",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
}
FEW = 10  # a recall measured on fewer pictures than this says little

USE = """\
```python
import headstart as hs
model = hs.load("path/to/this/folder")
print(model.predict("picture.jpg"))
```
"""
USE_WITH_ONNX = """\
Without Headstart, with ONNX Runtime alone; `model.onnx` takes the bytes of one upright RGB picture of any size:

```python
import json

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

session = onnxruntime.InferenceSession("path/to/this/folder/model.onnx", providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
(probabilities,) = session.run(None, {"picture": np.asarray(picture)})
print(max(zip(probabilities.tolist(), classes)))
```
"""
USE_WITH_TIMM = """\
Without Headstart, with timm alone:

```python
import timm
from PIL import Image, ImageOps
network = timm.create_model("local-dir:path/to/this/folder", pretrained=True).eval()
prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(network))
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
probabilities = network(prepare(picture)[None]).softmax(1)[0].tolist()
print(max(zip(probabilities, network.pretrained_cfg["label_names"])))
```
"""


def model_card(model: SavedModel, why_not_timm: object = None, no_raw: object = None) -> str:
    """Write the model card as Markdown with YAML front matter; names from users are escaped.

    ``why_not_timm`` is a sentence for a model that timm cannot open, None for one that it can; ``no_raw`` the same for
    one without ``model.onnx``.
    """
    sections = {
        f"A classifier of {len(model.classes)} classes": _about(model),
        "Use": "\n".join(
            [
                USE,
                f"{escaped(str(no_raw))}\n" if no_raw else USE_WITH_ONNX,
                f"{escaped(str(why_not_timm))}\n" if why_not_timm else USE_WITH_TIMM,
            ]
        ),
        "Scores": _scores(model),
        "Calibration": _calibration(model),
        "When it should not answer": policy_section(model),
        "Classes": _classes(model),
        "Data": _data(model),
        "Limits": _limits(model),
        "Licence and origin": _origin(model),
    }
    body = "\n".join(
        f"{'##' if number else '#'} {title}\n\n{text}" for number, (title, text) in enumerate(sections.items())
    )
    return f"{_front_matter(model.spec.licence, why_not_timm is None)}\n{body}"


def escaped(text: str) -> str:
    r"""Write any text so that Markdown shows it as it is, inside a line and inside a table.

    Examples
    --------
    >>> print(escaped("a|b*c\n<d>"))
    a\|b\*c\\n\<d\>
    """
    return re.sub(r"([\\`*_{}\[\]<>|~&#$!])", r"\\\1", escape_control_characters(text))


def _front_matter(licence: str, opens_in_timm: bool) -> str:
    known = licence.casefold() in KNOWN_LICENCES
    lines = [f"license: {licence.casefold()}"] if known else ["license: other", f"license_name: {json.dumps(licence)}"]
    tags = ["image-classification", "transfer-learning", "onnx", *(["timm"] if opens_in_timm else [])]
    lines += ["library_name: headstart", "pipeline_tag: image-classification", "tags:", *(f"- {tag}" for tag in tags)]
    return "\n".join(["---", *lines, "---", ""])


def _about(model: SavedModel) -> str:
    settings = ", ".join(f"{escaped(key)} = {escaped(str(value))}" for key, value in model.head.settings().items())
    return (
        f"Made by Headstart {model.training.versions.get('headstart') or ''}".rstrip()
        + f" on {escaped(model.training.created)}: a frozen pretrained encoder ({escaped(model.spec.architecture)}, "
        f"{model.spec.dimension} features) and a head of the kind {escaped(model.head.kind)}"
        + (f" ({settings})" if settings else "")
        + ".\n"
    )


def _scores(model: SavedModel) -> str:
    evaluation = model.training.evaluation
    if evaluation is None:
        return "The model was not scored: no pictures were set apart for it.\n"
    columns = {"this model": evaluation, **_unleaked(model), **model.training.baselines}
    rows = [(words, *(_score(column.get(key)) for column in columns.values())) for key, words in SCORES.items()]
    text = f"On {evaluation['count']} pictures that were set apart, with 95 % intervals."
    if evaluation.get("cross_validated"):
        done = CrossValidated(**evaluation["cross_validated"])
        text = (
            f"On {evaluation['count']} pictures, {done}: each was scored by a model that had not seen it, of the same "
            "kind as this one, which was fitted to all of them. The 95 % intervals of accuracy, balanced accuracy, "
            "macro F1, log-loss and Brier score are corrected for what the folds have in common (Nadeau and Bengio "
            "2003)."
        )
    if model.training.baselines:
        text += (
            " The simple baselines beside it were scored on the same pictures: what they reach needs no pretrained "
            "network."
        )
    return f"{text}{_leak(model)}\n\n{_table(('score', *map(escaped, columns)), rows)}"


def _unleaked(model: SavedModel) -> dict[str, dict[str, Any]]:
    clean = model.training.without_leaked
    return {} if clean is None else {f"on the {clean['count']} that did not leak": clean}


def _leak(model: SavedModel) -> str:
    """Write which scores to believe when pictures set apart also lie in the fitted part."""
    leaked = model.training.leaked
    if not leaked:
        return ""
    also = f" **Also in the part the model was fitted to, or in one group with it: {leaked} of the pictures.**"
    if model.training.without_leaked is None:
        return f"{also} These scores do not say how good it is on new pictures."
    return f"{also} Trust the column without them."


def _calibration(model: SavedModel) -> str:
    temperature = as_softmax(model.decoding).temperature
    text = (
        f"Probabilities are softmax(scores / {temperature:.4g}); the temperature was fitted on out-of-fold "
        "scores of the training pictures."
    )
    evaluation = model.training.evaluation
    if evaluation is not None:
        where = "of the cross-validation" if evaluation.get("cross_validated") else "on the pictures set apart"
        text += f" The calibration error {where} is {_score(evaluation['calibration_error'])}."
    return text + "\n"


def _classes(model: SavedModel) -> str:
    evaluation = model.training.evaluation
    scored = {row["name"]: row for row in evaluation["per_class"]} if evaluation else {}
    rows = []
    for name, count in zip(model.classes, model.fitted_labels["counts"], strict=True):
        row = scored.get(name, {})
        scores = [_score(row.get(key)) for key in ("precision", "recall")]
        rows.append((escaped(name), str(count), str(row.get("support", 0)), *scores))
    return _table(("class", "fitted on", "scored on", "precision", "recall"), rows)


def _data(model: SavedModel) -> str:
    record = model.training
    counts = ", ".join(f"{count} {escaped(use)}" for use, count in record.counts.items())
    return (
        f"- Data: {escaped(record.data_name)}, digest `{record.data_fingerprint}`\n"
        f"- Pictures: {counts}\n"
        f"- Split: {escaped(record.split_rule)}\n"
    )


def _limits(model: SavedModel) -> str:
    evaluation = model.training.evaluation
    lines = [
        f"Its likeliest class is always one of its {len(model.classes)}, also for a picture that shows none of them, "
        "and a high probability is no sign that it shows one.",
        "The scores hold for pictures like those in the data. Another camera, place, season or kind of patient was not "
        "tested; expect lower scores there, and evaluate on such pictures first.",
        "It was not tested against pictures made to deceive it, nor for fairness between groups of people.",
        "The encoder learned from other pictures before, and what they show too often or too seldom is still in it.",
    ]
    if model.head.holds_examples:
        lines.append("The head holds the features of its training pictures: whoever gets the model gets those.")
    if model.references is not None:
        lines.append(_references(model.references))
    few = sum(count < FEW for count in model.fitted_labels["counts"])
    if few:
        lines.append(f"{_classes_words(few)} fitted on fewer than {FEW} pictures.")
    if evaluation:
        lines += _limits_of_scores(evaluation)
    return "".join(f"- {line}\n" for line in [*lines, *map(escaped, model.notices)])


def _references(references: References) -> str:
    rows, total = len(references), references.total
    which = f"the {total:,} training pictures"
    if rows < total:
        which = f"{rows:,} of {which}, drawn evenly from the classes"
    return (
        f"`{REFERENCES}` holds features and names of {which}, and no pictures: whoever gets the model gets those. "
        "Headstart compares new pictures with them."
    )


def _limits_of_scores(evaluation: dict[str, Any]) -> list[str]:
    lines = []
    few = sum(row["support"] < FEW for row in evaluation["per_class"])
    if few:
        lines.append(
            f"{_classes_words(few)} scored on fewer than {FEW} pictures: read their intervals, not their values."
        )
    if evaluation["groups"] is None:
        lines.append(
            "The intervals take every picture as independent. If several show the same thing, person or place, the "
            "true uncertainty is larger."
        )
    return lines


def _origin(model: SavedModel) -> str:
    spec = model.spec
    versions = ", ".join(f"{name} {version}" for name, version in model.training.versions.items() if version)
    return (
        f"- Weights of the encoder: {escaped(spec.source)}, licence {escaped(spec.licence)}, "
        f"SHA-256 `{spec.weights_digest}`\n"
        f"- Network: {escaped(spec.architecture)}, {spec.engine}, {spec.precision}\n"
        f"- Made with: {versions}\n"
        "- Whoever passes this model on must keep the licence of the weights; the training pictures have their own.\n"
    )


def _classes_words(count: int) -> str:
    return "1 class was" if count == 1 else f"{count} classes were"


def _score(score: dict[str, Any] | None) -> str:
    if score is None or score["value"] is None:
        return "not defined"
    if score["low"] is None or score["high"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
