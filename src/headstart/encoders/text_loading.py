"""From the name of an encoder of text to an encoder that is ready to run."""

from collections.abc import Sequence
from pathlib import Path

from headstart.data.example import Example
from headstart.encoders.simple.text import WORDS, fit_baseline
from headstart.encoders.spec import Device, LoadedEncoder
from headstart.errors import RecipeError, UnknownNameError
from headstart.runtime.progress import Progress
from headstart.settings.sections import EncoderSettings


def require_encoder(name: str, cache: Path, examples: Sequence[Example]) -> str:
    """Return the name in full; a recipe that names the default of another kind of examples means that of text."""
    if name in (WORDS, EncoderSettings().name):
        return WORDS
    raise UnknownNameError("encoders", name, [WORDS])


def require_trainable(name: str, method: str) -> None:
    """Raise RecipeError when there are no weights."""
    if name == WORDS:
        raise RecipeError("encoders.no_network_of_words", method=method)


def list_names(cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
    """List the encoders of this machine."""
    return (WORDS,)


def load_encoder(
    name: str, *, cache: Path, device: Device, progress: Progress, examples: Sequence[Example]
) -> LoadedEncoder:
    """Load an encoder; ``examples`` are those that a vocabulary may be fitted to."""
    return fit_baseline(examples)
