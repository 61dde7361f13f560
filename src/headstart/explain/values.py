"""What an explanation is: plain values that travel."""

from dataclasses import dataclass
from typing import Any, Protocol

from headstart.arrays import Singles
from headstart.explain.neighbours import Neighbour
from headstart.probing.class_prediction import Prediction
from headstart.registry import resolve
from headstart.runtime.catalogue import ENGLISH, Texts


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What a method found, before it is laid onto an example.

    Attributes
    ----------
    method
        How it was found: a name of the table ``explainers`` of the registry.
    grid
        Evidence for the class at each place, positive for and negative against it; of an image of shape (h, w).
    exact
        Whether the sum of the grid is the score, by construction and by measurement.
    layer
        Where in the network it was taken, or "".
    """

    method: str
    grid: Singles
    exact: bool
    layer: str = ""


class Checks(Protocol):
    """What was found out about an attribution."""

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Explanation:
    """Why a model says what it says about one example; a modality adds where on the example the evidence lies.

    Attributes
    ----------
    prediction
        What the model says.
    target
        The class that is explained.
    found
        The attribution as the method gives it, and which method that was.
    logit
        Score of the target before temperature and softmax; an exact attribution sums to it.
    neighbours
        The nearest training examples, nearest first; empty when the model keeps none.
    checks
        What tests of the attribution found; None when there were none.
    said
        The text of an example that is one in memory; "" for others.
    """

    prediction: Prediction
    target: str
    found: Attribution
    logit: float
    neighbours: tuple[Neighbour, ...] = ()
    checks: Checks | None = None
    said: str = ""

    @property
    def method(self) -> str:
        """How the attribution was found."""
        return self.found.method

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            **self.prediction.to_json(),
            **({"text": self.said} if self.said else {}),
            "target": self.target,
            "logit": self.logit,
            "method": self.method,
            "exact": self.found.exact,
            "layer": self.found.layer,
            "neighbours": [neighbour.to_json() for neighbour in self.neighbours],
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
