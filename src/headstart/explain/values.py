"""What an explanation is: plain values that travel."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.encoders.preprocess.image import Box, Size
from headstart.explain.coordinates import Map, enlarge, place
from headstart.explain.faithfulness import Faithfulness
from headstart.explain.neighbours import Neighbour
from headstart.explain.randomisation import Randomisation
from headstart.probing.prediction import Prediction
from headstart.registry import resolve
from headstart.runtime.catalogue import ENGLISH, Texts


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What a method found, before it is laid onto a picture.

    Attributes
    ----------
    method
        How it was found: a name of the table ``explainers`` of the registry.
    grid
        Shape (h, w): evidence for the class at each place, positive for and negative against it.
    exact
        Whether the sum of the grid is the score, by construction and by measurement.
    layer
        Where in the network it was taken, or "".
    """

    method: str
    grid: Map
    exact: bool
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found out about a heat map."""

    faithfulness: Faithfulness
    randomisation: Randomisation

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [*self.faithfulness.lines(texts), *self.randomisation.lines(texts)]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a model says what it says about one picture.

    Attributes
    ----------
    prediction
        What the model says.
    target
        The class that is explained.
    found
        The heat as the method gives it, and which method that was.
    logit
        Score of the target before temperature and softmax; an exact heat sums to it.
    input_size
        Width and height of the network's input.
    picture_size, box
        Width and height of the upright picture, and where on it the input lies.
    neighbours
        The nearest training examples, nearest first; empty when the model keeps none.
    checks
        What tests of the heat found; None when there were none.
    """

    prediction: Prediction
    target: str
    found: Attribution
    logit: float
    input_size: Size
    picture_size: Size
    box: Box
    neighbours: tuple[Neighbour, ...] = ()
    checks: Checks | None = None

    @property
    def method(self) -> str:
        """How the heat was found."""
        return self.found.method

    @property
    def heat(self) -> Map:
        """The heat in the coordinates of the network's input, shape (H, W), signed; it sums to what the grid does."""
        width, height = self.input_size
        return enlarge(self.found.grid, height, width)

    def heat_map(self, size: Size | None = None) -> Map:
        """Lay the evidence for the class onto the picture, scaled to 0 to 1: shape (height, width), float32.

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
        """Plain data, without the pixels."""
        return {
            **self.prediction.to_json(),
            "target": self.target,
            "logit": self.logit,
            "method": self.method,
            "exact": self.found.exact,
            "layer": self.found.layer,
            "seen": asdict(self.box),
            "neighbours": [neighbour.to_json() for neighbour in self.neighbours],
            "faithfulness": self.checks.faithfulness.to_json() if self.checks else None,
            "randomisation": self.checks.randomisation.to_json() if self.checks else None,
        }


def title_of(method: str) -> str:
    """Return what people call a method.

    Examples
    --------
    >>> title_of("gradcam++")
    'Grad-CAM++'
    """
    title: str = resolve("explainers", method).title
    return title


def scaled(heat: Map) -> Map:
    """Keep what is positive and divide by the largest value.

    Examples
    --------
    >>> scaled(np.array([-1.0, 1.0, 4.0], dtype=np.float32)).tolist()
    [0.0, 0.25, 1.0]
    """
    positive = np.maximum(heat, 0)
    largest = float(positive.max(initial=0.0))
    result: Map = (positive / largest if largest > 0 else positive).astype(np.float32)
    return result
