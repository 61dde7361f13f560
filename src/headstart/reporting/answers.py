"""What a model said about new examples: each as lines for people and as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headstart.data.example import Example
from headstart.data.name_checks import plural
from headstart.probing.prediction import Prediction
from headstart.reporting.tables import predictions_to_csv, predictions_to_json, predictions_to_text
from headstart.uncertainty.selective import Threshold

NAMED = 5  # unreadable pictures named in a summary


def failures_by_name(examples: Sequence[Example], failures: Mapping[int, str]) -> dict[str, str]:
    """Name the examples that could not be read, with the reasons."""
    return {examples[position].name: reason for position, reason in sorted(failures.items())}


def failure_lines(failures: Mapping[str, str]) -> list[str]:
    """Name the pictures that could not be read; at most five, then how many more."""
    lines = [f"Left out, unreadable: {name} ({reason})" for name, reason in list(failures.items())[:NAMED]]
    more = len(failures) - NAMED
    return lines if more <= 0 else [*lines, f"... and {plural(more, 'more unreadable picture')}."]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says about pictures, and what could not be read."""

    predictions: Sequence[Prediction]
    failures: dict[str, str]
    threshold: Threshold | None = None

    def lines(self) -> list[str]:
        """Name the pictures that could not be read, and say so when no answer can be precise enough."""
        if self.threshold is None or self.threshold.reached:
            return failure_lines(self.failures)
        from headstart.reporting.summary import refusal  # only here: predicting does not wait for what a fit reports

        return [*failure_lines(self.failures), refusal(self.threshold)]

    def to_text(self, form: str) -> str:
        """Write the predictions as ``table``, ``csv`` or ``json``."""
        writers = {"table": predictions_to_text, "csv": predictions_to_csv, "json": predictions_to_json}
        return writers[form](self.predictions)
