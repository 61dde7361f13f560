"""A fitted model whose maps are pooled, and a photograph."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

import headstart as hs
from headstart.encoders.onnx_engine import OnnxEncoder


@pytest.fixture(scope="session")
def cat() -> Image.Image:
    """A photograph of a cat, 451 x 300."""
    return Image.fromarray(skimage.data.cat())


@pytest.fixture(scope="session")
def fitted(flowers, lite0, session_cache) -> hs.Model:
    """The default encoder with a linear head."""
    return hs.fit(flowers, head="ridge", cache=session_cache)


@pytest.fixture(scope="session")
def cat_pixels(lite0: OnnxEncoder, cat: Image.Image) -> np.ndarray:
    """The cat as the default encoder's input."""
    return lite0.preprocess(cat)
