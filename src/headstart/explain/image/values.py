"""What an explanation of a picture is: plain values that travel."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.encoders.preprocess.image import Box, Size
from headstart.explain.image.coordinates import Map, enlarge, place
from headstart.explain.image.faithfulness import Faithfulness
from headstart.explain.image.randomisation import Randomisation
from headstart.explain.values import Explanation
from headstart.runtime.catalogue import ENGLISH, Texts


@dataclass(frozen=True, slots=True)
class HeatChecks:
    """What was found out about a heat map."""

    faithfulness: Faithfulness
    randomisation: Randomisation

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [*self.faithfulness.lines(texts), *self.randomisation.lines(texts)]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImageExplanation(Explanation):
    """Why a model says what it says about one picture.

    Attributes
    ----------
    input_size
        Width and height of the network's input.
    picture_size, box
        Width and height of the upright picture, and where on it the input lies.
    """

    input_size: Size
    picture_size: Size
    box: Box
    checks: HeatChecks | None = None

    @property
    def heat(self) -> Map:
        """The heat in the coordinates of the network's input, shape (H, W), signed; it sums to what the grid does."""
        width, height = self.input_size
        return enlarge(self.found.grid, height, width)

    def heat_map(self, size: Size | None = None) -> Map:
        """Map the evidence for the class to the picture, scaled to 0 to 1: shape (height, width), float32.

        Not-a-number where the network did not see the picture; 0 everywhere when nothing speaks for the class.

        Parameters
        ----------
        size
            Width and height of the map, of the picture's shape; by default those of the picture.
        """
        across, down = (new / old for new, old in zip(size or self.picture_size, self.picture_size, strict=True))
        box = Box(self.box.left * across, self.box.top * down, self.box.right * across, self.box.bottom * down)
        return place(scaled(self.heat), box, size or self.picture_size)

    def to_json(self) -> dict[str, Any]:
        """Return plain data, without the pixels."""
        return {
            **Explanation.to_json(self),  # slots leave no super()
            "seen": asdict(self.box),
            "faithfulness": self.checks.faithfulness.to_json() if self.checks else None,
            "randomisation": self.checks.randomisation.to_json() if self.checks else None,
        }


def scaled(heat: Map) -> Map:
    """Clip to what is positive and divide by the largest value.

    Examples
    --------
    >>> scaled(np.array([-1.0, 1.0, 4.0], dtype=np.float32)).tolist()
    [0.0, 0.25, 1.0]
    """
    positive = np.maximum(heat, 0)
    largest = float(positive.max(initial=0.0))
    result: Map = (positive / largest if largest > 0 else positive).astype(np.float32)
    return result
