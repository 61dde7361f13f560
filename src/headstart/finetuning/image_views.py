"""Pictures as inputs of a training: opened and varied when they are needed, or as they leave the frozen stages."""

import torch

from headstart.features.access import read_features
from headstart.finetuning.batches import FreshViews, StoredViews, Views
from headstart.finetuning.classifier import TrainableParameters
from headstart.finetuning.inputs import CachedStages, TrainingInputs
from headstart.finetuning.prefix_cache import ViewsWanted, cut, prefix_encoders
from headstart.finetuning.views import augmentation_of
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding

create_views = FreshViews
NOT_CUT = Finding("finetuning.not_cut", severity="note")


def cache_stages(
    ground: TrainingInputs, moving: TrainableParameters, views: Views, context: RunContext
) -> CachedStages | Finding:
    """Compute what enters the first moving stage, once for each view; see :class:`ViewSource`."""
    plan, first = moving.plan, len(moving.frozen)
    classifier = moving.classifier
    inputs = ground.sample()
    found = cut(classifier.encoder, moving.stages, first, torch.from_numpy(inputs)) if first else None
    if found is None:
        return NOT_CUT
    wanted = ViewsWanted(plan.views, augmentation_of(plan), ground.recipe.run.seed)
    encoders = prefix_encoders(ground.encoder.spec, found, first, wanted, inputs, context.cache_folder)
    walk = read_features(ground.examples, ground.keys, encoders, context)
    stored = StoredViews(tuple(one.matrix for one in walk.features), found.shape)
    return CachedStages(stored, lambda activations: classifier.head(found.suffix(activations)))
