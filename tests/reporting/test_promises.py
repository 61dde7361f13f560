"""What cross-validation promised is held against what it spoke of: the probe, moved weights or not."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.metrics.values import ScoredPart
from headstart.reporting.report import _promise_lines
from headstart.uncertainty.comparison import make_scoreboard

LABELS = np.tile([0, 1], 20)
RIGHT = np.eye(2)[LABELS] * 0.8 + 0.1
WRONG = RIGHT[:, ::-1]
CHOSEN = SimpleNamespace(name="ridge", verdict=SimpleNamespace(accuracy=0.97))


@pytest.mark.parametrize(
    ("model", "probe", "broken"),
    [(RIGHT, None, False), (WRONG, None, True), (WRONG, RIGHT, False), (RIGHT, WRONG, True)],
)
def test_the_run_says_so_when_the_probe_scores_less_than_cross_validation_promised(model, probe, broken):
    part = ScoredPart(LABELS, ("ant", "bee"), None, np.zeros(40, dtype=np.bool_))
    board = make_scoreboard(part, model, None, [20, 20], resamples=50, probe=probe)
    lines = _promise_lines(SimpleNamespace(name="ridge", candidates=[CHOSEN]), board, balanced=False)
    assert bool(lines) is broken
    assert all(line.startswith("Note: cross-validation inside the fitted part gave 0.970.") for line in lines)
