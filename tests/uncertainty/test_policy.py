"""A policy: calibrated on held-out pictures, asked for other promises, scored on pictures it has not seen."""

import math
from dataclasses import replace

import numpy as np
import pytest

from headstart.heads.probabilities import Softmax, softmax
from headstart.metrics.intervals import wilson
from headstart.probing.class_prediction import predictions_from
from headstart.probing.rows import select_rows_to_encode
from headstart.reporting.policy_lines import policy_lines
from headstart.settings.recipe import Recipe
from headstart.uncertainty.calibrate import HeldOutScores, ReferenceRows, calibrate_policy
from headstart.uncertainty.conformal import calibration_scores, true_class_scores
from headstart.uncertainty.evaluate import OodSet, Scored, broken_promises, evaluate_policy, share
from headstart.uncertainty.ood import energy, fit_class_gaussians, mahalanobis, nearest_index, neighbour_distances
from headstart.uncertainty.policy import (
    AnswerPolicy,
    PolicySettings,
    add_outcomes,
    apply_policy,
    change_settings,
    compute_novelty,
)

COUNT, DIMENSION = 240, 6
RANDOM = np.random.default_rng(0)
LABELS = np.arange(COUNT) % 3
FEATURES = (RANDOM.normal(size=(COUNT, DIMENSION)) + 4 * np.eye(3, DIMENSION)[LABELS]).astype(np.float32)
SCORES = (FEATURES[:, :3] + RANDOM.normal(size=(COUNT, 3))).astype(np.float32)
EVERYONE = np.arange(COUNT)
HELD = HeldOutScores(SCORES, Softmax(), LABELS, EVERYONE)
KNOWN = ReferenceRows(FEATURES, LABELS, EVERYONE, EVERYONE)


def calibrated(held: HeldOutScores | None = HELD, known: ReferenceRows = KNOWN, **settings: object) -> AnswerPolicy:
    return calibrate_policy(Recipe(**settings), held, known, grouped=False)


def test_held_out_scores_become_quantile_threshold_and_limit() -> None:
    policy = calibrated(abstain=0.9, coverage=0.8, false_alarms=0.1)
    probabilities = softmax(SCORES)
    assert policy.quantile == calibration_scores(true_class_scores(probabilities, LABELS, "lac")).quantile(0.8)
    distances = neighbour_distances(FEATURES, nearest_index(FEATURES), EVERYONE, EVERYONE)
    assert policy.novelty_threshold == np.sort(distances)[math.ceil(241 * 0.9) - 1]
    assert policy.threshold is not None and policy.threshold.reached and policy.threshold.bound >= 0.9


def test_groups_reach_every_part() -> None:
    groups = EVERYONE // 4
    policy = calibrated(
        HeldOutScores(SCORES, Softmax(), LABELS, groups), ReferenceRows(FEATURES, LABELS, groups, EVERYONE)
    )
    assert policy.sets is not None and policy.answers is not None and policy.novelties is not None
    assert (policy.sets.groups, policy.novelties.groups, len(np.unique(policy.answers.groups))) == (60, 60, 60)


@pytest.mark.parametrize("novelty", ["neighbours", "energy", "mahalanobis"])
def test_every_novelty_raises_the_promised_share_of_false_alarms_and_finds_strange_pictures(novelty: str) -> None:
    policy = calibrated(novelty=novelty)
    fresh = np.random.default_rng(1)
    labels = np.arange(2000) % 3
    features = (fresh.normal(size=(2000, DIMENSION)) + 4 * np.eye(3, DIMENSION)[labels]).astype(np.float32)
    scores = (features[:, :3] + fresh.normal(size=(2000, 3))).astype(np.float32)
    alarms = compute_novelty(policy, features, scores, Softmax(), nearest_index(FEATURES)) > policy.novelty_threshold
    assert alarms.mean() == pytest.approx(0.05, abs=0.045)
    far = -features
    far_scores = np.zeros((2000, 3), dtype=np.float32)
    assert (
        compute_novelty(policy, far, far_scores, Softmax(), nearest_index(FEATURES)) > policy.novelty_threshold
    ).mean() > 3 * alarms.mean()


