"""How good a search is: on which place the right answer to each query stands."""

import numpy as np

from headstart.arrays import Integers
from headstart.metrics.intervals import resampled_means, spread_interval, wilson
from headstart.metrics.values import Score

PLACES = (1, 5, 10)  # up to which answers are counted


def score_ranks(ranks: Integers, resamples: int = 1000, seed: int = 0) -> dict[str, Score]:
    """Compute recall at 1, 5 and 10, and the mean reciprocal rank, over N queries.

    Parameters
    ----------
    ranks
        Place of the first right answer to each query, from 1, shape (N,); 0 where there is none.
    resamples, seed
        Of the bootstrap over queries for the mean reciprocal rank; recall has Wilson's interval.

    Examples
    --------
    >>> found = score_ranks(np.array([1, 2, 0, 10]))
    >>> {name: round(score.value, 3) for name, score in found.items()}
    {'recall@1': 0.25, 'recall@5': 0.5, 'recall@10': 0.75, 'mrr': 0.4}
    """
    count = len(ranks)
    found = {f"recall@{place}": wilson(int(((ranks > 0) & (ranks <= place)).sum()), count) for place in PLACES}
    credits = np.divide(1.0, ranks, out=np.zeros(count), where=ranks > 0)
    draws = resampled_means(credits, np.ones(count), count, resamples, seed)
    return found | {"mrr": spread_interval(float(credits.mean()), draws, count, count, "bootstrap")}
