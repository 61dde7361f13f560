"""The nearest rows: the same as by sorting all cosines, whatever the blocks are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from headstart.features.nearest import nearest_rows
from headstart.features.neighbours import unit_rows


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_blocks_of_any_size_give_what_sorting_all_cosines_gives_with_ties_in_order(rows, block, count, seed, sparse):
    draw = np.random.default_rng(seed)
    matrix, queries = (unit_rows(draw.integers(-1, 2, (n, 3)).astype(np.float32)) for n in (rows, 4))
    form = csr_array if sparse else np.asarray
    blocks = [
        (np.arange(at, min(at + block, rows)), form(matrix[at : at + block])) for at in range(0, rows, block)
    ]  # integers make many equal cosines
    found = nearest_rows(blocks, form(queries), count)
    cosines = np.round(queries @ matrix.T, 6)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    assert found.places.tolist() == order.tolist()
    assert found.cosines.tolist() == np.take_along_axis(cosines, order, axis=1).tolist()


def test_positions_may_have_gaps_where_something_could_not_be_read():
    rows = np.eye(3, dtype=np.float32)
    found = nearest_rows([(np.array([0, 4]), rows[:2]), (np.array([9]), rows[2:])], rows[2:], 2)
    assert found.places.tolist() == [[9, 0]]
    assert found.cosines[0, 0] == pytest.approx(1.0)