def test_energy_and_mahalanobis_are_measured_on_what_was_held_out() -> None:
    by_energy = calibrated(novelty="energy").novelties
    assert by_energy is not None
    np.testing.assert_allclose(by_energy.values, np.sort(energy(SCORES, 1.0)))
    policy = calibrated(novelty="mahalanobis")
    assert policy.gaussians is not None and policy.novelties is not None
    inside = mahalanobis(FEATURES, fit_class_gaussians(FEATURES, LABELS))
    assert policy.novelties.values.mean() > inside.mean()  # a shape fits better what it was fitted to


def test_after_fine_tuning_only_the_validation_part_stands_for_new_pictures() -> None:
    held = np.arange(0, COUNT, 4)
    policy = calibrated(known=ReferenceRows(FEATURES, LABELS, EVERYONE, held))
    assert policy.novelties is not None and policy.novelties.groups == len(held)
    moved = FEATURES.copy()
    others = np.setdiff1d(EVERYONE, held)
    shaped = calibrated(known=ReferenceRows(moved, LABELS, EVERYONE, held), novelty="mahalanobis").gaussians
    assert shaped is not None
    np.testing.assert_array_equal(shaped.whitening, fit_class_gaussians(moved[others], LABELS[others]).whitening)


def test_too_few_held_out_pictures_promise_nothing() -> None:
    policy = calibrated(None, ReferenceRows(FEATURES[:5], LABELS[:5], EVERYONE[:5], EVERYONE[:5]), abstain=0.9)
    assert (policy.sets, policy.novelties, policy.novelty) == (None, None, "none")
    assert policy.threshold is not None and not policy.threshold.reached
    found = apply_policy(policy, np.array([[0.9, 0.1]]), np.array([np.nan]))
    assert found.sets.all() and found.unsure.all() and not found.unfamiliar.any()


def test_asking_for_something_else_gives_the_policy_of_another_fit() -> None:
    asked = change_settings(calibrated(), PolicySettings(coverage=0.7, abstain=0.8, false_alarms=0.2))
    fitted = calibrated(coverage=0.7, abstain=0.8, false_alarms=0.2)
    assert (asked.quantile, asked.novelty_threshold, asked.threshold) == (
        fitted.quantile,
        fitted.novelty_threshold,
        fitted.threshold,
    )
    assert change_settings(asked, PolicySettings()).threshold is None


# --- what is said about a picture


def policy_of_ten(**changed: object) -> AnswerPolicy:
    grid = calibration_scores(np.arange(1, 20) / 20)
    policy = AnswerPolicy("lac", "neighbours", PolicySettings(coverage=0.8), sets=grid, novelties=grid)
    return replace(policy, settings=replace(policy.settings, **changed))


def advised(policy: AnswerPolicy, probabilities: list[float], novelty: float = 0.1):
    row, classes = np.array([probabilities]), ("ant", "bee", "cat")
    outcomes = apply_policy(policy, row, np.array([novelty]))
    return add_outcomes(policy, outcomes, predictions_from(["a.jpg"], row, classes, top=2), classes)[0]


def test_a_prediction_gets_its_set_likeliest_first() -> None:
    found = advised(policy_of_ten(), [0.28, 0.4, 0.32])
    assert found.prediction_set == ("bee", "cat", "ant")
    assert (found.abstained, found.unfamiliar, found.reason) == (False, False, "")
    assert (found.novelty, found.familiarity) == (0.1, pytest.approx(19 / 20))


def test_a_strange_picture_is_flagged_and_refused_when_asked() -> None:
    flagged = advised(policy_of_ten(), [0.1, 0.8, 0.1], novelty=0.99)
    assert (flagged.unfamiliar, flagged.abstained, flagged.reason) == (True, False, "")
    refused = advised(policy_of_ten(reject_unlike=True), [0.1, 0.8, 0.1], novelty=0.99)
    assert (refused.unfamiliar, refused.abstained) == (True, True)
    assert refused.reason == "The picture is unlike the training pictures."


def test_an_unsure_answer_is_not_given_and_says_why() -> None:
    policy = calibrated(abstain=0.9)
    assert policy.threshold is not None
    limit = policy.threshold.confidence
    found = advised(policy, [limit - 0.01, 1.01 - limit, 0.0] if limit > 0.51 else [0.34, 0.33, 0.33])
    assert found.abstained
    assert found.reason == (f"Not sure enough: {found.probability:.3f} is below {limit:.3f}, for a precision of 0.9.")
    out_of_reach = advised(calibrated(abstain=0.999), [1.0, 0.0, 0.0])
    assert out_of_reach.reason == "The precision of 0.999 cannot be promised for any answer."


