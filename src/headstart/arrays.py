"""The arrays that functions take and return, by what stands in them; their shapes are said where they are used."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]  # what networks take and give
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
