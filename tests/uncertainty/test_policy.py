"""A guard: calibrated on held-out pictures, asked for other promises, scored on pictures it has not seen."""

import math
from dataclasses import replace

import numpy as np
import pytest

from headstart.heads.probabilities import Softmax, softmax
from headstart.metrics.intervals import wilson
from headstart.probing.prediction import predictions_from
from headstart.reporting.summary import guard_lines
from headstart.settings.recipe import Recipe
from headstart.uncertainty.calibrate import HeldOutScores, ReferenceRows, calibrate_guard, rows_to_encode
from headstart.uncertainty.conformal import gather, true_scores
from headstart.uncertainty.evaluate import OodSet, Scored, broken_promises, score_guard, share
from headstart.uncertainty.ood import energy, fit_shape, mahalanobis, neighbour_distances, surround
from headstart.uncertainty.policy import AnswerPolicy, PolicySettings, advise, ask, judge, measure_novelty

COUNT, DIMENSION = 240, 6
RANDOM = np.random.default_rng(0)
LABELS = np.arange(COUNT) % 3
FEATURES = (RANDOM.normal(size=(COUNT, DIMENSION)) + 4 * np.eye(3, DIMENSION)[LABELS]).astype(np.float32)
SCORES = (FEATURES[:, :3] + RANDOM.normal(size=(COUNT, 3))).astype(np.float32)
EVERYONE = np.arange(COUNT)
HELD = HeldOutScores(SCORES, Softmax(), LABELS, EVERYONE)
KNOWN = ReferenceRows(FEATURES, LABELS, EVERYONE, EVERYONE)


def calibrated(held: HeldOutScores | None = HELD, known: ReferenceRows = KNOWN, **settings: object) -> AnswerPolicy:
    return calibrate_guard(Recipe(**settings), held, known, grouped=False)


def test_held_out_scores_become_quantile_threshold_and_limit() -> None:
    guard = calibrated(abstain=0.9, coverage=0.8, false_alarms=0.1)
    probabilities = softmax(SCORES)
    assert guard.quantile == gather(true_scores(probabilities, LABELS, "lac")).quantile(0.8)
    distances = neighbour_distances(FEATURES, surround(FEATURES), EVERYONE, EVERYONE)
    assert guard.strange_from == np.sort(distances)[math.ceil(241 * 0.9) - 1]
    assert guard.threshold is not None and guard.threshold.reached and guard.threshold.bound >= 0.9


def test_groups_reach_every_part() -> None:
    groups = EVERYONE // 4
    guard = calibrated(
        HeldOutScores(SCORES, Softmax(), LABELS, groups), ReferenceRows(FEATURES, LABELS, groups, EVERYONE)
    )
    assert guard.sets is not None and guard.answers is not None and guard.strangeness is not None
    assert (guard.sets.groups, guard.strangeness.groups, len(np.unique(guard.answers.groups))) == (60, 60, 60)


@pytest.mark.parametrize("novelty", ["neighbours", "energy", "mahalanobis"])
def test_every_novelty_raises_the_promised_share_of_false_alarms_and_finds_strange_pictures(novelty: str) -> None:
    guard = calibrated(novelty=novelty)
    fresh = np.random.default_rng(1)
    labels = np.arange(2000) % 3
    features = (fresh.normal(size=(2000, DIMENSION)) + 4 * np.eye(3, DIMENSION)[labels]).astype(np.float32)
    scores = (features[:, :3] + fresh.normal(size=(2000, 3))).astype(np.float32)
    alarms = measure_novelty(guard, features, scores, Softmax(), surround(FEATURES)) > guard.strange_from
    assert alarms.mean() == pytest.approx(0.05, abs=0.045)
    far = -features
    far_scores = np.zeros((2000, 3), dtype=np.float32)
    assert (
        measure_novelty(guard, far, far_scores, Softmax(), surround(FEATURES)) > guard.strange_from
    ).mean() > 3 * alarms.mean()


