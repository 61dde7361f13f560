"""What a task brings to the model card, and how its parts are written."""

import re
from collections.abc import Mapping
from typing import Any

from headstart.runtime.text import escape_control_characters
from headstart.saving.values import SavedModel

FEW = 10  # examples: what is measured on fewer says little


class TaskCard:
    """The parts of a model card that depend on the task; these are those of a task that says no more.

    Attributes
    ----------
    tag
        The kind of task, as model hubs call it behind the kind of examples.
    scores
        What the scores of an evaluation are called, by name; every score by its name where there are none.
    corrected
        Which intervals of a cross-validation are corrected, for a sentence.
    """

    tag: str = ""
    scores: Mapping[str, str] = {}
    corrected: str = ""

    def title(self, model: SavedModel) -> str:
        """Name the model."""
        return f"A model of {escaped(model.training.data_name)}"

    def use(self, model: SavedModel, why_not_timm: object, no_raw: object) -> list[str]:
        """Write how to use it without Headstart; ``why_not_timm`` and ``no_raw`` are sentences why that cannot be."""
        return [f"{escaped(str(reason))}\n" for reason in dict.fromkeys((no_raw, why_not_timm)) if reason]

    def sections(self, model: SavedModel) -> dict[str, str]:
        """Write the sections behind the scores, by their titles."""
        return {}

    def limits(self, model: SavedModel) -> list[str]:
        """Write sentences about what the model cannot do."""
        return []

    def limits_of_data(self, model: SavedModel) -> list[str]:
        """Write sentences about what too few examples leave unknown."""
        return []


def escaped(text: str) -> str:
    r"""Write any text so that Markdown shows it as it is, inside a line and inside a table.

    Examples
    --------
    >>> print(escaped("a|b*c\n<d>"))
    a\|b\*c\\n\<d\>
    """
    return re.sub(r"([\\`*_{}\[\]<>|~&#$!])", r"\\\1", escape_control_characters(text))


def score_text(score: dict[str, Any] | None) -> str:
    """Write a score with its interval."""
    if score is None or score["value"] is None:
        return "not defined"
    if score["low"] is None or score["high"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def table_text(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a table in Markdown."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
