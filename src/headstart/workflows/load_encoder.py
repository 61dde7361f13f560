"""The one place where a workflow loads an encoder."""

from typing import TYPE_CHECKING

from headstart.data.plan import Plan
from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.runtime.context import RunContext
from headstart.settings.fields import DeviceName

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder


def named_encoder(name: str, device: DeviceName, context: RunContext) -> "OnnxEncoder | TorchEncoder":
    """Load an encoder by its name; see :func:`headstart.encoders.loading.load_encoder`."""
    return load_encoder(name, device=device, cache=context.cache_folder, progress=context.progress)


def planned_encoder(planned: Plan, context: RunContext) -> "OnnxEncoder | TorchEncoder":
    """Load the encoder of a plan; for int8 it is quantised on pictures of the part to learn from."""
    recipe = planned.recipe
    encoder = named_encoder(recipe.encoder.name, recipe.run.device, context)
    if recipe.encoder.precision == "fp32":
        return encoder
    from headstart.encoders.quantised import quantised_encoder

    examples = [planned.dataset.examples[position] for position in planned.parts.fit]
    return quantised_encoder(encoder, encoder.files, examples, context.cache_folder, context.progress)