def test_energy_and_mahalanobis_are_measured_on_what_was_held_out() -> None:
    by_energy = calibrated(novelty="energy").strangeness
    assert by_energy is not None
    np.testing.assert_allclose(by_energy.values, np.sort(energy(SCORES, 1.0)))
    guard = calibrated(novelty="mahalanobis")
    assert guard.shape is not None and guard.strangeness is not None
    inside = mahalanobis(FEATURES, fit_shape(FEATURES, LABELS))
    assert guard.strangeness.values.mean() > inside.mean()  # a shape fits better what it was fitted to


def test_after_fine_tuning_only_the_validation_part_stands_for_new_pictures() -> None:
    held = np.arange(0, COUNT, 4)
    guard = calibrated(known=ReferenceRows(FEATURES, LABELS, EVERYONE, held))
    assert guard.strangeness is not None and guard.strangeness.groups == len(held)
    moved = FEATURES.copy()
    others = np.setdiff1d(EVERYONE, held)
    shaped = calibrated(known=ReferenceRows(moved, LABELS, EVERYONE, held), novelty="mahalanobis").shape
    assert shaped is not None
    np.testing.assert_array_equal(shaped.whitening, fit_shape(moved[others], LABELS[others]).whitening)


def test_too_few_held_out_pictures_promise_nothing() -> None:
    guard = calibrated(None, ReferenceRows(FEATURES[:5], LABELS[:5], EVERYONE[:5], EVERYONE[:5]), abstain=0.9)
    assert (guard.sets, guard.strangeness, guard.novelty) == (None, None, "none")
    assert guard.threshold is not None and not guard.threshold.reached
    found = judge(guard, np.array([[0.9, 0.1]]), np.array([np.nan]))
    assert found.sets.all() and found.unsure.all() and not found.unfamiliar.any()


def test_asking_for_something_else_gives_the_guard_of_another_fit() -> None:
    asked = ask(calibrated(), PolicySettings(coverage=0.7, abstain=0.8, false_alarms=0.2))
    fitted = calibrated(coverage=0.7, abstain=0.8, false_alarms=0.2)
    assert (asked.quantile, asked.strange_from, asked.threshold) == (
        fitted.quantile,
        fitted.strange_from,
        fitted.threshold,
    )
    assert ask(asked, PolicySettings()).threshold is None


# --- what is said about a picture


def guard_of_ten(**asked: object) -> AnswerPolicy:
    grid = gather(np.arange(1, 20) / 20)
    guard = AnswerPolicy("lac", "neighbours", PolicySettings(coverage=0.8), grid, None, None, grid)
    return replace(guard, asked=replace(guard.asked, **asked))


def advised(guard: AnswerPolicy, probabilities: list[float], novelty: float = 0.1):
    row, classes = np.array([probabilities]), ("ant", "bee", "cat")
    verdicts = judge(guard, row, np.array([novelty]))
    return advise(guard, verdicts, predictions_from(["a.jpg"], row, classes, top=2), classes)[0]


def test_a_prediction_gets_its_set_likeliest_first() -> None:
    found = advised(guard_of_ten(), [0.28, 0.4, 0.32])
    assert found.prediction_set == ("bee", "cat", "ant")
    assert (found.abstained, found.unfamiliar, found.reason) == (False, False, "")
    assert (found.novelty, found.familiarity) == (0.1, pytest.approx(19 / 20))


def test_a_strange_picture_is_flagged_and_refused_when_asked() -> None:
    flagged = advised(guard_of_ten(), [0.1, 0.8, 0.1], novelty=0.99)
    assert (flagged.unfamiliar, flagged.abstained, flagged.reason) == (True, False, "")
    refused = advised(guard_of_ten(reject_unlike=True), [0.1, 0.8, 0.1], novelty=0.99)
    assert (refused.unfamiliar, refused.abstained) == (True, True)
    assert refused.reason == "The picture is unlike the training pictures."


