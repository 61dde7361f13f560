"""The one place where a workflow loads an encoder."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from headstart.arrays import Singles
from headstart.data.example import Dataset, Example
from headstart.data.named_classes import describe_classes
from headstart.data.plan import Plan
from headstart.encoders.spec import Encoder, EncoderSource, Foresee, LoadedEncoder, adapt, simple_encoders
from headstart.errors import HeadstartError, RecipeError
from headstart.modalities.base import DEFAULT, load_modality, teach_page
from headstart.registry import names, resolve
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.settings.fields import DeviceName


def require_encoder(name: str, dataset: Dataset, context: RunContext) -> str:
    """Return the full name of an encoder for a dataset; raises when it cannot be loaded on this machine."""
    return _source(dataset.modality).require_encoder(name, context.cache_folder, dataset.examples)


def require_trainable(name: str, modality: str, methods: Iterable[str]) -> None:
    """Raise RecipeError when an encoder has no weights that one of these methods or arms could move."""
    for method in methods:
        _source(modality).require_trainable(name, method)


def foresee(name: str, dataset: Dataset, examples: Sequence[Example], context: RunContext) -> tuple[Finding, ...]:
    """Return what is known of an encoder and the examples to learn from before features are computed."""
    found: Foresee | None = getattr(_source(dataset.modality), "foresee", None)
    return () if found is None else found(name, context.cache_folder, examples)


def list_names(dataset: Dataset, context: RunContext) -> tuple[str, ...]:
    """List the encoders of this machine that suit a dataset."""
    return _source(dataset.modality).list_names(context.cache_folder, dataset.examples)


def find_modality(name: str, context: RunContext) -> str:
    """Find what kind of examples to teach with an encoder: what the catalogue says, else the first that knows it."""
    if name in names("encoders"):
        modality: str = resolve("encoders", name).modality
        return modality
    for kind in filter(teach_page, names("modalities")):
        with suppress(HeadstartError):
            _source(kind).require_encoder(name, context.cache_folder, ())
            return kind
    return DEFAULT


def named_encoder(
    name: str, device: DeviceName, context: RunContext, modality: str = DEFAULT, examples: Sequence[Example] = ()
) -> LoadedEncoder:
    """Load an encoder by its name; ``examples`` are those that it may be fitted to, without their labels."""
    return _source(modality).load_encoder(
        name, device=device, cache=context.cache_folder, progress=context.progress, examples=examples
    )


def planned_encoder(planned: Plan, context: RunContext) -> LoadedEncoder:
    """Load the encoder of a plan, fitted or quantised on examples of the part to learn from where it needs that."""
    recipe, examples = planned.recipe, planned.examples_to_fit()
    encoder = named_encoder(recipe.encoder.name, recipe.run.device, context, planned.dataset.modality, examples)
    encoder = adapt(encoder, planned.preparation)
    if recipe.encoder.precision == "fp32":
        return encoder
    from headstart.encoders.quantised import quantised_encoder

    return quantised_encoder(encoder, encoder.files, examples, context.cache_folder, context.progress)


def require_names(modality: str) -> None:
    """Raise RecipeError where the encoders of a modality cannot read the names of classes."""
    if not hasattr(_source(modality), "encode_names"):
        raise RecipeError("workflows.no_zero_shot")


def encode_names(encoder: LoadedEncoder, planned: Plan) -> Singles:
    """Turn what describes the classes into features, shape (C, D)."""
    names = describe_classes(planned.dataset.classes, planned.recipe.data.labels)
    source: Any = _source(planned.dataset.modality)
    found: Singles = source.encode_names(encoder, names)
    return found


def planned_baseline(planned: Plan) -> Encoder:
    """Create the encoder that every other one has to beat, prepared as the plan says."""
    source = simple_encoders(planned.dataset.modality)
    return adapt(source.fit_baseline(planned.examples_to_fit()), planned.preparation)


def _source(modality: str) -> EncoderSource:
    found: EncoderSource = load_modality(modality).encoders
    return found
