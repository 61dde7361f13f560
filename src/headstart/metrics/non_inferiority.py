"""Is one classifier as good as another, on the same examples? How sure one may be that it is not worse by a margin."""

import math

from headstart.arrays import Booleans

Right = Booleans


def non_inferiority_confidence(reference: Right, other: Right, margin: float) -> float:
    """Compute the confidence that ``other``'s accuracy is less than ``margin`` below ``reference``'s.

    One minus the one-sided p-value of Tango's score test for paired proportions (Statistics in Medicine 17, 1998):
    the difference is compared with its spread if the accuracy *were* lower by exactly the margin. Unlike a test that
    takes the spread from the sample, it is not certain when no answer differs: 60 equal answers say little.

    Parameters
    ----------
    reference, other
        Whether each example was answered rightly, shape (N,), N > 0.
    margin
        Above 0, below 1.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.ones(60, dtype=np.bool_)
    >>> round(non_inferiority_confidence(right, right, 0.01), 3)
    0.782
    """
    count = len(reference)
    gained, lost = int((other & ~reference).sum()), int((reference & ~other).sum())
    # The likeliest share of "only the reference is right" if that of "only the other" were smaller by the margin.
    linear = gained + lost + margin * (2 * count - gained + lost)
    constant = -lost * margin * (1 + margin)
    share = (linear + math.sqrt(max(0.0, linear**2 + 8 * count * constant))) / (4 * count)
    spread = math.sqrt(count * (2 * share - margin * (1 + margin)))
    return 0.5 * math.erfc(-(gained - lost + count * margin) / spread / math.sqrt(2))
