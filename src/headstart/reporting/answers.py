"""What a model said about new examples: each as lines for people and as plain data."""

from collections.abc import Mapping, Sequence
from csv import reader
from dataclasses import dataclass, replace
from io import StringIO
from itertools import zip_longest
from typing import Any

from headstart.data.example import Example
from headstart.modalities.base import DEFAULT
from headstart.reporting.tables import csv_text, predictions_to_json
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.files import json_text
from headstart.runtime.findings import Finding, sentences
from headstart.runtime.text import beginning
from headstart.tasks.base import load_task
from headstart.uncertainty.selective import Threshold

TEXT = "text"  # the column of whole texts
NAMED = 5  # unreadable examples named in a summary


def failures_by_name(examples: Sequence[Example], failures: Mapping[int, Finding]) -> dict[str, Finding]:
    """Name the examples that could not be read, with the reasons."""
    return {examples[position].name: reason for position, reason in sorted(failures.items())}


def failures_to_json(failures: Mapping[str, Finding]) -> dict[str, str]:
    """Return plain data: the reasons by name."""
    return {name: str(reason) for name, reason in failures.items()}


def failure_lines(failures: Mapping[str, Finding], texts: Texts = ENGLISH) -> list[str]:
    """Name the examples that could not be read; at most five, then how many more."""
    named = list(failures.items())[:NAMED]
    lines = [texts.say("reporting.left_out", {"name": name, "reason": reason}) for name, reason in named]
    more = len(failures) - NAMED
    return lines if more <= 0 else [*lines, texts.say("reporting.more_left_out", {"count": more})]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says about examples, and what could not be read."""

    task: str
    predictions: Sequence[Any]
    failures: dict[str, Finding]
    threshold: Threshold | None = None
    modality: str = DEFAULT
    notices: tuple[Finding, ...] = ()
    said: Sequence[str] = ()  # the text of each example that is one in memory; empty for others

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Name what could not be read and what else was found, and say so when no answer can be precise enough."""
        texts = texts.for_modality(self.modality)
        lines = [*failure_lines(self.failures, texts), *sentences(self.notices, texts)]
        if self.threshold is None or self.threshold.reached:
            return lines
        from headstart.reporting.policy_lines import (
            refusal,  # only here: predicting does not wait for what a fit reports
        )

        return [*lines, refusal(self.threshold).render(texts)]

    def to_text(self, form: str, texts: Texts = ENGLISH) -> str:
        """Write the predictions as ``table``, ``csv`` or ``json``; only a table has a language.

        Texts are named by their beginnings in a table, and stand whole beside their names in the others.
        """
        task, texts, said = load_task(self.task), texts.for_modality(self.modality), [*self.said]
        if form == "table":
            return str(task.text([_named(*pair) for pair in zip_longest(self.predictions, said)], texts))
        if not any(said):
            return predictions_to_json(self.predictions) if form == "json" else str(task.csv(self.predictions))
        if form == "json":
            return json_text([one.to_json() | {TEXT: text} for one, text in zip(self.predictions, said, strict=True)])
        rows = zip(reader(StringIO(task.csv(self.predictions))), [TEXT, *said], strict=True)
        (head, *more) = ([name, text, *cells] for (name, *cells), text in rows)
        return csv_text(head, more)


def _named(prediction: Any, text: str | None) -> Any:  # noqa: ANN401 - of the task
    return replace(prediction, path=beginning(text)) if text else prediction
