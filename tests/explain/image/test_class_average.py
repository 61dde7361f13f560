"""Average maps: a planted mark is found and an honest class is left in peace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from headstart.explain.image.class_average import UNIFORM_BORDER, AverageAccumulator, average_maps, lower_bound

PIXELS = np.zeros((3, 42, 42), dtype=np.float32)


def spots(count: int, middle: tuple[float, float], spread: float, seed: int = 0) -> list[np.ndarray]:
    """Heat maps with a spot about some place, from -1 to 1 in both directions."""
    generator = np.random.default_rng(seed)
    rows, columns = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 7), indexing="ij")
    places = np.array(middle) + generator.normal(scale=spread, size=(count, 2))
    return [np.exp(-4 * ((rows - y) ** 2 + (columns - x) ** 2)).astype(np.float32) for y, x in places]


def average(maps: list[np.ndarray], label: str = "ant"):
    (found,) = average_maps(((0, one, PIXELS) for one in maps), (label,))
    return found


def test_a_mark_in_a_corner_is_warned_of_with_its_numbers():
    found = average(spots(12, (-0.8, 0.8), 0.1))
    assert found.zone == "upper right"
    assert str(found.warning).startswith(
        f"ant: {found.zone_share.value:.0%} of the heat lies in the upper right ninth of the picture, "
        f"{found.zone_share.ratio:.1f} times a uniform map (at least "
    )
    assert found.zone_share.ratio > 4 and found.border.ratio > 1


def test_a_frame_is_warned_of_because_the_middle_does_not_count():
    frame = np.ones((7, 7), dtype=np.float32)
    frame[2:5, 2:5] = 0.0
    found = average([frame + 0.02 * np.random.default_rng(n).random((7, 7), dtype=np.float32) for n in range(8)])
    assert str(found.warning).startswith("ant: only ") and "of the heat lies in the middle ninth" in str(found.warning)
    assert found.border.ratio > 1.2


@pytest.mark.parametrize("spread", [0.2, 0.4])
def test_objects_about_the_middle_are_left_in_peace(spread):
    assert average(spots(30, (0, 0), spread)).warning is None


def test_a_uniform_map_has_the_shares_of_the_area():
    found = average([np.ones((7, 7), dtype=np.float32)] * 6)
    assert found.border.value == pytest.approx(UNIFORM_BORDER, abs=1e-6)
    assert found.middle.ratio == pytest.approx(1, abs=1e-5) and found.zone_share.ratio == pytest.approx(1, abs=1e-5)
    assert found.warning is None


def test_four_pictures_are_too_few_for_a_warning():
    assert average(spots(4, (-0.8, 0.8), 0.0)).warning is None
    assert average(spots(5, (-0.8, 0.8), 0.01)).warning is not None


def test_pictures_without_evidence_are_counted_apart():
    gathering = AverageAccumulator()
    gathering.add(-np.ones((7, 7), dtype=np.float32), PIXELS)
    assert gathering.average("ant", 1) is None
    gathering.add(np.ones((7, 7), dtype=np.float32), PIXELS)
    found = gathering.average("ant", 1)
    assert (found.count, found.empty) == (1, 1)
    assert found.to_json()["border"]["low"] is None


def test_every_picture_counts_alike_however_hot_it_is():
    one, other = spots(1, (-0.8, -0.8), 0)[0], spots(1, (0.8, 0.8), 0)[0]
    heat = average([one, 1000 * other]).heat
    np.testing.assert_allclose(heat, heat[::-1, ::-1], atol=1e-5)
    assert heat.sum() == pytest.approx(1, abs=1e-5)


# Thousandths: SciPy takes the bound off the mean again, and where numbers differ by their last bits nothing is left.
@given(st.lists(st.integers(-3000, 3000), min_size=5, max_size=30, unique=True), st.floats(-1, 1))
@settings(max_examples=40, deadline=None)
def test_the_lower_bound_is_where_the_t_test_of_scipy_turns(thousandths, shift):
    sample = np.array(thousandths) / 1000 + shift
    bound = lower_bound(sample, 0.05)
    assert ttest_1samp(sample, bound, alternative="greater").pvalue == pytest.approx(0.05, abs=1e-6)
