"""Cross-validation: what is held out stays out; and the choice among settings and heads."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from headstart.heads.class_scoring import ClassScorer
from headstart.heads.cv_scoring import CvScore, select_best
from headstart.heads.family import load_family
from headstart.heads.model_selection import Candidate, cross_validate, select_candidate
from headstart.heads.probabilities import Softmax, log_losses
from headstart.heads.training_set import TrainingSet
from headstart.runtime.findings import sentences
from headstart.settings.recipe import Recipe

AUTO = ("logistic", "ridge", "lda", "knn", "centroid")


def folds_of(count, number=4):
    turn = np.arange(count) % number
    return [SimpleNamespace(train=np.flatnonzero(turn != k), held_out=np.flatnonzero(turn == k)) for k in range(number)]


def scorer_of(training, groups=None, folds=None):
    return ClassScorer.of(
        training, np.arange(len(training)) if groups is None else groups, folds or folds_of(len(training))
    )


def validate(training, names, groups=None, workers=1):
    families = [load_family(name, Recipe(hidden=4)) for name in names]
    return cross_validate(families, training, folds_of(len(training)), scorer_of(training, groups), workers=workers)


def scorer_for(losses, groups=None):
    count = len(losses)
    weights = np.full(count, 1 / count)
    return ClassScorer(
        np.zeros(count, dtype=np.int64), weights, np.arange(count) if groups is None else groups, np.arange(count)
    )


def cv_score(losses, accuracy=0.5):
    return CvScore(Softmax(), float(np.mean(losses)), accuracy, np.asarray(losses, dtype=np.float64))


@pytest.fixture
def _few_passes(monkeypatch):
    """The network need not be good here."""
    monkeypatch.setattr("headstart.heads.mlp.PASSES", 5)


@pytest.mark.usefixtures("_few_passes")
@pytest.mark.parametrize("name", [*AUTO, "mlp"])
def test_scores_of_a_fold_come_from_a_head_that_never_saw_it(make, name):
    training = make(48, 6, 3)
    (candidate,) = validate(training, [name], groups=np.arange(48) // 2)
    fold = folds_of(48)[1]
    family = load_family(name, Recipe(hidden=4))
    part = training.take(fold.train)
    (expected,) = family.path_scores(part, training.features[fold.held_out], (candidate.setting,))
    np.testing.assert_allclose(candidate.scores[fold.held_out].argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(candidate.scores[fold.held_out], expected, rtol=0.05, atol=0.05)


def test_the_setting_has_the_smallest_log_loss_after_temperature_scaling(make):
    training = make(80, 10, 3)
    (candidate,) = validate(training, ["ridge"], groups=np.arange(80) // 2)
    family, scorer = load_family("ridge", Recipe()), scorer_of(training)
    losses = {}
    for setting in family.grid:
        scores = np.zeros((80, 3))
        for fold in folds_of(80):
            part = training.take(fold.train)
            scores[fold.held_out] = family.fit(part, setting).scores(training.features[fold.held_out])
        losses[setting] = scorer.evaluate(scores).loss
    assert candidate.setting == min(losses, key=losses.get)
    assert candidate.cv_score.loss == pytest.approx(min(losses.values()), rel=1e-4)


def test_ridge_chooses_by_leave_one_out_where_examples_are_independent(make):
    training = make(60, 30, 3)
    (candidate,) = validate(training, ["ridge"])
    family, scorer = load_family("ridge", Recipe()), scorer_of(training)
    losses = [scorer.evaluate(scores).loss for scores in family.leave_one_out(training)]
    assert candidate.setting == family.grid[int(np.argmin(losses))]


def test_of_equal_settings_the_more_regularised_is_taken():
    assert select_best([cv_score([0.5]), cv_score([0.3]), cv_score([0.3 - 1e-9])]) == 1


def test_the_number_of_workers_changes_nothing(make):
    training = make(60, 20, 3)
    for one, other in zip(validate(training, AUTO, workers=1), validate(training, AUTO, workers=3), strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)
        assert one.cv_score.loss == other.cv_score.loss


@pytest.mark.parametrize(("names", "there"), [(["logistic"], True), (["lda", "knn"], True), (["knn", "lda"], False)])
def test_the_axes_of_all_examples_are_there_for_the_fit_that_is_likely_to_follow(make, names, there):
    training = make(48, 6, 3)
    validate(training, names, groups=np.arange(48) // 2, workers=2)
    assert ("rotation" in vars(training)) == there


def test_progress_is_told_fold_by_fold(make):
    training, told = make(40, 5, 2), []
    cross_validate(
        [load_family("centroid", Recipe())],
        training,
        folds_of(40),
        scorer_of(training),
        progress=lambda *state: told.append(state),
    )
    assert told == [("cross-validation", done, 4) for done in (1, 2, 3, 4)]


def test_the_score_of_a_candidate_is_that_of_its_held_out_scores(make):
    training = make(60, 8, 3)
    (candidate,) = validate(training, ["lda"])
    found = candidate.cv_score
    assert found.metric == pytest.approx((candidate.scores.argmax(axis=1) == training.labels).mean())
    assert found.loss == pytest.approx(log_losses(candidate.scores, training.labels, found.decoding.temperature).mean())


def test_with_balance_accuracy_is_balanced_accuracy(make):
    training = make(80, 8, 3, balance=True)
    (candidate,) = validate(training, ["lda"])
    expected = balanced_accuracy_score(training.labels, candidate.scores.argmax(axis=1))
    assert candidate.cv_score.metric == pytest.approx(expected)


@pytest.mark.parametrize("name", ["logistic", "ridge", "lda", "knn", "mlp"])
def test_balance_raises_the_recall_of_a_small_class(name):
    random = np.random.default_rng(0)
    labels = np.array([0] * 190 + [1] * 30, dtype=np.int64)
    features = (random.normal(size=(220, 4)) + 1.2 * labels[:, None] * [1, 0, 0, 0]).astype(np.float32)
    order = random.permutation(220)
    features, labels = features[order], labels[order]
    recalls = []
    for balance in (False, True):
        (candidate,) = validate(TrainingSet(features, labels, 2, balance), [name])
        recalls.append((candidate.scores.argmax(axis=1)[labels == 1] == 1).mean())
    assert recalls[1] > recalls[0] + 0.2


@pytest.mark.parametrize("name", AUTO)
def test_a_class_with_one_example_is_a_mistake_but_does_not_spoil_the_rest(make, name):
    training = make(40, 6, 2, apart=3.0)
    lonely = TrainingSet(
        np.vstack([training.features, training.features[:1] + 9]), np.append(training.labels, 2), class_count=3
    )
    (with_it,), (without,) = validate(lonely, [name]), validate(training, [name])
    assert scorer_of(lonely).scorable.tolist() == list(range(40))
    assert with_it.cv_score.metric <= 40 / 41
    assert with_it.cv_score.loss < without.cv_score.loss + 0.25


class Ladder:
    """A family whose scores get better, or worse, from one value of its grid to the next."""

    name, head = "ladder", None
    grid = (3.0, 2.0, 1.0)

    def __init__(self, certainties):
        self.certainties = certainties

    def path_scores(self, training, features, grid):
        for certainty in self.certainties:
            right = np.arange(len(features)) % 10 < 10 * certainty  # the features are the labels
            yield np.where(right, 1, -1)[:, None] * (2 * np.eye(2)[features[:, 0].astype(int)] - 1)


@pytest.mark.parametrize(
    ("certainties", "notices"),
    [
        ((0.6, 0.9, 0.6), ()),
        ((0.6, 0.9, 0.9), ()),
        (
            (0.6, 0.7, 0.9),
            (
                "The best setting of the head 'ladder' is the weakest that was tried (1): a value beyond it might do "
                "better still.",
            ),
        ),
        (
            (0.9, 0.7, 0.6),
            (
                "The best setting of the head 'ladder' is the strongest that was tried (3): a value beyond it might do "
                "better still.",
            ),
        ),
    ],
)
def test_the_edge_of_the_grid_is_reported_when_it_is_clearly_better(certainties, notices):
    labels = np.arange(400) % 2
    training = TrainingSet(labels[:, None].astype(np.float32), labels, 2)
    (candidate,) = cross_validate([Ladder(certainties)], training, folds_of(400), scorer_of(training))
    assert tuple(sentences(candidate.notices)) == notices


def test_a_small_gain_is_not_clear_but_a_steady_one_is():
    random = np.random.default_rng(0)
    base = random.uniform(0.2, 1, 100)
    scorer = scorer_for(base)
    assert not scorer.clearly_better(cv_score(base - 0.01 + random.normal(size=100)), cv_score(base))
    assert scorer.clearly_better(cv_score(base - 0.01 + 0.01 * random.normal(size=100)), cv_score(base))
    assert not scorer.clearly_better(cv_score(base), cv_score(base))


def test_the_standard_error_is_that_of_a_paired_difference():
    random = np.random.default_rng(1)
    gains = random.normal(size=200)
    for shift, clear in ((1.9, False), (2.1, True)):
        shifted = gains - gains.mean() + shift * gains.std() / np.sqrt(200)
        assert scorer_for(gains).clearly_better(cv_score(np.full(200, 9) - shifted), cv_score(np.full(200, 9))) is clear


def test_examples_of_one_group_do_not_count_as_many():
    random = np.random.default_rng(0)
    gains = np.repeat(random.normal(size=20), 10)
    gains += 0.3 - gains.mean()
    groups = np.repeat(np.arange(20), 10)
    worse, better = cv_score(np.full(200, 9.0)), cv_score(9 - gains)
    assert scorer_for(gains).clearly_better(better, worse)
    assert not scorer_for(gains, groups).clearly_better(better, worse)


def candidate_of(name, losses, accuracy):
    return Candidate(name, 1.0, np.zeros((len(losses), 2), dtype=np.float32), cv_score(losses, accuracy))


@pytest.mark.parametrize(
    ("gain", "accuracy", "chosen"),
    [(0.0, 0.9, "first"), (0.1, 0.95, "second"), (0.1, 0.89, "first"), (-0.1, 0.99, "first")],
)
def test_a_later_head_must_be_clearly_better_and_no_less_accurate(gain, accuracy, chosen):
    losses = np.random.default_rng(0).uniform(0.3, 0.5, 50)
    candidates = [candidate_of("first", losses, 0.9), candidate_of("second", losses - gain, accuracy)]
    assert select_candidate(candidates, scorer_for(losses)).name == chosen


def test_auto_finds_the_head_that_fits_the_data():
    """Rings around the origin in angle: only neighbours can follow them."""
    random = np.random.default_rng(0)
    angles = random.uniform(0, 2 * np.pi, 300)
    labels = (angles // (np.pi / 4) % 2).astype(np.int64)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    training = TrainingSet(features, labels, 2)
    assert select_candidate(validate(training, AUTO), scorer_of(training)).name == "knn"


def test_auto_keeps_logistic_regression_where_nothing_is_clearly_better(make):
    features = make(60, 10, 3).features
    training = TrainingSet(features, np.random.default_rng(5).integers(0, 3, 60), 3)
    assert select_candidate(validate(training, AUTO), scorer_of(training)).name == "logistic"
