"""Knowing when not to answer, from pictures to answers: what is calibrated on what, saved, asked again, and scored."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from headstart.errors import RecipeError
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.uncertainty.conformal import calibration_scores, true_class_scores
from headstart.workflows.evaluate import score
from pictures import save_flowers, save_noise


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Pictures that bring a split of their own, with some confusion in it."""
    for place, (folder, count) in enumerate((("train", 14), ("test", 6))):
        save_flowers(tmp_path / "divided" / folder, count, seed=100 * place)
    for number in range(3):
        train = tmp_path / "divided" / "train"
        shutil.move(train / "rose" / f"{number}.jpg", train / "tulip" / f"wrong-{number}.jpg")
    return tmp_path / "divided"


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """Pictures of another kind: blue noise."""
    for number in range(8):
        save_noise(tmp_path / "strange" / f"{number}.jpg", (30, 60, 220), 500 + number)
    return tmp_path / "strange"


def test_the_policy_is_calibrated_on_out_of_fold_predictions_of_the_fitted_part(fake_network, divided) -> None:
    model = hs.fit(divided, head="logistic", abstain=0.6)
    train = sorted((divided / "train").glob("*/*.jpg"))
    labels = np.array([model.classes.index(path.parent.name) for path in train])
    order = [train.index(Path(name)) for name in model.saved.references.names]
    features = model.embed([train[place] for place in order])
    labels = labels[order]
    probe = fit_probe(features, labels, model.saved.target, np.arange(len(labels)), Recipe(head="logistic"))
    expected = calibration_scores(true_class_scores(probe.decoding.decode(probe.candidates[0].scores), labels, "lac"))
    np.testing.assert_allclose(model.saved.policy.sets.values, expected.values, atol=1e-6)
    # In the sample the head is surer of the true class than out of it: those scores would promise too much.
    in_sample = model.predict_proba([train[place] for place in order])
    inside = calibration_scores(true_class_scores(in_sample, labels, "lac"))
    assert inside.values.mean() < expected.values.mean()