# --- what it is worth


def test_the_scores_of_a_policy_are_counts_of_what_it_said() -> None:
    policy = calibrated(abstain=0.9)
    fresh = np.random.default_rng(5)
    labels = np.arange(90) % 3
    probabilities = softmax(2 * np.eye(3)[labels] + fresh.normal(size=(90, 3)))
    novelty = fresh.random(90) * 2 * policy.novelty_threshold
    strange = fresh.random(40) * 4 * policy.novelty_threshold
    outcomes = apply_policy(policy, probabilities, novelty)
    scored = Scored(labels, probabilities, ("a", "b", "c"), None)
    found = evaluate_policy(policy, outcomes, scored, OodSet("elsewhere", strange))
    assert found.sets is not None and found.answers is not None and found.novelty is not None
    covered = outcomes.sets[np.arange(90), labels]
    assert found.sets.coverage == wilson(covered.sum(), 90)
    assert found.sets.size.value == outcomes.sets.sum(axis=1).mean()
    assert found.sets.per_class["b"] == wilson(covered[labels == 1].sum(), 30)
    above = probabilities.max(axis=1) >= policy.threshold.confidence
    right = probabilities.argmax(axis=1) == labels
    assert found.answers.answered == wilson(above.sum(), 90)
    assert found.answers.precision == wilson((above & right).sum(), above.sum())
    assert found.novelty.false_alarms == wilson((novelty > policy.novelty_threshold).sum(), 90)
    assert found.novelty.found == wilson((strange > policy.novelty_threshold).sum(), 40)
    assert (found.novelty.unfamiliar, found.novelty.count) == ("elsewhere", 40)
    plain = found.to_json()
    assert plain["sets"]["coverage"]["value"] == found.sets.coverage.value
    assert plain["novelty"]["auroc"]["low"] == found.novelty.auroc.low


def test_promises_that_were_not_kept_are_named() -> None:
    policy = calibrated(abstain=0.9)
    labels = np.arange(90) % 3
    probabilities = softmax(4 * np.eye(3)[(labels + 1) % 3])  # always wrong, and sure
    outcomes = apply_policy(policy, probabilities, np.full(90, 2 * policy.novelty_threshold))
    found = evaluate_policy(policy, outcomes, Scored(labels, probabilities, ("a", "b", "c"), None))
    assert broken_promises(found) == found.to_json()["broken"] == ["coverage", "precision", "false alarms"]
    assert policy_lines(found)[-1].startswith(
        "  Note: not kept here: coverage, precision, false alarms. The scored pictures are"
    )


def test_groups_widen_the_interval_of_a_share() -> None:
    hits = np.repeat(np.arange(20) < 15, 10)
    shares = np.ones((200, 1))
    alone = share(hits, Scored(np.zeros(200, dtype=np.int64), shares, ("a",), None))
    together = share(hits, Scored(np.zeros(200, dtype=np.int64), shares, ("a",), np.repeat(np.arange(20), 10)))
    assert together.method == "group bootstrap"
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert math.isnan(share(hits, Scored(np.zeros(200), shares, ("a",), None), np.zeros(200, dtype=bool)).value)


def test_a_policy_without_a_part_has_no_score_for_it() -> None:
    policy = calibrated(novelty="none")
    probabilities = softmax(SCORES)
    outcomes = apply_policy(policy, probabilities, np.full(COUNT, np.nan))
    found = evaluate_policy(policy, outcomes, Scored(LABELS, probabilities, ("a", "b", "c"), None))
    assert (found.answers, found.novelty) == (None, None)


def test_half_of_the_rows_that_are_encoded_again_may_be_held_out_ones() -> None:
    labels = np.repeat([0, 1], 100)
    rows = select_rows_to_encode(labels, np.arange(0, 200, 5), 50, seed=0)
    assert len(rows) == 50
    assert np.isin(rows, np.arange(0, 200, 5)).sum() == 25
    assert len(select_rows_to_encode(labels, np.arange(4), 1000, seed=0)) == 200
