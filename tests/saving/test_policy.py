"""A policy travels with the model, and says the same when it is opened again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.encoders.spec import EncoderFiles
from headstart.errors import ModelFileError
from headstart.saving.bundle import POLICY, load_bundle, save_bundle
from headstart.saving.card import model_card
from headstart.saving.reference_set import References
from headstart.saving.values import SavedModel
from headstart.settings.recipe import Recipe
from headstart.uncertainty.calibrate import HeldOutScores, ReferenceRows, calibrate_policy
from headstart.uncertainty.evaluate import Scored
from headstart.uncertainty.ood import to_half_precision
from headstart.uncertainty.policy import AnswerPolicy

NOTHING = EncoderFiles(None, None)
RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(60, 48)).astype(np.float32)
LABELS = np.arange(60) % 5
EVERYONE = np.arange(60)


def with_policy(model: SavedModel, held_out: bool = True, **settings: object) -> SavedModel:
    scores = model.head.scores(FEATURES) + 20 * np.eye(5)[LABELS]
    held = HeldOutScores(scores, model.decoding, LABELS, EVERYONE // 2) if held_out else None
    kept = to_half_precision(FEATURES)
    known = ReferenceRows(kept, LABELS, EVERYONE // 2, EVERYONE)
    references = References(kept, LABELS, tuple("abc" * 20), tuple(bytes(32) for _ in range(60)), 60)
    policy = calibrate_policy(Recipe(**settings), held, known, grouped=True)
    return replace(model, references=references, policy=policy)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"novelty": "energy", "sets": "aps"},
        {"novelty": "mahalanobis", "sets": "raps", "reject_unlike": True},
        {"abstain": 0.7},
        {"abstain": 0.999},
        {"novelty": "none", "held_out": False},
        {"abstain": 0.9, "novelty": "none", "held_out": False},
    ],
    ids=str,
)
def test_a_model_that_was_opened_judges_as_the_one_that_was_saved(
    settings: dict[str, object], model: SavedModel, tmp_path: Path
) -> None:
    saved = with_policy(model, **settings)
    save_bundle(tmp_path / "m", saved, NOTHING)
    opened = load_bundle(tmp_path / "m").model
    assert isinstance(saved.policy, AnswerPolicy) and isinstance(opened.policy, AnswerPolicy)
    assert str(opened.policy.threshold) == str(saved.policy.threshold)  # as text, because NaN is not itself
    for name in ("rule", "novelty", "settings", "grouped", "quantile", "novelty_threshold"):
        assert getattr(opened.policy, name) == getattr(saved.policy, name)
    new = RANDOM.normal(size=(9, 48)).astype(np.float32)
    one, other = (some.predictor.outcomes(new, some.predictor.outputs(new)) for some in (saved, opened))
    assert one is not None and other is not None
    for name in ("sets", "unsure", "unfamiliar", "novelty", "familiarity"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_model_of_an_older_headstart_has_no_policy(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    opened = load_bundle(tmp_path / "m").model
    assert (opened.policy, opened.policy_scores) == (None, None)
    (answer,) = opened.predictor.predict(["a"], FEATURES[:1], top=1)
    assert (answer.prediction_set, answer.abstained, answer.novelty) == ((), False, None)
    assert opened.predictor.evaluate_policy(FEATURES, Scored(LABELS, np.eye(5)[LABELS], model.classes, None)) is None


def test_the_manifest_says_what_the_policy_does_without_opening_it(model: SavedModel, tmp_path: Path) -> None:
    saved = replace(with_policy(model, abstain=0.7), policy_scores={"count": 3})
    save_bundle(tmp_path / "m", saved, NOTHING)
    found = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))["guard"]
    assert (found["rule"], found["novelty"], found["groups"]) == ("lac", "neighbours", {"sets": 30, "novelty": 30})
    assert found["asked"] == {"coverage": 0.9, "abstain": 0.7, "false_alarms": 0.05, "reject_unlike": False}
    assert (found["quantile"], found["strange_from"]) == (saved.policy.quantile, saved.policy.novelty_threshold)
    assert found["scores"] == {"count": 3} == load_bundle(tmp_path / "m").model.policy_scores


def test_a_changed_byte_in_the_policy_is_noticed(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", with_policy(model), NOTHING)
    content = bytearray((tmp_path / "m" / POLICY).read_bytes())
    content[-3] ^= 1
    (tmp_path / "m" / POLICY).write_bytes(content)
    with pytest.raises(ModelFileError, match=f"{POLICY}' has changed since it was written"):
        load_bundle(tmp_path / "m")


def test_a_model_is_saved_again_byte_for_byte_with_its_policy(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "one", with_policy(model, abstain=0.8), NOTHING)
    save_bundle(tmp_path / "two", load_bundle(tmp_path / "one").model, NOTHING)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def section(model: SavedModel) -> list[str]:
    return model_card(model).partition("## When it should not answer\n\n")[2].partition("\n\n## ")[0].splitlines()


def test_the_card_says_what_is_promised_and_what_came_of_it(model: SavedModel) -> None:
    share = {"value": 0.95, "low": 0.9, "high": 0.975}
    scores = {
        "sets": {"coverage": share, "size": {"value": 1.5}},
        "answers": {"precision": share, "answered": share},
        "novelty": {"false_alarms": share},
        "broken": ["false alarms"],
    }
    saved = replace(with_policy(model, abstain=0.7), policy_scores=scores)
    threshold = saved.policy.threshold
    assert section(saved) == [
        "- Prediction sets hold the true class in at least 0.9 of the cases (lac: 1 - p of the class; 60 held-out "
        "pictures). On the pictures set apart: 0.950 [0.900, 0.975], 1.50 classes each.",
        f"- Answers less sure than {threshold.confidence:.3f} are not given, so that 0.7 of the others are "
        "right, with 95 % certainty. On the pictures set apart: 0.950 [0.900, 0.975], 0.950 [0.900, 0.975] answered.",
        "- Pictures unlike the training pictures are flagged by the mean cosine distance to the three nearest training "
        "pictures; 0.05 of the known ones may be flagged too. On the pictures set apart: 0.950 [0.900, 0.975].",
        "- Not kept on the pictures set apart: false alarms. They are unlike the fitted ones, or these are near-copies "
        "of each other.",
        "- The promises hold in the mean over new groups like those in the data, and for no single class.",
    ]


def test_the_card_says_when_nothing_is_promised(model: SavedModel) -> None:
    assert section(model) == ["The model was saved without a guard: it answers every picture."]
    assert section(with_policy(model, held_out=False, novelty="none")) == [
        "Too few pictures could be held out to promise anything: it answers every picture."
    ]
    assert section(with_policy(model, abstain=0.999))[1] == (
        "- A precision of 0.999 was wanted and cannot be promised: it gives no answer."
    )
