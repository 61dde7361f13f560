"""What cross-validation promised is held against what it spoke of: the probe, moved weights or not."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.metrics.classification.metrics import METRICS
from headstart.metrics.comparison import compare_with_baselines
from headstart.metrics.values import ScoredPart
from headstart.reporting.report import promise_findings

LABELS = np.tile([0, 1], 20)
RIGHT = np.eye(2)[LABELS] * 0.8 + 0.1
WRONG = RIGHT[:, ::-1]
CHOSEN = SimpleNamespace(name="ridge", cv_score=SimpleNamespace(metric=0.97))


@pytest.mark.parametrize(
    ("model", "probe", "broken"),
    [(RIGHT, None, False), (WRONG, None, True), (WRONG, RIGHT, False), (RIGHT, WRONG, True)],
)
def test_the_run_says_so_when_the_probe_scores_less_than_cross_validation_promised(model, probe, broken):
    part = ScoredPart(LABELS, ("ant", "bee"), None, np.zeros(40, dtype=np.bool_))
    board = compare_with_baselines(METRICS, part, model, {"probe": probe}, resamples=50)
    found = promise_findings(SimpleNamespace(name="ridge", candidates=[CHOSEN]), board, "accuracy")
    assert bool(found) is broken
    assert all(str(one).startswith("Note: cross-validation inside the fitted part gave 0.970.") for one in found)
