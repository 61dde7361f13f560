"""The encoders of this machine: ``headstart encoders``."""

from headstart.encoders.download import get_weights
from headstart.encoders.loading import list_encoders
from headstart.reporting.encoders import EncoderTable
from headstart.runtime.context import RunContext


def show_encoders(context: RunContext) -> EncoderTable:
    """List the encoders."""
    return EncoderTable(list_encoders(context.cache_folder))


def get_encoder(name: str, context: RunContext) -> EncoderTable:
    """Bring an encoder's weights here; the only verb that downloads."""
    get_weights(name, context.cache_folder, context.progress)
    return EncoderTable(tuple(row for row in list_encoders(context.cache_folder) if row.name == name))
