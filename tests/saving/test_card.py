import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image
from skimage.data import chelsea

from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.runtime.text import escape_control_characters
from headstart.saving.bundle import save_bundle
from headstart.saving.card import model_card
from headstart.saving.card_parts import escaped
from headstart.saving.values import SavedModel


def text_of(markdown: str) -> list[str]:
    """The text a Markdown reader shows, one string per paragraph, list item or table cell."""
    reader = MarkdownIt("commonmark").enable("table")
    parts = []
    for token in reader.parse(markdown):
        if token.type == "inline":
            children = token.children or []
            assert {child.type for child in children} <= {"text", "text_special", "softbreak", "code_inline"}
            parts.append("".join(child.content for child in children))
    return parts


def section(card: str, title: str) -> str:
    return card.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_card_begins_with_what_model_hubs_read(model: SavedModel) -> None:
    assert model_card(model).startswith(
        "---\nlicense: apache-2.0\nlibrary_name: headstart\npipeline_tag: image-classification\ntags:\n"
        "- image-classification\n- transfer-learning\n- onnx\n- timm\n---\n\n# A classifier of 5 classes\n"
    )


def test_a_licence_that_hubs_do_not_know_is_given_by_its_name(model: SavedModel) -> None:
    card = model_card(replace(model, spec=replace(model.spec, licence='my "own": licence')), "No.")
    assert card.startswith('---\nlicense: other\nlicense_name: "my \\"own\\": licence"\nlibrary_name: headstart\n')
    assert "- timm" not in card


def test_every_class_name_is_shown_as_it_is(model: SavedModel) -> None:
    cells = text_of(section(model_card(model), "Classes"))
    rows = [cells[start : start + 5] for start in range(0, len(cells), 5)]
    assert rows[0] == ["class", "fitted on", "scored on", "precision", "recall"]
    assert [row[0] for row in rows[1:]] == [escape_control_characters(name) for name in model.classes]
    assert rows[1][1:] == ["3", "4", "0.500 [0.250, 0.750]", "0.750 [0.500, 1.000]"]


@given(st.text(min_size=1))
def test_any_text_is_shown_as_it_is_inside_a_table(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {escaped(text)} | end |\n"
    shown = escape_control_characters(text).encode("utf-8", "replace").decode()
    cells = text_of(table.encode("utf-8", "replace").decode())
    assert [cell.strip() for cell in cells[2:]] == [shown.strip(), "end"]


def test_the_baselines_stand_beside_every_score(model: SavedModel) -> None:
    cells = text_of(section(model_card(model), "Scores"))
    assert cells[0].startswith("On 60 pictures that were set apart, with 95 % intervals.")
    assert cells[1:9] == [
        "score", "this model", "majority class", "colour histogram",
        "accuracy", "0.900 [0.850, 0.950]", "0.200 [0.150, 0.250]", "0.400 [0.350, 0.450]",
    ]  # fmt: skip
    roc_auc = cells.index("macro ROC AUC")
    assert cells[roc_auc + 1] == "not defined"


def test_without_an_unleaked_picture_the_scores_are_not_praised(model: SavedModel) -> None:
    leaky = replace(model, training=replace(model.training, leaked=60))
    assert "These scores do not say how good it is on new pictures" in section(model_card(leaky), "Scores")
    assert "leak" not in section(model_card(model), "Scores")


def test_the_card_says_what_the_model_was_made_from(model: SavedModel) -> None:
    card = model_card(model)
    assert text_of(section(card, "Data")) == [
        f"Data: flowers | 花, digest {'f' * 64}",
        "Pictures: 240 fit, 60 score, 1 left out",
        "Split: A stratified fifth was set apart with seed 0.",
    ]
    origin = " ".join(text_of(section(card, "Licence and origin")))
    assert f"Weights of the encoder: tests, licence Apache-2.0, SHA-256 {'0' * 64}" in origin
    assert "Made with: headstart 0.1.0, numpy 2.3.0" in origin
    assert "torch" not in origin  # it was not installed
    about = text_of(card.split("# A classifier of 5 classes")[1].split("##")[0])
    assert about == [
        "Made by Headstart 0.1.0 on 2026-03-04T12:00:05: a frozen pretrained encoder (fake, 48 features) and a head of "
        "the kind linear (learner = logistic, C = 0.1)."
    ]


def test_the_calibration_is_stated(model: SavedModel) -> None:
    assert text_of(section(model_card(model), "Calibration")) == [
        "Probabilities are softmax(scores / 1.7); the temperature was fitted on out-of-fold scores of the training "
        "pictures. The calibration error on the pictures set apart is 0.900 [0.850, 0.950]."
    ]


def test_the_limits_name_what_is_weak_in_this_model(model: SavedModel) -> None:
    limits = text_of(section(model_card(model), "Limits"))
    assert "1 class was fitted on fewer than 10 pictures." in limits
    assert "2 classes were scored on fewer than 10 pictures: read their intervals, not their values." in limits
    assert "3 files fall on both sides." in limits
    assert any("take every picture as independent" in limit for limit in limits)
    assert not any("features of its training pictures" in limit for limit in limits)


def test_a_model_scored_by_groups_does_not_claim_independent_pictures(model: SavedModel) -> None:
    assert model.training.evaluation is not None
    grouped = replace(model.training, evaluation={**model.training.evaluation, "groups": 12})
    assert "as independent" not in model_card(replace(model, training=grouped))


def test_a_model_that_was_not_scored_says_so(model: SavedModel) -> None:
    card = model_card(replace(model, training=replace(model.training, evaluation=None)))
    assert text_of(section(card, "Scores")) == ["The model was not scored: no pictures were set apart for it."]
    assert "not defined" in section(card, "Classes")


@pytest.mark.parametrize("place", [1, 2], ids=["ONNX Runtime", "timm"])
def test_the_lines_for_other_libraries_work_as_they_stand(
    place: int,
    on_network: SavedModel,
    network: OnnxEncoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save_bundle(tmp_path / "m", on_network, network.files)
    Image.fromarray(chelsea()).save(tmp_path / "picture.jpg")
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)[place]
    monkeypatch.chdir(tmp_path)
    exec(code.replace("path/to/this/folder", "m"), {})
    printed = capsys.readouterr().out
    assert any(repr(name) in printed for name in on_network.classes)


def test_a_model_that_timm_cannot_open_shows_no_lines_for_it(model: SavedModel) -> None:
    use = section(model_card(model, "The model cannot be opened by timm: its head is not linear (knn)."), "Use")
    assert "create_model" not in use
    assert "its head is not linear (knn)." in use
