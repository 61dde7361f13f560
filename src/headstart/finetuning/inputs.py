"""What is known before weights move."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.example import Example
from headstart.data.targets.base import Target
from headstart.encoders.spec import LoadedEncoder, Preprocessing
from headstart.finetuning.batches import Views
from headstart.finetuning.views import Augmentation
from headstart.modalities.base import load_modality
from headstart.probing.probe import Probe, fit_probe
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.settings.recipe import Recipe

if TYPE_CHECKING:  # they load torch
    import torch

    from headstart.finetuning.classifier import TrainableParameters

SHOWN = 8  # real examples on which two networks are compared


@dataclass(frozen=True, slots=True)
class CachedStages:
    """What leaves the frozen stages, and what makes scores (N, C) of it."""

    views: Views
    forward: "Callable[[torch.Tensor], torch.Tensor]"


class ViewSource(Protocol):
    """A module that makes the inputs of a training of the examples of one modality."""

    def create_views(
        self,
        sources: Sequence[Any],
        preprocessing: Preprocessing,
        augmentation: Augmentation,
        seed: int,
        workers: ThreadPoolExecutor,
        /,
    ) -> Views:  # five: those of :class:`FreshViews`
        """Return inputs that are made of examples; the workers may help."""

    def cache_stages(
        self,
        ground: "TrainingInputs",
        moving: "TrainableParameters",
        views: Any,  # noqa: ANN401 - of create_views
        context: RunContext,
    ) -> CachedStages | Finding:
        """Run the frozen stages once on every version of these views, or say why this cannot be done."""


class LearnedFrom(Protocol):
    """What a training learns from, as far as that tells it from another one; see :class:`TrainingInputs`."""

    @property
    def recipe(self) -> Recipe: ...  # noqa: D102 - see there, as all others
    @property
    def encoder(self) -> LoadedEncoder: ...  # noqa: D102
    @property
    def keys(self) -> tuple[bytes, ...]: ...  # noqa: D102
    @property
    def labels(self) -> Integers: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class TrainingInputs:
    """What is known before weights move; arrays are over the N examples to learn from.

    Attributes
    ----------
    recipe, target
        The settings, and what is to be predicted.
    encoder
        The pretrained network, frozen.
    examples, keys
        The examples, and the SHA-256 of each.
    labels, groups
        Shapes (N,).
    features
        Of the frozen encoder, shape (N, D).
    probe
        Fitted on all N.
    """

    recipe: Recipe
    target: Target
    encoder: LoadedEncoder
    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: Integers
    groups: Integers
    features: Singles
    probe: Probe

    def take(self, rows: Integers) -> Self:
        """Select some of the examples, with a probe that was fitted to these alone."""
        labels, groups, features = self.labels[rows], self.groups[rows], self.features[rows]
        return replace(
            self,
            examples=tuple(self.examples[row] for row in rows),
            keys=tuple(self.keys[row] for row in rows),
            labels=labels,
            groups=groups,
            features=features,
            probe=fit_probe(features, labels, self.target, groups, self.recipe),
        )

    def sample(self) -> Singles:
        """Prepare a few examples, spread evenly, shape (n, ...), each as it is."""
        step = max(1, len(self.examples) // SHOWN)
        chosen = self.examples[::step][:SHOWN]
        spec = self.encoder.spec
        source: ViewSource = load_modality(spec.modality).views
        with ThreadPoolExecutor(1) as worker:
            sources = [example.source for example in chosen]
            views = source.create_views(sources, spec.preprocessing, Augmentation(), 0, worker)
            return views.take(np.arange(len(chosen)), 0)
