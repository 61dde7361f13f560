"""The model card of a classifier: its calibration, its classes, when it should not answer."""

from collections.abc import Mapping

from headstart.heads.probabilities import as_softmax
from headstart.modalities.base import load_modality
from headstart.saving.card_parts import FEW, TaskCard, escaped, score_text, table_text
from headstart.saving.policy_card import policy_section
from headstart.saving.values import SavedModel

SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "macro_roc_auc": "macro ROC AUC",
    "log_loss": "log-loss (less is better)",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
}
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


class ClassCard(TaskCard):
    """The parts that only a classifier has."""

    tag = "classification"
    scores: Mapping[str, str] = SCORES
    corrected = "accuracy, balanced accuracy, macro F1, log-loss and Brier score"

    def title(self, model: SavedModel) -> str:
        """Name the model by the number of its classes."""
        return f"A classifier of {len(model.classes)} classes"

    def use(self, model: SavedModel, why_not_timm: object, no_raw: object) -> list[str]:
        """Write how to use it with ONNX Runtime and with timm, or why that cannot be."""
        parts = (
            f"{escaped(str(no_raw))}\n" if no_raw else load_modality(model.spec.modality).graph.USE,
            USE_WITH_TIMM if why_not_timm is None else why_not_timm and f"{escaped(str(why_not_timm))}\n",
        )
        return [str(part) for part in dict.fromkeys(parts) if part]

    def sections(self, model: SavedModel) -> dict[str, str]:
        """Write calibration, policy and classes."""
        return {
            "Calibration": _calibration(model),
            "When it should not answer": policy_section(model),
            "Classes": _classes(model),
        }

    def limits(self, model: SavedModel) -> list[str]:
        """Write that it always answers with one of its classes."""
        return [
            f"Its likeliest class is always one of its {len(model.classes)}, also for a picture that shows none of "
            "them, and a high probability is no sign that it shows one."
        ]

    def limits_of_data(self, model: SavedModel) -> list[str]:
        """Count the classes that were fitted or scored on few examples."""
        evaluation = model.training.evaluation
        fitted = sum(count < FEW for count in model.fitted_labels["counts"])
        scored = sum(row["support"] < FEW for row in evaluation["per_class"]) if evaluation else 0
        lines = [f"{_classes_words(fitted)} fitted on fewer than {FEW} pictures."] if fitted else []
        if scored:
            lines.append(
                f"{_classes_words(scored)} scored on fewer than {FEW} pictures: read their intervals, not their values."
            )
        return lines


def _calibration(model: SavedModel) -> str:
    temperature = as_softmax(model.decoding).temperature
    text = (
        f"Probabilities are softmax(scores / {temperature:.4g}); the temperature was fitted on out-of-fold "
        "scores of the training pictures."
    )
    evaluation = model.training.evaluation
    if evaluation is not None:
        where = "of the cross-validation" if evaluation.get("cross_validated") else "on the pictures set apart"
        text += f" The calibration error {where} is {score_text(evaluation['calibration_error'])}."
    return text + "\n"


def _classes(model: SavedModel) -> str:
    evaluation = model.training.evaluation
    scored = {row["name"]: row for row in evaluation["per_class"]} if evaluation else {}
    rows = []
    for name, count in zip(model.classes, model.fitted_labels["counts"], strict=True):
        row = scored.get(name, {})
        scores = [score_text(row.get(key)) for key in ("precision", "recall")]
        rows.append((escaped(name), str(count), str(row.get("support", 0)), *scores))
    return table_text(("class", "fitted on", "scored on", "precision", "recall"), rows)


def _classes_words(count: int) -> str:
    return "1 class was" if count == 1 else f"{count} classes were"