def test_nothing_about_the_part_to_score_changes_the_policy(fake_network, divided) -> None:
    one = hs.fit(divided, head="lda", abstain=0.6).saved.policy
    (divided / "test" / "rose").rename(divided / "test" / "aside")
    (divided / "test" / "tulip").rename(divided / "test" / "rose")
    (divided / "test" / "aside").rename(divided / "test" / "tulip")
    save_noise(divided / "test" / "daisy" / "strange.jpg", (10, 10, 250), 3)
    other = hs.fit(divided, head="lda", abstain=0.6).saved.policy
    np.testing.assert_array_equal(one.sets.values, other.sets.values)
    np.testing.assert_array_equal(one.novelties.values, other.novelties.values)
    for name in ("threshold", "quantile", "novelty_threshold"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("novelty", ["neighbours", "energy", "mahalanobis"])
def test_a_saved_model_gives_the_same_advice(novelty, fake_network, divided, strange, tmp_path) -> None:
    fitted = hs.fit(divided, head="lda", novelty=novelty, abstain=0.6, coverage=0.95)
    fitted.save(tmp_path / "model")
    pictures = [*sorted((divided / "test").glob("*/*.jpg")), *sorted(strange.iterdir())]
    assert hs.load(tmp_path / "model").predict(pictures) == fitted.predict(pictures)


def test_pictures_of_another_kind_are_flagged_and_refused_when_asked(fake_network, divided, strange) -> None:
    model = hs.fit(divided, head="lda")
    assert all(answer.unfamiliar and not answer.abstained for answer in model.predict(strange))
    refused = model.asking(reject_unlike=True).predict(strange)
    assert {answer.reason for answer in refused} == {"The picture is unlike the training pictures."}
    assert {round(answer.familiarity * 43, 6) for answer in refused} == {1}  # stranger than all 42


def test_other_promises_can_be_asked_of_a_saved_model(fake_network, divided, tmp_path) -> None:
    hs.fit(divided, head="logistic").save(tmp_path / "model")
    model = hs.load(tmp_path / "model")
    sizes = [
        np.mean([len(answer.prediction_set) for answer in model.asking(coverage=coverage).predict(divided / "test")])
        for coverage in (0.6, 0.95, 0.99)
    ]
    assert sizes == sorted(sizes) and sizes[-1] == 3  # of 42 pictures 99 in 100 cannot be promised: every class
    assert not any(answer.abstained for answer in model.predict(divided / "test"))
    given = model.asking(abstain=0.9).predict(divided / "test")
    assert {answer.abstained for answer in given if answer.probability < 0.5} <= {True}
    assert model.asking() is model


def test_a_promise_out_of_range_or_of_a_model_without_a_policy_is_refused(fake_network, divided) -> None:
    from dataclasses import replace

    model = hs.fit(divided, head="centroid")
    with pytest.raises(RecipeError) as caught:
        model.asking(coverage=1.5)
    assert str(caught.value) == "The setting coverage = 1.5 is out of range. It can be 0.5 to 0.999."
    old = replace(model, saved=replace(model.saved, policy=None))
    with pytest.raises(RecipeError) as caught:
        old.asking(coverage=0.95)
    assert str(caught.value) == (
        "The model does not know coverage. It was saved by an older Headstart, without scores of held-out pictures. "
        "Fit it again."
    )
    assert old.predict(next((divided / "test").glob("*/*.jpg"))).prediction_set == ()


def test_evaluate_on_the_scored_part_repeats_what_fit_said_about_the_policy(fake_network, divided, tmp_path) -> None:
    model = hs.fit(divided, head="lda", abstain=0.6)
    model.save(tmp_path / "model")
    opened = hs.load(tmp_path / "model")
    again = score(opened, divided, Recipe(), RunContext()).policy_scores
    assert again.to_json() == model.saved.policy_scores == opened.saved.policy_scores


def test_evaluate_says_how_well_other_pictures_are_told_apart(fake_network, divided, strange) -> None:
    model = hs.fit(divided, head="lda")
    (strange / "broken.jpg").write_bytes(b"no picture")
    found = model.evaluate_guard(divided, strange).novelty
    assert (found.count, found.found.value, found.auroc.value) == (8, 1.0, 1.0)
    assert found.unfamiliar == str(strange)
    quiet = hs.fit(divided, head="lda", novelty="none")
    with pytest.raises(RecipeError) as caught:
        score(quiet, divided, Recipe(), RunContext(), strange)
    assert str(caught.value) == (
        "The model cannot tell pictures unlike its training pictures. It was saved by an older Headstart, with "
        "novelty = 'none', or fitted to too few pictures. Fit it again."
    )


def test_groups_are_what_is_promised_about(fake_network, tmp_path) -> None:
    for name, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        for patient in range(12):
            for shot in range(3):
                save_noise(tmp_path / "groups" / name / f"{name}{patient}-{shot}.jpg", colour, 10 * patient + shot)
    settings = {"group_pattern": "([a-z]+[0-9]+)-", "keep_duplicates_together": False}  # noise looks alike when small
    model = hs.fit(tmp_path / "groups", head="lda", **settings)
    policy = model.saved.policy
    assert policy.grouped
    assert policy.sets.groups == policy.novelties.groups == len(policy.sets.values) / 3


def test_with_folds_there_is_no_unseen_picture_to_score_the_policy_on(fake_network, flowers) -> None:
    model = hs.fit(flowers, head="centroid", folds=3)
    assert model.saved.policy.sets is not None
    assert model.saved.policy_scores is None


def test_very_few_pictures_get_a_model_without_promises(fake_network, tmp_path) -> None:
    save_flowers(tmp_path / "few", 2)
    with pytest.warns(hs.HeadstartWarning, match=r"There are too few examples to hold any out|cannot be promised"):
        model = hs.fit(tmp_path / "few", head="centroid", test_fraction=0.5, abstain=0.9)
    answers = model.predict(tmp_path / "few")
    assert all(answer.prediction_set and len(answer.prediction_set) == 3 for answer in answers)
    assert all(answer.abstained and answer.familiarity is None for answer in answers)
