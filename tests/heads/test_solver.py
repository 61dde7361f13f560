"""The minimiser against closed forms and SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from headstart.heads.solver import minimise


@pytest.mark.parametrize("conditioning", [1.0, 1e4])
def test_a_quadratic_is_solved(conditioning):
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(30, 30)))[0]
    matrix = axes @ np.diag(np.geomspace(1, conditioning, 30)) @ axes.T
    right = random.normal(size=30)
    found = minimise(
        lambda x: (float(1e3 + 0.5 * x @ matrix @ x - right @ x), matrix @ x - right),
        np.zeros(30),
        np.diag(matrix),
        1e-18,
    )
    assert found.converged
    np.testing.assert_allclose(found.point, np.linalg.solve(matrix, right), atol=1e-5)


def test_a_perfect_preconditioner_takes_a_step():
    scales = np.geomspace(1, 1e6, 12)
    found = minimise(
        lambda x: (1.0 + 0.5 * float(scales @ (x - 1) ** 2), scales * (x - 1)), np.zeros(12), scales, 1e-12
    )
    assert found.iterations == 1


def test_it_agrees_with_scipy_where_the_line_search_must_work():
    start = np.array([-1.2, 1.0, 0.5])
    expected = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", tol=1e-12)
    found = minimise(lambda x: (float(rosen(x)), rosen_der(x)), start, np.ones(3), 1e-14)
    np.testing.assert_allclose(found.point, expected.x, atol=1e-3)


def test_running_out_of_iterations_is_reported():
    found = minimise(lambda x: (float(rosen(x)), rosen_der(x)), np.zeros(5), np.ones(5), 1e-14, iterations=3)
    assert not found.converged
    assert found.iterations == 3
