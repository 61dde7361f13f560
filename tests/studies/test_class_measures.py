"""What features alone say about classes, beside the formulas computed another way."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from headstart.metrics.classification.transferability import h_score
from headstart.studies.class_measures import measure_classes


@pytest.mark.parametrize(("count", "width"), [(60, 400), (200, 6), (30, 2), (30, 1)])
def test_the_h_score_is_shrunk_as_much_as_scikit_learn_would(count, width):
    random = np.random.default_rng(count)
    labels = np.arange(count) % 3
    features = (random.normal(size=(count, width)) + labels[:, None]).astype(np.float32)
    shrinkage = float(ledoit_wolf(features.astype(np.float64))[1])
    found = measure_classes(features, labels, np.arange(count))["h_score"]
    assert found == pytest.approx(h_score(features, labels, shrinkage), rel=1e-6)