def test_an_unsure_answer_is_not_given_and_says_why() -> None:
    guard = calibrated(abstain=0.9)
    assert guard.threshold is not None
    limit = guard.threshold.confidence
    found = advised(guard, [limit - 0.01, 1.01 - limit, 0.0] if limit > 0.51 else [0.34, 0.33, 0.33])
    assert found.abstained
    assert found.reason == (f"Not sure enough: {found.probability:.3f} is below {limit:.3f}, for a precision of 0.9.")
    out_of_reach = advised(calibrated(abstain=0.999), [1.0, 0.0, 0.0])
    assert out_of_reach.reason == "The precision of 0.999 cannot be promised for any answer."


# --- what it is worth


def test_the_scores_of_a_guard_are_counts_of_what_it_said() -> None:
    guard = calibrated(abstain=0.9)
    fresh = np.random.default_rng(5)
    labels = np.arange(90) % 3
    probabilities = softmax(2 * np.eye(3)[labels] + fresh.normal(size=(90, 3)))
    novelty = fresh.random(90) * 2 * guard.strange_from
    strange = fresh.random(40) * 4 * guard.strange_from
    verdicts = judge(guard, probabilities, novelty)
    scored = Scored(labels, probabilities, ("a", "b", "c"), None)
    found = score_guard(guard, verdicts, scored, OodSet("elsewhere", strange))
    assert found.sets is not None and found.answers is not None and found.novelty is not None
    covered = verdicts.sets[np.arange(90), labels]
    assert found.sets.coverage == wilson(covered.sum(), 90)
    assert found.sets.size.value == verdicts.sets.sum(axis=1).mean()
    assert found.sets.per_class["b"] == wilson(covered[labels == 1].sum(), 30)
    above = probabilities.max(axis=1) >= guard.threshold.confidence
    right = probabilities.argmax(axis=1) == labels
    assert found.answers.answered == wilson(above.sum(), 90)
    assert found.answers.precision == wilson((above & right).sum(), above.sum())
    assert found.novelty.false_alarms == wilson((novelty > guard.strange_from).sum(), 90)
    assert found.novelty.found == wilson((strange > guard.strange_from).sum(), 40)
    assert (found.novelty.unfamiliar, found.novelty.count) == ("elsewhere", 40)
    plain = found.to_json()
    assert plain["sets"]["coverage"]["value"] == found.sets.coverage.value
    assert plain["novelty"]["auroc"]["low"] == found.novelty.auroc.low


def test_promises_that_were_not_kept_are_named() -> None:
    guard = calibrated(abstain=0.9)
    labels = np.arange(90) % 3
    probabilities = softmax(4 * np.eye(3)[(labels + 1) % 3])  # always wrong, and sure
    verdicts = judge(guard, probabilities, np.full(90, 2 * guard.strange_from))
    found = score_guard(guard, verdicts, Scored(labels, probabilities, ("a", "b", "c"), None))
    assert broken_promises(found) == found.to_json()["broken"] == ["coverage", "precision", "false alarms"]
    assert guard_lines(found)[-1].startswith(
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


def test_a_guard_without_a_part_has_no_score_for_it() -> None:
    guard = calibrated(novelty="none")
    probabilities = softmax(SCORES)
    verdicts = judge(guard, probabilities, np.full(COUNT, np.nan))
    found = score_guard(guard, verdicts, Scored(LABELS, probabilities, ("a", "b", "c"), None))
    assert (found.answers, found.novelty) == (None, None)


def test_half_of_the_rows_that_are_encoded_again_may_be_held_out_ones() -> None:
    labels = np.repeat([0, 1], 100)
    rows = rows_to_encode(labels, np.arange(0, 200, 5), 50, seed=0)
    assert len(rows) == 50
    assert np.isin(rows, np.arange(0, 200, 5)).sum() == 25
    assert len(rows_to_encode(labels, np.arange(4), 1000, seed=0)) == 200
