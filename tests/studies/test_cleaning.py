"""What leaving suspect examples out changes, beside a calculation by hand."""

import numpy as np
import pytest

from headstart.metrics.intervals import wilson
from headstart.studies.cleaning import Cleaning, fit_without
from planted import noisy_digits


def test_cleaning_answers_the_same_held_out_examples_with_and_without_the_suspects():
    features, labels, wrong, recipe, held = noisy_digits()
    suspect = np.isin(np.arange(800), wrong)
    found = fit_without(features, labels, np.arange(800), suspect, held, recipe)
    clean = ~suspect
    assert found.after[clean].mean() >= found.before[clean].mean() > 0.85
    nothing = fit_without(features, labels, np.arange(800), np.zeros(800, bool), held, recipe)
    assert (nothing.before == nothing.after).all()


@pytest.mark.parametrize(
    ("left_out", "low", "high", "sentence"),
    [
        (0, 0.0, 0.0, "Nothing was suspect enough to be left out."),
        (
            9,
            -0.01,
            0.02,
            "Leaving the 9 suspect pictures out changes nothing that could be seen: +0.5 points [-1.0, +2.0].",
        ),
        (
            1,
            -0.01,
            0.02,
            "Leaving the one suspect picture out changes nothing that could be seen: +0.5 points [-1.0, +2.0].",
        ),
        (9, 0.001, 0.02, "Leaving the 9 suspect pictures out helps: +0.5 points [+0.1, +2.0]."),
    ],
)
def test_the_verdict_says_plainly_whether_cleaning_changes_anything(left_out, low, high, sentence):
    cleaning = Cleaning(left_out, 100, wilson(90, 100), wilson(90, 100), 0.005, low, high)
    assert str(cleaning.verdict) == sentence
