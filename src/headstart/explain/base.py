"""Who explains the answers about examples of one modality, if anybody does."""

from typing import Any

from headstart.errors import RecipeError
from headstart.modalities.base import load_modality


def can_explain(modality: str) -> bool:
    """Tell whether answers about examples of a modality can be explained."""
    return getattr(load_modality(modality), "explainers", None) is not None


def explainers_of(modality: str) -> Any:  # noqa: ANN401 - a module, such as headstart.explain.explaining
    """Load what explains answers about examples of a modality; raises RecipeError where nothing does."""
    if not can_explain(modality):
        raise RecipeError("workflows.not_explained")
    return load_modality(modality).explainers
