"""How weights move where nothing else is asked for: what a kind of examples may have of its own, and what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MethodDefaults:
    """Defaults of a method: peak rate of Adam, optimiser steps, fewest and most epochs, layer decay."""

    rate: float
    steps: int
    fewest: int
    most: int
    layer_decay: float = 1.0


# Rates: a head that was fitted first needs about a tenth of the rate of a new one (Kumar et al. 2022). Steps: the rule
# of BiT (Kolesnikov et al. 2020) spends 500 on sets under 20,000 pictures; from a fitted head fewer do.
_METHOD_DEFAULTS = {
    "lpft": MethodDefaults(5e-5, 300, 3, 12, 0.8),
    "full": MethodDefaults(3e-4, 500, 5, 20, 0.8),
    "last": MethodDefaults(3e-4, 200, 3, 8),
    "gradual": MethodDefaults(1e-4, 300, 4, 12, 0.8),
    "norm": MethodDefaults(2e-3, 300, 3, 12),
    "lora": MethodDefaults(1e-3, 300, 3, 12),
    "contrastive": MethodDefaults(1e-4, 20, 20, 30),
    "scratch": MethodDefaults(2e-3, 2000, 20, 100),
}


@dataclass(frozen=True, slots=True)
class TrainingDefaults:
    """How weights move for one kind of examples where nothing else is asked for.

    Attributes
    ----------
    methods
        Defaults of each method.
    batch
        Examples of a step, where there are enough.
    presets
        Methods of the presets that move weights.
    fresh
        Methods whose head starts at random, and not as the probe's.
    regularisation
        Of the head that training starts from; 0: as the probe chose it.
    head_factor
        How much faster the head moves than the encoder.
    varied
        Whether examples are varied: where they are not, the versions of an example are parts of it.
    cached, cached_views
        Methods whose frozen stages are computed once, and for how many versions of each example.
    """

    methods: Mapping[str, MethodDefaults]
    batch: int
    presets: Mapping[str, str]
    fresh: tuple[str, ...]
    regularisation: float
    head_factor: float
    varied: bool
    cached: tuple[str, ...]
    cached_views: int


# A picture as it is and one crop: each costs one pass through the frozen stages.
USUAL = TrainingDefaults(
    _METHOD_DEFAULTS,
    32,
    {"balanced": "last:1", "best": "lpft"},
    ("full", "scratch"),
    0.0,
    1.0,
    varied=True,
    cached=("last",),
    cached_views=2,
)
